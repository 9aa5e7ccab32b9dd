//! Renews the identity of a member of a shared store: replaces their reading key in the list of members, and encrypts everything again.
//!
//! The others encrypt for the old key until the remote has the commit with the new one. So the old keys stay below the new ones in the
//! identity file until then. Everything that comes can be decrypted, also after a kill at any moment.

use std::io::Write;

use modelforge_credential_files::tilde;
use modelforge_credential_protocol::{Error, Result};

use super::known::Known;
use super::members::Members;
use super::{Team, readable};
use crate::held::Held;
use crate::identity::Identities;
use crate::key::{self, Keys};
use crate::mine::Mine;
use crate::renew::{self, Failed, New};
use crate::store::Entry;
use crate::text;

/// Replaces this user's reading key. `mine` is `None` if the user named the identities: then the first of them is the new one. Returns
/// whether a `sync` has to finish it.
/// whether a synchronisation has to finish it.
pub fn renew(team: &Team, identities: &Identities, mine: Option<&Mine>, given: Option<Held>) -> Result<bool> {
    let _only_one = team.store.lock_the_identity()?;
    let mut known = team.known()?;
    let members = team.members()?;
    let was_changing = known.is_changing;
    if was_changing {
        team.finish_change(&mut known, identities)?;
    }
    let name = team.name_among(identities, &members)?.ok_or_else(|| team.is_no_member())?;
    let Some(mine) = mine else {
        let is_named = || renew::is_named(&tilde(identities.path().as_ref()));
        // Without the old identity, nothing could be encrypted again.
        identities.unlock()?;
        team.encrypt(super::SAMPLE, &members, identities, team.path()).map_err(|_| is_named())?;
        if given.is_some() || (!replace_keys(team, &mut known, identities, &members, &name)? && !was_changing) {
            return Err(is_named());
        }
        return Ok(known.head.is_some());
    };
    let Some(held) = identities.held()? else { return Ok(false) };
    let renewed;
    let both = if !held.is_being_replaced() || given.is_some() {
        let new = New::of(mine, held, given)?;
        check(team, identities, &members, &name, &new)?;
        known.is_renewed = true;
        known.write(&team.accepted)?;
        renewed = identities.with_first(new.take_up(mine, held, &others(&members, &name))?)?;
        &renewed
    } else {
        identities
    };
    known.is_renewed = true;
    go_on(team, &mut known, both)?;
    if known.head.is_some() {
        return Ok(true);
    }
    // Nobody else has this store yet.
    finish(team, &mut known, both, mine)?;
    Ok(false)
}

/// Checks the new identity before anything is changed.
fn check(team: &Team, identities: &Identities, members: &Members, name: &str, new: &New) -> Result<()> {
    let public = new.keys.public().ok_or_else(Team::no_public_key)?;
    // If it was renewed on another machine, the list already has the new key.
    let is_there = members.keys_of(name).is_some_and(|keys| keys.recipient == public);
    if is_there {
        return Ok(());
    }
    identities.unlock()?;
    team.encrypt(super::SAMPLE, members, identities, team.path()).map(drop)
}

fn others(members: &Members, name: &str) -> Vec<String> {
    let mut others = members.clone();
    // The last member cannot be removed.
    if others.remove(name).is_ok() { others.recipients() } else { Vec::new() }
}

/// Puts this user's new keys into the list of members. Returns whether the list has changed.
fn replace_keys(
    team: &Team,
    known: &mut Known,
    identities: &Identities,
    members: &Members,
    name: &str,
) -> Result<bool> {
    let mut changed = members.clone();
    changed.put(name, team.keys(identities)?)?;
    let is_new = changed != *members;
    if is_new {
        team.set_members(known, &changed, identities)?;
    }
    Ok(is_new)
}

/// Continues a renewal as far as possible without the other members. The caller must hold the lock of the identity.
pub fn go_on(team: &Team, known: &mut Known, identities: &Identities) -> Result<()> {
    if !known.is_renewed {
        return Ok(());
    }
    if identities.held()?.is_none_or(|held| !held.is_being_replaced()) {
        known.is_renewed = false;
        return known.write(&team.accepted);
    }
    let members = team.members()?;
    let name = team.name_among(identities, &members)?.ok_or_else(|| team.is_no_member())?;
    replace_keys(team, known, identities, &members, &name).map(drop)
}

/// The same after a push. The push has succeeded, so a failure here is only a warning.
pub fn finish_or_warn(team: &Team, known: &mut Known, identities: &Identities, mine: &Mine) {
    if let Err(problem) = finish(team, known, identities, mine) {
        let warning = format!("warning: the old identity is still used with the new one: {problem}");
        let _ = writeln!(std::io::stderr(), "{warning}\nhint: modelforge-credential sync");
    }
}

/// Removes the old keys, because nobody encrypts for them any more. The caller must hold the lock of the identity.
pub fn finish(team: &Team, known: &mut Known, identities: &Identities, mine: &Mine) -> Result<()> {
    let (Some(held), Some(members)) = (identities.held()?, known.members()?) else { return Ok(()) };
    let (current, old) = text::split(&held.text);
    let (new, old) = (Keys::parse(current.as_bytes(), &mine.path)?, Keys::parse(old.as_bytes(), &mine.path)?);
    let recipients = members.recipients();
    if !new.public().is_some_and(|public| recipients.contains(&public)) {
        return Err("the members do not have the new identity yet".into());
    }
    let open = |entry: &Entry, content: &[u8]| {
        if let Ok(Some(_)) | Err(_) = readable(new.decrypt(content, &entry.file))? {
            return Ok(None);
        }
        Ok(readable(old.decrypt(content, &entry.file))?.ok().flatten())
    };
    let encrypt = |text: &[u8]| key::encrypt(text, std::iter::empty(), &recipients);
    let _lock = renew::every(&team.store, &new, open, encrypt)?.map_err(Failed::into_error)?;
    mine.replace_with_the_lock(held, current, held.passphrase.as_ref())?;
    known.is_renewed = false;
    known.write(&team.accepted)
}

impl Team {
    /// The error if the list does not have this user's keys.
    pub(super) fn is_no_member(&self) -> Error {
        Error::new(format!("you are not a member of the store `{}`", self.name))
            .hint("modelforge-credential members join NAME")
    }

    /// The error if the identity of this member was renewed on another machine.
    pub(super) fn is_renewed_elsewhere(&self, name: &str) -> Error {
        let helper = format!("--helper \"age --store {}\"", self.name);
        Error::new(format!("the identity of the member `{name}` was renewed on another machine")).hint(format!(
            "modelforge-credential identity renew {helper} --with FILE  # FILE: from `identity export` on the other machine"
        ))
    }
}
