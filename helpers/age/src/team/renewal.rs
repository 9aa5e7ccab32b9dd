//! A new identity for one who shares a store: what they read with is replaced in the list of members, and everything is encrypted for it.
//!
//! The others encrypt for the old one until the commit that names the new one is at the remote. So the old keys stay below the new ones in
//! the identity file until then, and whatever comes can be opened, also after a kill at any moment.

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

/// Exchanges what this user reads with. `mine` is none where the user named the identities: the first of them counts then. Returns
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
        // Without the old one, nothing could be encrypted again.
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

/// Nothing is changed for an identity that could not take the place of the old one.
fn check(team: &Team, identities: &Identities, members: &Members, name: &str, new: &New) -> Result<()> {
    let public = new.keys.public().ok_or_else(Team::no_public_key)?;
    // One that was renewed on another machine is the members' already.
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

/// Makes the members those with the new keys of this user. Returns whether they were others.
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

/// Goes on with a renewal that was begun, as far as that can be without the others. Only with the lock of the identity.
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

/// The same for one whose changes are sent: that counts, whatever becomes of the old keys.
pub fn finish_or_warn(team: &Team, known: &mut Known, identities: &Identities, mine: &Mine) {
    if let Err(problem) = finish(team, known, identities, mine) {
        let warning = format!("warning: the old identity stays beside the new one: {problem}");
        let _ = writeln!(std::io::stderr(), "{warning}\nhint: modelforge-credential sync");
    }
}

/// Removes the old keys, as nobody encrypts for them any more. Only with the lock of the identity.
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
    /// For one whose keys the members do not have.
    pub(super) fn is_no_member(&self) -> Error {
        Error::new(format!("you are not a member of the store `{}`", self.name))
            .hint("modelforge-credential members join NAME")
    }

    /// For one whose other machine has taken another identity for the same member.
    pub(super) fn is_renewed_elsewhere(&self, name: &str) -> Error {
        let helper = format!("--helper \"age --store {}\"", self.name);
        Error::new(format!("the identity of the member `{name}` was renewed on another machine")).hint(format!(
            "modelforge-credential identity renew {helper} --with FILE  # FILE: from `identity export` on the other machine"
        ))
    }
}
