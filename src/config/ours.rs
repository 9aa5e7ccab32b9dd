//! Our own helpers: the default chain, and those that need a setup first.

use modelforge_credential_client::Entry;

/// What a helper needs in order to store keys. Without it, it is skipped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A D-Bus session. Containers, servers and builds often have none.
    Session,
    /// A home directory. Builds may have none.
    Folder,
}

/// A helper of the default chain.
pub struct DefaultHelper {
    pub name: &'static str,
    /// `None`: it stores nothing.
    pub needs: Option<Need>,
}

/// The helpers that are asked if nothing is configured.
pub const DEFAULT_CHAIN: [DefaultHelper; 5] = [
    DefaultHelper { name: "env", needs: None },
    DefaultHelper { name: "keyring", needs: Some(Need::Session) },
    DefaultHelper { name: "age", needs: Some(Need::Folder) },
    DefaultHelper { name: "plaintext", needs: None },
    DefaultHelper { name: "oauth", needs: None },
];

/// A helper of ours that needs a setup first. One of these variables shows that it was done.
pub struct OnDemand {
    pub name: &'static str,
    pub variables: &'static [&'static str],
}

/// These are not in the default chain. They are proposed only after their setup.
pub const ON_DEMAND: [OnDemand; 1] =
    [OnDemand { name: "vault", variables: &["BAO_ADDR", "BAO_AGENT_ADDR", "VAULT_ADDR", "VAULT_AGENT_ADDR"] }];

/// The helper of the default chain that this entry stands for.
pub fn default_helper(entry: &Entry) -> Option<&'static DefaultHelper> {
    DEFAULT_CHAIN.iter().find(|row| entry.words.first().is_some_and(|name| name == row.name))
}
