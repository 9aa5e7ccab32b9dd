//! The helpers of a chain, and who chose them.

use modelforge_credential_client::Entry;

use super::ours::{Need, default_helper};

/// The chain: which helpers, and who chose them.
#[derive(Debug)]
pub struct Helpers {
    pub entries: Vec<Entry>,
    pub chosen: Chosen,
}

/// Who chose the helpers of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// Nobody: it is the default chain. Helpers that are not installed are skipped, and a failure is mentioned only if that explains
    /// something.
    ByDefault,
    /// The person, for all their sessions: at a desktop, over ssh, in cron.
    ForEverySession,
    /// The person, for this command.
    ForThisCommand,
}

impl Helpers {
    pub fn is_automatic(&self) -> bool {
        self.chosen == Chosen::ByDefault
    }

    /// True if the chain skips this helper when what it needs is missing.
    pub fn does_without(&self, entry: &Entry, need: Need) -> bool {
        let may_keep = |entry: &Entry| default_helper(entry).is_none_or(|row| row.needs.is_some());
        match self.chosen {
            Chosen::ByDefault => true,
            Chosen::ForEverySession => {
                need == Need::Session && self.entries.iter().any(|other| other != entry && may_keep(other))
            }
            Chosen::ForThisCommand => false,
        }
    }
}
