//! The operation `identity`: shows and changes the identity that decrypts the store.

use std::path::{Path, PathBuf};

use modelforge_credential_files::{quoted, tilde};
use modelforge_credential_protocol::{Error, Record, Result, Shell};
use zeroize::Zeroizing;

use crate::held::Held;
use crate::identity::{Identities, MAX_IDENTITY};
use crate::key::{Keys, Opens};
use crate::mine::Mine;
use crate::store::Store;
use crate::team::{self, Team};
use crate::{ask, renew, sealed, text};

/// The most credentials that are decrypted to show the identity: a person waits a second or two for it, and `doctor` at most five.
const SHOWN_AT_MOST: usize = 5000;

/// Everything that the operation needs.
pub struct Operation<'a> {
    pub identities: &'a Identities,
    /// `None` if the user named the identities: other programs may use these files, so they are not changed.
    pub mine: Option<Mine<'a>>,
    pub store: &'a Store,
    pub recipients: &'a [String],
    /// The shared store, whose members must learn of a new identity.
    pub team: Option<&'a Team>,
}

/// How many credentials were decrypted, and how many were not.
#[derive(Default)]
struct Count {
    opened: usize,
    unreadable: usize,
}

impl Operation<'_> {
    pub fn answer(&self, request: &Record) -> Result<Record> {
        match request.text("action") {
            Some("show") => self.show(),
            Some("protect") => self.protect(),
            Some("unprotect") => self.unprotect(),
            Some("renew") => self.renew(request),
            Some("export") => self.export(),
            Some("check") => self.check(request),
            Some("import") => self.import(request),
            _ => Err("the request has no known `action`".into()),
        }
    }

    /// Shows what is known without a person, and the rest if the identity can be read.
    fn show(&self) -> Result<Record> {
        let mut answer = self.about()?;
        // A plugin's device may have to be touched for each credential, and nobody asked for that.
        if self.identities.protection()?.is_some_and(|protection| !protection.is_a_plugins) {
            match self.identities.unlock().and_then(|()| self.opened(self.identities, SHOWN_AT_MOST)) {
                Ok(opened) => answer.merge(&opened)?,
                Err(problem) => answer.set("problem", problem.to_string())?,
            }
        }
        Ok(answer)
    }

    /// Sets or changes the passphrase.
    fn protect(&self) -> Result<Record> {
        let mine = self.mine()?;
        let _only_one = mine.store.lock_the_identity()?;
        let held = mine.read()?;
        let passphrase = ask::new_passphrase(&mine.path)?;
        mine.replace(&held, &held.text, Some(&passphrase))?;
        self.about()
    }

    fn unprotect(&self) -> Result<Record> {
        let mine = self.mine()?;
        let _only_one = mine.store.lock_the_identity()?;
        let held = mine.read()?;
        if held.passphrase.is_none() {
            return Err(Error::new(format!("no passphrase protects the identity `{}`", tilde(&mine.path))));
        }
        mine.replace(&held, &held.text, None)?;
        self.about()
    }

    fn renew(&self, request: &Record) -> Result<Record> {
        let given = request.content()?.map(|content| given(content, &named(request))).transpose()?;
        if let Some(team) = self.team {
            return self.renew_for(team, given);
        }
        match (&self.mine, given) {
            (Some(mine), given) => renew::renew(mine, self.recipients, given)?,
            (None, None) => renew::encrypt_again(self.store, self.identities, self.recipients)?,
            (None, Some(_)) => return Err(renew::is_named(&tilde(Path::new(&self.identities.path())))),
        }
        let mut answer = self.about()?;
        answer.set("action", if self.mine.is_some() { "renew" } else { "encrypt" })?;
        Ok(answer)
    }

    fn renew_for(&self, team: &Team, given: Option<Held>) -> Result<Record> {
        let waits = team::renew(team, self.identities, self.mine.as_ref(), given)?;
        let mut answer = self.about()?;
        answer.set("action", if self.mine.is_some() { "renew" } else { "encrypt" })?;
        answer.set("store", &team.name)?;
        if waits {
            answer.set("unsent", "1")?;
        }
        Ok(answer)
    }

    /// The text to write on paper. It has no passphrase, even if the file has one.
    fn export(&self) -> Result<Record> {
        let mut answer = self.about()?;
        answer.push_content(self.mine()?.read()?.text.as_bytes())?;
        Ok(answer)
    }

    /// Whether a person's backup decrypts this store. Nothing is changed.
    fn check(&self, request: &Record) -> Result<Record> {
        let named = named(request);
        let held = given(request.content()?.unwrap_or_default(), &named)?;
        self.opened(&Keys::parse(held.text.as_bytes(), &named)?, usize::MAX)
    }

    /// Creates the identity from a backup, if there is none yet.
    fn import(&self, request: &Record) -> Result<Record> {
        let mine = self.mine()?;
        let named = named(request);
        let given = given(request.content()?.unwrap_or_default(), &named)?;
        let keys = Keys::parse(given.text.as_bytes(), &named)?;
        let _only_one = mine.store.lock_the_identity()?;
        let _lock = mine.store.lock()?;
        if let Some(there) = mine.content()? {
            let is_the_same = !sealed::is_sealed(&there)
                && std::str::from_utf8(&there).is_ok_and(|there| text::keys(there).eq(text::keys(&given.text)));
            if !is_the_same {
                return Err(another_is_there(&mine.path));
            }
        }
        let opened = self.opened(&keys, usize::MAX)?;
        if opened.text("credentials") == Some("0") && opened.text("unreadable") != Some("0") {
            return Err("it decrypts none of the stored credentials, so nothing was changed".into());
        }
        if mine.content()?.is_none() {
            // A backup with a passphrase is stored with that passphrase.
            mine.put(if given.passphrase.is_some() { &given.content } else { given.text.as_bytes() })?;
        }
        let mut answer = self.about()?;
        answer.merge(&opened)?;
        Ok(answer)
    }

    fn mine(&self) -> Result<&Mine<'_>> {
        self.mine.as_ref().ok_or_else(|| {
            let path = PathBuf::from(self.identities.path());
            Error::new(format!(
                "the identity `{}` is in the configuration, so this program does not change it",
                tilde(&path)
            ))
            .hint(format!("ssh-keygen -p -f {0}  # an SSH key; an age key: age -p -a -o NEW {0}", quoted(&path)))
        })
    }

    /// The path and the protection. `protected_by` is missing if there is no identity.
    fn about(&self) -> Result<Record> {
        let mut answer = Record::of([("identity", self.identities.path())])?;
        if let Some(protection) = self.identities.protection()? {
            answer.set("protected_by", protection.by)?;
            if protection.needs_a_person {
                answer.set("locked", "1")?;
            }
        }
        Ok(answer)
    }

    /// The public key, and how much it decrypts. Backups of migrations do not count.
    fn opened(&self, by: &impl Opens, most: usize) -> Result<Record> {
        let mut count = Count::default();
        let all = if self.store.exists()? { self.store.matching(&Record::new())? } else { Vec::new() };
        for entry in all.iter().filter(|entry| !entry.description.is_of_a_migration()).take(most) {
            let content = self.store.read(entry).ok().flatten();
            match content.map(|content| by.open(&content, &entry.file)) {
                Some(Ok(Some(_))) => count.opened += 1,
                _ => count.unreadable += 1,
            }
        }
        let mut answer =
            Record::of([("credentials", count.opened.to_string()), ("unreadable", count.unreadable.to_string())])?;
        if let Some(public) = by.public_key()? {
            answer.set("public_key", public)?;
        }
        Ok(answer)
    }
}

/// The identity in the request. `age` would accept an SSH key as well, but not together with a second one in the same file.
fn given(content: Zeroizing<Vec<u8>>, named: &Path) -> Result<Held> {
    let content = match content.strip_prefix(text::MARK.as_bytes()) {
        Some(rest) => Zeroizing::new(rest.to_vec()),
        None => content,
    };
    if content.len() > MAX_IDENTITY || content.trim_ascii().is_empty() {
        return Err("no identity was given".into());
    }
    if sealed::is_sealed(&content) {
        return Held::of(content, named);
    }
    if content.starts_with(b"-----BEGIN ") {
        return Err(Error::new("an SSH key is not copied: name its file in the configuration")
            .hint("helpers = [\"env\", \"age --identity ~/.ssh/id_ed25519\"]  # in config.toml"));
    }
    if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
        return Err(Error::new("the identity is written in UTF-16, which `age` does not read either")
            .hint("save it as UTF-8; in PowerShell: Get-Content OLD | Set-Content -Encoding utf8 NEW"));
    }
    let text = std::str::from_utf8(&content).map_err(|_| not_an_identity(0))?;
    let typed = text::typed(text);
    let letters = text::keys(&typed).map(str::len).sum();
    Keys::parse(typed.as_bytes(), named).map_err(|_| not_an_identity(letters))?;
    Held::of(Zeroizing::new(typed.as_bytes().to_vec()), named)
}

/// The name of the identity in the request, for messages.
fn named(request: &Record) -> PathBuf {
    PathBuf::from(request.text("file").unwrap_or("backup"))
}

/// A hint for a person who typed it: how many characters are missing, but nothing of the content.
fn not_an_identity(letters: usize) -> Error {
    Error::new("this is not an identity: a letter is wrong or missing")
        .hint(format!("it begins with AGE-SECRET-KEY-1 and has 74 letters, digits and hyphens; {letters} were given"))
}

fn set_aside(path: &Path) -> String {
    let shell = Shell::of_the_person();
    let name = path.display().to_string();
    shell.rename(shell.word(&name), shell.word(&format!("{name}.old")))
}

fn another_is_there(path: &Path) -> Error {
    Error::new(format!("there is another identity `{}`, which may decrypt the stored credentials", tilde(path)))
        .hint(format!("if it does not: {}", set_aside(path)))
}
