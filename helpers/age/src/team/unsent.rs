//! The changes of a store that were not sent, as far as this machine knows: it does not ask the remote.

use modelforge_credential_protocol::{Error, Result};

use super::Team;
use super::git::Git;
use super::history;
use super::known::Known;
use super::walk::members_in;

impl Team {
    /// How many credentials and lists of members differ from the state that was last sent or received.
    pub(super) fn unsent(&self, known: &Known) -> Result<usize> {
        let (here, members) = (self.snapshot()?, known.members()?);
        let Some(head) = &known.head else { return Ok(here.len() + usize::from(members.is_some())) };
        // A synchronisation may be using the repository, and takes longer than anybody wants to wait here.
        let is_busy = || Error::new(format!("the store `{}` is being synchronised", self.name));
        let _only_one = if self.store.is_identity_locked() { Err(is_busy()) } else { self.store.lock_the_identity() }?;
        let repository = self.repository();
        if !repository.exists()? {
            return Err(Error::new(format!("the history of the store `{}` is not there", self.name)));
        }
        let git = Git::open(&repository)?;
        let has_other_members = members.as_ref() != Some(&*members_in(&git, head)?);
        Ok(history::differing(&here, &history::files(&git, head)?) + usize::from(has_other_members))
    }
}
