//! The operation `members`: shows and changes who can read and change the store.

use modelforge_credential_protocol::{Error, Record, Result};

use super::Team;
use super::meet::Asked;
use super::members::{self, Keys, Members, check_name};
use super::merge::shown;
use super::sync::{push_list, sync};
use crate::identity::Identities;
use crate::mine::Mine;

pub struct Operation<'a> {
    pub team: &'a Team,
    pub identities: &'a Identities,
    /// `None` if the user named the identities.
    pub mine: Option<&'a Mine<'a>>,
    /// Creates the identity if it is missing. The caller must hold the lock of the identity.
    pub make_identity: &'a dyn Fn() -> Result<()>,
}

impl Operation<'_> {
    pub fn answer(&self, request: &Record) -> Result<Record> {
        match request.text("action") {
            Some("list") => self.list(),
            Some("join") => self.join(request),
            Some("add") => self.add(request),
            Some("remove") => self.remove(request),
            Some("accept") => self.accept(request),
            _ => Err("the request has no known `action`".into()),
        }
    }

    fn list(&self) -> Result<Record> {
        let known = self.team.known()?;
        self.team.members()?;
        let mut answer = self.of(&known.members()?.unwrap_or_default(), known.root.as_deref())?;
        // Without git, the number is unknown.
        if let Ok(unsent) = self.team.unsent(&known) {
            answer.set("unsent", unsent.to_string())?;
        }
        Ok(answer)
    }

    fn of(&self, members: &Members, root: Option<&str>) -> Result<Record> {
        let mut answer = Record::of([("store", self.team.name.clone())])?;
        for line in members.lines() {
            answer.push("member[]", line)?;
        }
        if let Some(root) = root {
            answer.set("fingerprint", members::state(root, &members.to_text()))?;
        }
        Ok(answer)
    }

    /// This user's public keys, which another member adds.
    fn join(&self, request: &Record) -> Result<Record> {
        request.text("member").map_or(Ok(()), check_name)?;
        let _only_one = self.team.store.lock_the_identity()?;
        let keys = self.own()?;
        Record::of([("store", self.team.name.clone()), ("public_key", keys.recipient), ("signing_key", keys.signer)])
    }

    fn own(&self) -> Result<Keys> {
        (self.make_identity)()?;
        self.team.keys(self.identities)
    }

    fn add(&self, request: &Record) -> Result<Record> {
        let name = named(request)?;
        check_name(name)?;
        let _only_one = self.team.store.lock_the_identity()?;
        let mut known = self.team.known()?;
        let is_first = known.members.is_none() && self.team.text()?.is_none();
        let keys = match (request.text("public_key"), request.text("signing_key")) {
            (Some(recipient), Some(signer)) => Keys { recipient: recipient.to_owned(), signer: signer.to_owned() },
            (None, None) if is_first => self.own()?,
            _ => {
                return Err(Error::new(format!("`{name}` needs an encryption key and a signing key"))
                    .hint(format!("they show both: modelforge-credential members join {name}")));
            }
        };
        let mut members = if is_first { Members::default() } else { self.team.members()? };
        members.put(name, keys)?;
        let answer = self.of(&members, known.root.as_deref())?;
        self.team.set_members(&mut known, &members, self.identities)?;
        Ok(answer)
    }

    fn remove(&self, request: &Record) -> Result<Record> {
        let name = named(request)?;
        let _only_one = self.team.store.lock_the_identity()?;
        let mut known = self.team.known()?;
        let mut members = self.team.members()?;
        if self.team.name_among(self.identities, &members).is_ok_and(|own| own.as_deref() == Some(name)) {
            return Err(Error::new(format!("`{name}` is you: another member has to remove you")));
        }
        members.remove(name)?;
        let mut answer = self.of(&members, known.root.as_deref())?;
        // The removed member has read these, and can still read them in the history.
        let read = self.team.store.all()?;
        let read = read.iter().map(|entry| {
            format!("{} {}", shown(&entry.description), entry.description.text("username").unwrap_or_default())
        });
        push_list(&mut answer, ["renew[]", "renew_more"], read, &members)?;
        self.team.set_members(&mut known, &members, self.identities)?;
        Ok(answer)
    }

    /// Accepts the list of members in the store, or the one at the remote.
    fn accept(&self, request: &Record) -> Result<Record> {
        let wanted = request.text("fingerprint").unwrap_or_default();
        {
            let _only_one = self.team.store.lock_the_identity()?;
            let mut known = self.team.known()?;
            let text = self.team.text()?.filter(|text| known.members.as_ref() != Some(text));
            if let Some(text) = text {
                let root = known.root.clone().unwrap_or_default();
                if members::state(&root, &text) != wanted {
                    return Err(Error::new("this is not the fingerprint of the store's members now")
                        .hint("modelforge-credential members"));
                }
                let members = Members::parse(&text)?;
                let answer = self.of(&members, known.root.as_deref())?;
                self.team.set_members(&mut known, &members, self.identities)?;
                return Ok(answer);
            }
        }
        let asked = Asked { remote: None, accepts: Some(wanted), repair: request.has("repair") };
        let mut answer = sync(self.team, self.identities, self.mine, &asked)?;
        let known = self.team.known()?;
        answer.merge(&self.of(&known.members()?.unwrap_or_default(), known.root.as_deref())?)?;
        Ok(answer)
    }
}

fn named(request: &Record) -> Result<&str> {
    request.text("member").ok_or_else(|| Error::new("the request names no `member`"))
}
