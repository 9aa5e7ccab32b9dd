//! Gives the whole store a new identity.
//!
//! Meanwhile, the identity file holds the new keys and, below a comment, the old ones. So at each moment, also after a kill, `get` and
//! stock `age` can decrypt everything, new credentials are encrypted only for the new keys, and the next renewal finds the files that are
//! left. The old keys are removed once no file needs them, and every new file was decrypted again.

use std::collections::HashSet;
use std::fs::File;

use age::secrecy::SecretString;
use modelforge_credential_protocol::{Error, Record, Result};
use zeroize::Zeroizing;

use crate::held::Held;
use crate::identity::Identities;
use crate::key::{self, Keys, Opens};
use crate::mine::Mine;
use crate::progress::Progress;
use crate::store::{Entry, Store};
use crate::text;

/// A new identity must encrypt and decrypt this before it is used.
const SAMPLE: &[u8] = b"a sample\n";

/// Creates a new identity, or takes the given one, and encrypts everything for it.
pub fn renew(mine: &Mine, recipients: &[String], given: Option<Held>) -> Result<()> {
    let _only_one = mine.store.lock_the_identity()?;
    let mut held = mine.read()?;
    if held.is_being_replaced() {
        held = finish(mine, recipients, &held)?;
        if given.is_none() {
            return Ok(());
        }
    }
    let both = New::of(mine, &held, given)?.take_up(mine, &held, recipients)?;
    finish(mine, recipients, &both).map(drop)
}

/// The identity that will replace another one.
pub struct New {
    pub keys: Keys,
    text: Zeroizing<String>,
    passphrase: Option<SecretString>,
}

impl New {
    /// The given one, or a newly created one.
    pub fn of(mine: &Mine, held: &Held, given: Option<Held>) -> Result<Self> {
        let (text, passphrase) = match given {
            Some(given) => (given.text, given.passphrase),
            None => (text::generate(), None),
        };
        if text::keys(&text).eq(text::keys(text::split(&held.text).0)) {
            return Err("this is already the identity".into());
        }
        let keys = Keys::parse(text.as_bytes(), &mine.path)?;
        keys.unlock()?;
        Ok(Self { keys, text, passphrase })
    }

    /// Puts it above the old one in the file, once it has decrypted a sample that is encrypted for it and for the `recipients`.
    pub fn take_up(self, mine: &Mine, held: &Held, recipients: &[String]) -> Result<Held> {
        let sample = key::encrypt(SAMPLE, std::iter::once(&self.keys), recipients)?;
        if self.keys.decrypt(&sample, &mine.path)?.is_none_or(|opened| *opened != SAMPLE) {
            return Err("the new identity does not decrypt what is encrypted for it, so nothing was changed".into());
        }
        // The file must not become weaker than either was.
        let passphrase = held.passphrase.clone().or(self.passphrase);
        mine.replace(held, &text::join(&self.text, &held.text), passphrase.as_ref())
    }
}

/// Encrypts everything again for the current keys, and then removes the old ones.
fn finish(mine: &Mine, recipients: &[String], held: &Held) -> Result<Held> {
    let (current, old) = text::split(&held.text);
    let (new, old) = (Keys::parse(current.as_bytes(), &mine.path)?, Keys::parse(old.as_bytes(), &mine.path)?);
    old.unlock()?;
    let encrypt = |text: &[u8]| key::encrypt(text, std::iter::once(&new), recipients);
    match every(mine.store, &new, |entry, content| old.decrypt(content, &entry.file), encrypt)? {
        Err(Failed { count, first }) => Err(first
            .reworded(format!("{}, so the old identity is still used with the new one: {first}", not_done(count)))
            .hint("remove the damaged files, then: modelforge-credential identity renew")),
        Ok(_lock) => mine.replace_with_the_lock(held, current, held.passphrase.as_ref()),
    }
}

/// What could not be encrypted again.
pub struct Failed {
    count: usize,
    first: Error,
}

impl Failed {
    pub fn into_error(self) -> Error {
        self.first.reworded(format!("{}: {}", not_done(self.count), self.first))
    }
}

/// Encrypts every credential again, one file after the other, and returns the lock of the store, in which nothing is left to do. `open`
/// decrypts a file; if it returns `None`, the file stays as it is. Each new file is read back before it replaces the old one: `by` decrypts
/// it. A plugin, whose device may need a touch each time, has decrypted only a sample before.
pub fn every(
    store: &Store,
    by: &impl Opens,
    open: impl Fn(&Entry, &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>>,
    encrypt: impl Fn(&[u8]) -> Result<Vec<u8>>,
) -> Result<std::result::Result<File, Failed>> {
    let asks_a_plugin = by.asks_a_plugin()?;
    let again = |entry: &Entry, content: &[u8]| -> Result<Option<Vec<u8>>> {
        let Some(text) = open(entry, content)? else { return Ok(None) };
        let new = encrypt(&text)?;
        if !asks_a_plugin && by.open(&new, &entry.file)?.is_none_or(|back| back != text) {
            return Err("the new file could not be decrypted".into());
        }
        Ok(Some(new))
    };
    let (mut seen, mut failed) = (HashSet::new(), Vec::new());
    let all = store.matching(&Record::new())?;
    let mut progress = Progress::new(all.len());
    for entry in all {
        failed.extend(store.rewrite(&entry, |content| again(&entry, content)).err());
        seen.insert(entry.file);
        progress.step();
    }
    let lock = store.lock()?;
    // Files that another program has added in the meantime, for example one that synchronises the store.
    for entry in store.matching(&Record::new())?.iter().filter(|entry| !seen.contains(&entry.file)) {
        failed.extend(store.rewrite_with_the_lock(entry, |content| again(entry, content)).err());
    }
    let count = failed.len();
    Ok(failed.into_iter().next().map_or(Ok(lock), |first| Err(Failed { count, first })))
}

/// Encrypts everything for the current identities and recipients of the configuration.
pub fn encrypt_again(store: &Store, identities: &Identities, recipients: &[String]) -> Result<()> {
    let _only_one = store.lock_the_identity()?;
    identities.unlock()?;
    let open = |entry: &Entry, content: &[u8]| identities.open(content, &entry.file);
    every(store, identities, open, |text| identities.encrypt(text, recipients))?.map(drop).map_err(Failed::into_error)
}

fn not_done(count: usize) -> String {
    match count {
        1 => "1 credential could not be re-encrypted".to_owned(),
        many => format!("{many} credentials could not be re-encrypted"),
    }
}

/// The error for a renewal with a new identity if the configuration names the identities.
pub fn is_named(path: &str) -> Error {
    Error::new(format!("the identity `{path}` is in the configuration, so it is not replaced")).hint(
        "add the new one to the entry: age --identity NEW --identity OLD; then: modelforge-credential identity renew",
    )
}

#[cfg(test)]
mod tests {
    use modelforge_credential_files::Own;

    use super::*;

    #[test]
    fn what_the_new_identity_does_not_open_takes_no_place() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(Own::new(folder.path().join("data")).below("age"));
        let keys = || Keys::parse(text::generate().as_bytes(), "identity".as_ref()).unwrap();
        let (old, new, other) = (keys(), keys(), keys());
        let encrypted = |text: &[u8], keys: &Keys| key::encrypt(text, std::iter::once(keys), &[]);
        let described = Record::of([("protocol", "https"), ("host", "h"), ("username", "u")]).unwrap();
        let before = encrypted(b"a key", &old).unwrap();
        store.write(&described, &before, || Ok(true)).unwrap();
        let entry = store.matching(&described).unwrap().remove(0);
        let open = |entry: &Entry, content: &[u8]| old.decrypt(content, &entry.file);
        let wrong = |is_text: bool, text: &[u8]| match is_text {
            true => encrypted(text, &other),
            false => encrypted(b"another", &new),
        };
        for is_text in [true, false] {
            let encrypt = |text: &[u8]| wrong(is_text, text);
            let failed = every(&store, &new, open, encrypt).unwrap().unwrap_err().into_error();
            let said = "1 credential could not be re-encrypted: the new file could not be decrypted";
            assert_eq!(failed.to_string(), said);
            assert_eq!(store.read(&entry).unwrap().unwrap().as_slice(), before);
        }
        assert!(every(&store, &new, open, |text| encrypted(text, &new)).unwrap().is_ok());
        let after = store.read(&entry).unwrap().unwrap();
        assert_eq!(new.decrypt(&after, &entry.file).unwrap().unwrap().as_slice(), b"a key");
    }
}
