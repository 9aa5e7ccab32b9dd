//! A store that several people share: its members, and its synchronisation.
//!
//! The list of members is in the store, but is used only while it is the one that this user has accepted ([`known`]). So an attacker who
//! can write to the store, or to its remote, cannot have keys encrypted for themselves.

mod fetched;
mod git;
mod history;
mod keygen;
mod known;
mod meet;
mod members;
mod merge;
mod operation;
mod remote;
mod renewal;
mod repair;
mod sign;
mod step;
mod sync;
mod tree;
mod unsent;
mod walk;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use modelforge_credential_files::{Own, Trust, kept};
use modelforge_credential_protocol::{Error, Result};

use crate::identity::{Identities, NoneOpens};
use crate::key::Damaged;
use crate::store::{Entry, Store};
use crate::{key, renew};
use known::Known;
pub use meet::Asked;
use members::Members;
pub use operation::Operation;
pub use renewal::renew;
pub use sync::sync;

/// The command that accepts members.
const ACCEPT: &str = "modelforge-credential members accept";

/// This is encrypted for the members, and decrypted here, before anything else is encrypted for them.
const SAMPLE: &[u8] = b"a sample\n";

pub struct Team {
    pub name: String,
    pub store: Store,
    /// Our data directory.
    data: Own,
    tree: Own,
    accepted: Own,
    /// The key that the user signs with, if they named one.
    signing_key: Option<PathBuf>,
}

impl Team {
    pub fn new(name: &str, data: &Own, state: &Own, signing_key: Option<PathBuf>) -> Self {
        let tree = data.below(kept::SHARED_STORES).below(name);
        Self {
            name: name.to_owned(),
            store: Store::new(tree.clone()),
            data: data.clone(),
            tree,
            accepted: state.below("stores").below(name),
            signing_key,
        }
    }

    /// The repository with the history of the store.
    fn repository(&self) -> Own {
        self.data.below(kept::REPOSITORIES).below(&self.name)
    }

    /// The path of the store.
    pub fn path(&self) -> &Path {
        self.tree.path()
    }

    /// The members to encrypt for, also while a change of them is incomplete. It is an error if the list in the store is not the one that
    /// this user has accepted.
    pub fn members(&self) -> Result<Members> {
        let (mut known, mut text) = (self.known()?, self.text()?);
        // Another process may have changed one of the two after the other was read.
        loop {
            let now = self.known()?;
            if now == known {
                break;
            }
            (known, text) = (now, self.text()?);
        }
        match (known.members()?, text) {
            // A change of the members begins outside the store. The list in the store follows, at the latest when the change is finished.
            (Some(members), _) if known.is_changing => Ok(members),
            (Some(members), Some(text)) if members.to_text() == text => Ok(members),
            (None, None) => Err(Error::new(format!("the store `{}` has no members yet", self.name))
                .hint("modelforge-credential members add NAME  # with your name; or, if others share it: modelforge-credential sync --remote URL")),
            (accepted, None) if accepted.is_some() => {
                Err(Error::new(format!("the store `{}` has lost the list of its members", self.name))
                    .hint("modelforge-credential sync"))
            }
            (accepted, text) => Err(self.differs(&known, &accepted.unwrap_or_default(), &text.unwrap_or_default())),
        }
    }

    fn differs(&self, known: &Known, accepted: &Members, text: &str) -> Error {
        match Members::parse(text) {
            Ok(there) => self.changed(known.root.as_deref().unwrap_or_default(), accepted, &[], &there),
            Err(problem) => Error::new(format!("the store `{}`: {problem}", self.name)),
        }
    }

    /// The error that lets a person decide. Members `between` came and left again: what they changed in the meantime is accepted as well.
    fn changed(&self, root: &str, accepted: &Members, between: &[Rc<Members>], there: &Members) -> Error {
        let passed = between.iter().flat_map(|members| members.who_are_not_in(&[accepted, there]));
        let passed: BTreeSet<String> = passed.map(|who| format!("{who} was added and removed again")).collect();
        let changes = [members::first_of(passed), members::first_of(accepted.changes_to(there))];
        let changes = changes.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let state = members::state(root, &there.to_text());
        let message = format!("the members of the store `{}` are not those that you accepted: {changes}", self.name);
        Error::new(message).hint(format!("ask them, then: {ACCEPT} {state}"))
    }

    fn known(&self) -> Result<Known> {
        Known::read(&self.accepted)
    }

    /// The list of members in the store.
    fn text(&self) -> Result<Option<String>> {
        let content = self.tree.read(members::FILE.as_ref(), members::MAX_FILE, Trust::Believed)?;
        content
            .map(|content| String::from_utf8(content.to_vec()).map_err(|_| "the list of members is not text".into()))
            .transpose()
    }

    /// Encrypts for these members, and checks that this user can decrypt the result.
    pub fn encrypt(&self, text: &[u8], members: &Members, identities: &Identities, entry: &Path) -> Result<Vec<u8>> {
        let content = key::encrypt(text, std::iter::empty(), &members.recipients())?;
        match identities.decrypt(&content, entry) {
            Ok(back) if *back == text => Ok(content),
            Ok(_) => Err("what was encrypted could not be decrypted again".into()),
            Err(_) => Err(self.cannot_read(members, identities)),
        }
    }

    fn cannot_read(&self, members: &Members, identities: &Identities) -> Error {
        if let Ok(Some(name)) = self.name_among(identities, members) {
            return self.is_renewed_elsewhere(&name);
        }
        Error::new(format!(
            "you are not a member of the store `{}`: your identity does not decrypt what is encrypted for its members",
            self.name
        ))
        .hint("modelforge-credential members")
    }

    /// Changes the members, and encrypts everything for them. The caller must hold the lock of the identity.
    fn set_members(&self, known: &mut Known, members: &Members, identities: &Identities) -> Result<()> {
        identities.unlock()?;
        members.check_size()?;
        self.encrypt(SAMPLE, members, identities, self.tree.path())?;
        let mut unreadable = Vec::new();
        for entry in self.store.all()? {
            if let Some(content) = self.store.read(&entry)?
                && let Err(problem) = readable(identities.decrypt(&content, &entry.file))?
            {
                unreadable.push(format!("{problem}, so it is not re-encrypted"));
            }
        }
        warn_of(&unreadable);
        known.members = Some(members.to_text());
        known.is_changing = true;
        known.write(&self.accepted)?;
        self.finish_change(known, identities)
    }

    /// Finishes a change of the members that was begun. After a kill at any moment, everyone who should be able to read can read
    /// everything.
    fn finish_change(&self, known: &mut Known, identities: &Identities) -> Result<()> {
        let Some(members) = known.members()? else { return Ok(()) };
        // The identity may have changed since the start.
        self.encrypt(SAMPLE, &members, identities, self.tree.path())?;
        {
            // From now on, others store only for the new members.
            let _lock = self.store.lock()?;
            self.tree.write(members::FILE.as_ref(), members.to_text().as_bytes(), true)?;
        }
        let recipients = members.recipients();
        let open = |entry: &Entry, content: &[u8]| Ok(readable(identities.decrypt(content, &entry.file))?.ok());
        let encrypt = |text: &[u8]| key::encrypt(text, std::iter::empty(), &recipients);
        let _lock = renew::every(&self.store, identities, open, encrypt)?.map_err(renew::Failed::into_error)?;
        known.is_changing = false;
        known.write(&self.accepted)
    }
}

/// Prints only some of many warnings: a member could plant any number of files, and other messages would be lost among them.
fn warn_of(all: &[String]) {
    const SHOWN: usize = 10;
    let mut lines: String = all.iter().take(SHOWN).map(|what| format!("warning: {what}\n")).collect();
    if let Some(more) = all.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push_str(&format!("warning: the same is true for {more} more\n"));
    }
    let _ = std::io::stderr().write_all(lines.as_bytes());
}

/// A member's file may be no key, or not encrypted for everybody. It must not block the others, and above all not the removal of its
/// author.
fn readable<T>(opened: Result<T>) -> Result<std::result::Result<T, Error>> {
    match opened {
        Err(problem) if problem.cause::<NoneOpens>().is_some() || problem.cause::<Damaged>().is_some() => {
            Ok(Err(problem))
        }
        opened => opened.map(Ok),
    }
}
