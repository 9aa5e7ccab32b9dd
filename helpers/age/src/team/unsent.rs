//! How much of a store the others do not have, as far as this machine knows: without a look at the remote.

use modelforge_credential_protocol::{Error, Result};

use super::Team;
use super::git::Git;
use super::history;
use super::known::Known;
use super::walk::members_in;

impl Team {
    /// The number of credentials, and lists of members, that are others than in what was sent or taken last.
    pub(super) fn unsent(&self, known: &Known) -> Result<usize> {
        let (here, members) = (self.snapshot()?, known.members()?);
        let Some(head) = &known.head else { return Ok(here.len() + usize::from(members.is_some())) };
        // A synchronisation may be at work in the repository, and takes longer than anybody wants to wait here.
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
