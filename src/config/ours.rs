//! Our own helpers: the default chain, and those that wait until a person has set something up.

use modelforge_credential_client::Entry;

/// What a helper keeps keys in, and is left out without.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// In a container, on a server, in a build there is none.
    Session,
    /// A build may have no home.
    Folder,
}

/// A helper of the default chain.
pub struct DefaultHelper {
    pub name: &'static str,
    /// `None`: it keeps nothing.
    pub needs: Option<Need>,
}

/// The helpers that are asked when nothing is configured.
pub const DEFAULT_CHAIN: [DefaultHelper; 5] = [
    DefaultHelper { name: "env", needs: None },
    DefaultHelper { name: "keyring", needs: Some(Need::Session) },
    DefaultHelper { name: "age", needs: Some(Need::Folder) },
    DefaultHelper { name: "plaintext", needs: None },
    DefaultHelper { name: "oauth", needs: None },
];

/// A helper of ours that is of use only where a person has set something up, which one of these variables shows.
pub struct OnDemand {
    pub name: &'static str,
    pub variables: &'static [&'static str],
}

/// Those are not in the default chain, and are proposed for it only then.
pub const ON_DEMAND: [OnDemand; 1] =
    [OnDemand { name: "vault", variables: &["BAO_ADDR", "BAO_AGENT_ADDR", "VAULT_ADDR", "VAULT_AGENT_ADDR"] }];

/// The row of the default chain that an entry of it was made from.
pub fn default_helper(entry: &Entry) -> Option<&'static DefaultHelper> {
    DEFAULT_CHAIN.iter().find(|row| entry.words.first().is_some_and(|name| name == row.name))
}
