//! Our own helpers: the default chain, and those that wait until a person has set something up.

use modelforge_credential_client::Entry;

/// A helper of the default chain.
pub struct DefaultHelper {
    pub name: &'static str,
    /// Where there is no session (in a container, on a server, in a build) it is left out.
    pub needs_session: bool,
}

/// The helpers that are asked when nothing is configured.
pub const DEFAULT_CHAIN: [DefaultHelper; 5] = [
    DefaultHelper { name: "env", needs_session: false },
    DefaultHelper { name: "keyring", needs_session: true },
    DefaultHelper { name: "age", needs_session: false },
    DefaultHelper { name: "plaintext", needs_session: false },
    DefaultHelper { name: "oauth", needs_session: false },
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
