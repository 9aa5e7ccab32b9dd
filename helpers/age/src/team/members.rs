//! The members of a store: who can read and change it. They are in one file, which `age -R` reads as well.

#[cfg(any(test, fuzzing))]
pub mod fuzz;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use modelforge_credential_protocol::{Error, Result, visible};
use sha2::{Digest, Sha256};

use crate::key;

/// The name of the file in the store, as in passage and gopass.
pub const FILE: &str = ".age-recipients";

/// Far more than any team needs, in bytes.
pub const MAX_FILE: usize = 1 << 20;

/// The most members: each one is compared with all others.
const MOST: usize = 1_000;

/// Longer than an RSA key with 16,384 bits.
const LONGEST_KEY: usize = 8_192;

const MEMBER: &str = "# member ";
const SIGNS: &str = "# signs with ";

/// The kinds of OpenSSH keys for signing. Certificates are not among them: their issuer decides, and the list does not name that issuer.
const KINDS: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// The keys of a member, for reading and signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// A public key of age or SSH.
    pub recipient: String,
    /// A public key of SSH, without a comment.
    pub signer: String,
}

/// All members, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Members(BTreeMap<String, Keys>);

impl Members {
    /// Reads the file. It must be exactly what this program would write: each line grants rights, and a person is shown only what this
    /// program understands.
    pub fn parse(text: &str) -> Result<Self> {
        let mut members = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let name = line.strip_prefix(MEMBER).ok_or_else(not_ours)?;
            let signer = lines.next().and_then(|line| line.strip_prefix(SIGNS)).ok_or_else(not_ours)?;
            let recipient = lines.next().ok_or_else(not_ours)?;
            members.put(name, Keys { recipient: recipient.to_owned(), signer: signer.to_owned() })?;
        }
        if members.0.is_empty() || members.to_text() != text { Err(not_ours()) } else { Ok(members) }
    }

    pub fn to_text(&self) -> String {
        let lines =
            self.0.iter().map(|(name, keys)| format!("{MEMBER}{name}\n{SIGNS}{}\n{}\n", keys.signer, keys.recipient));
        lines.collect()
    }

    /// Adds a member, or changes a member's keys.
    pub fn put(&mut self, name: &str, keys: Keys) -> Result<()> {
        check_name(name)?;
        if self.0.len() >= MOST && !self.0.contains_key(name) {
            return Err(Error::new(format!("a store has at most {MOST} members")));
        }
        if keys.signer.len().max(keys.recipient.len()) > LONGEST_KEY {
            return Err(Error::new(format!("a member's key has at most {LONGEST_KEY} characters")));
        }
        fingerprint(&keys.signer)?;
        check_recipient(&keys.recipient)?;
        key::recipient(&keys.recipient, self.0.len() + 1)?;
        let is_taken = |(other, held): (&String, &Keys)| {
            other != name && (held.signer == keys.signer || held.recipient == keys.recipient)
        };
        if let Some((other, _)) = self.0.iter().find(|one| is_taken(*one)) {
            return Err(Error::new(format!("`{name}` has a key of `{other}`")));
        }
        self.0.insert(name.to_owned(), keys);
        Ok(())
    }

    /// Removes a member.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        match self.0.remove(name) {
            Some(_) if self.0.is_empty() => Err("a store needs a member who can read it".into()),
            Some(_) => Ok(()),
            None => Err(Error::new(format!("`{}` is not a member", visible(name)))),
        }
    }

    /// An error if the list is too large for other members to read.
    pub fn check_size(&self) -> Result<()> {
        if self.to_text().len() <= MAX_FILE {
            return Ok(());
        }
        Err(Error::new(format!("the keys of the members are longer than {MAX_FILE} bytes together"))
            .hint("use keys of ed25519: ssh-keygen -t ed25519"))
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn keys_of(&self, name: &str) -> Option<&Keys> {
        self.0.get(name)
    }

    pub fn recipients(&self) -> Vec<String> {
        self.0.values().map(|keys| keys.recipient.clone()).collect()
    }

    pub fn signers(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|keys| keys.signer.as_str())
    }

    /// The member with this public signing key.
    pub fn of_signer(&self, signer: &str) -> Option<&str> {
        self.0.iter().find(|(_, keys)| keys.signer == signer).map(|(name, _)| name.as_str())
    }

    /// The member whose signing key has this fingerprint.
    pub fn of_fingerprint(&self, wanted: &str) -> Option<&str> {
        let is_it = |keys: &Keys| fingerprint(&keys.signer).is_ok_and(|print| print == wanted);
        self.0.iter().find(|(_, keys)| is_it(keys)).map(|(name, _)| name.as_str())
    }

    /// One line per member for people: the name, the fingerprint of the signing key, and the reading key.
    pub fn lines(&self) -> Vec<String> {
        let line = |(name, keys): (&String, &Keys)| {
            format!("{name} {} {}", fingerprint(&keys.signer).unwrap_or_default(), keys.recipient)
        };
        self.0.iter().map(line).collect()
    }

    /// Who was added, who was removed, and whose keys have changed.
    pub fn changes_to(&self, new: &Self) -> Vec<String> {
        let print = |keys: &Keys| fingerprint(&keys.signer).unwrap_or_default();
        let came = new.0.iter().filter_map(|(name, keys)| match self.0.get(name) {
            None => Some(format!("{name} came ({})", print(keys))),
            Some(old) if old.signer == keys.signer && old != keys => {
                Some(format!("{name} renewed: {} → {}", shown(&old.recipient), shown(&keys.recipient)))
            }
            Some(old) if old != keys => Some(format!("{name} has other keys ({})", print(keys))),
            Some(_) => None,
        });
        let went = self.0.keys().filter(|name| !new.0.contains_key(*name)).map(|name| format!("{name} went"));
        came.chain(went).collect()
    }

    /// The reading key of each member.
    pub fn readers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, keys)| (name.as_str(), keys.recipient.as_str()))
    }

    /// The members with keys that are in none of these lists.
    pub fn who_are_not_in(&self, others: &[&Self]) -> Vec<String> {
        let is_known = |name: &String, keys: &Keys| others.iter().any(|other| other.0.get(name) == Some(keys));
        let strange = self.0.iter().filter(|(name, keys)| !is_known(name, keys));
        strange.map(|(name, keys)| format!("{name} ({})", fingerprint(&keys.signer).unwrap_or_default())).collect()
    }

    /// Merges two changes of the same list: a member who came or left on one side does so in the result.
    pub fn merged(base: &Self, ours: &Self, theirs: &Self) -> Result<Self> {
        let mut merged = Self::default();
        let names = ours.0.keys().chain(theirs.0.keys()).collect::<std::collections::BTreeSet<_>>();
        for name in names {
            let (was, here, there) = (base.0.get(name), ours.0.get(name), theirs.0.get(name));
            let now = match () {
                () if here == there || there == was => here,
                () if here == was => there,
                // Otherwise a member who keeps replacing their keys could never be removed.
                () if here.is_none() || there.is_none() => None,
                () => return Err(both_changed(name)),
            };
            if let Some(keys) = now {
                merged.put(name, keys.clone())?;
            }
        }
        merged.check_size()?;
        if merged.0.is_empty() { Err("both sides removed members, and nobody is left".into()) } else { Ok(merged) }
    }
}

/// The first few of these, and how many more there are. A member could otherwise make a message so long that it is cut, and its hint is
/// lost.
pub fn first_of(all: impl IntoIterator<Item = String>) -> Option<String> {
    const SHOWN: usize = 20;
    let mut all = all.into_iter();
    let first: Vec<String> = all.by_ref().take(SHOWN).collect();
    match all.count() {
        _ if first.is_empty() => None,
        0 => Some(first.join(", ")),
        more => Some(format!("{} and {more} more", first.join(", "))),
    }
}

/// A short form of a public key for people. Nobody can find another key with the same beginning and end.
fn shown(recipient: &str) -> String {
    if let Ok(print) = fingerprint(recipient) {
        return print;
    }
    let (begin, end) = (recipient.get(..24), recipient.len().checked_sub(24).and_then(|at| recipient.get(at..)));
    match (begin, end) {
        (Some(begin), Some(end)) if recipient.len() > 80 => format!("{begin}…{end}"),
        _ => recipient.to_owned(),
    }
}

fn both_changed(name: &str) -> Error {
    Error::new(format!("the member `{name}` was changed here and at the remote, in different ways"))
        .hint("agree on one, and change the member here to what the others have: modelforge-credential members --help")
}

fn not_ours() -> Error {
    Error::new(format!("`{FILE}` is not in the format of this program"))
}

/// A name must fit into a line of the list, the author of a commit, and messages.
pub fn check_name(name: &str) -> Result<()> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let begins_well = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    if begins_well && name.len() <= 40 && name.bytes().all(is_allowed) {
        return Ok(());
    }
    Err("the name of a member is up to 40 of a-z, 0-9, `-`, `_` and `.`, and begins with a letter or digit".into())
}

/// age takes anything after an SSH key for its comment. Here that could hide a second key, or move the cursor.
fn check_recipient(recipient: &str) -> Result<()> {
    let is_one = match recipient.starts_with("ssh-") {
        true => fingerprint(recipient).is_ok(),
        false => recipient.bytes().all(|byte| byte.is_ascii_graphic()),
    };
    let wrong = "an encryption key is a public key of age, or one of SSH without a comment";
    if is_one { Ok(()) } else { Err(wrong.into()) }
}

/// The fingerprint of a public key, as `ssh-keygen -l` shows it. It is an error if it is not a key, or has a comment.
pub fn fingerprint(signer: &str) -> Result<String> {
    let wrong = || Error::new("a signing key is a public key of SSH without a comment, best of type ed25519");
    let (kind, text) = signer.split_once(' ').filter(|(kind, _)| KINDS.contains(kind)).ok_or_else(wrong)?;
    let blob = STANDARD.decode(text).map_err(|_| wrong())?;
    // The key itself contains its kind as well.
    let inner = blob.get(..4).map(|length| length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)));
    let inner = inner.and_then(|length| blob.get(4..4_usize.checked_add(length)?));
    if inner != Some(kind.as_bytes()) {
        return Err(wrong());
    }
    Ok(format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&blob))))
}

/// The fingerprint that people compare. It covers the first commit and the members, so people with the same fingerprint have the same
/// start, and verify the same signatures from there.
pub fn state(root: &str, members: &str) -> String {
    let mut sum = Sha256::new();
    sum.update(root.as_bytes());
    sum.update(b"\n");
    sum.update(members.as_bytes());
    let digits: Vec<String> = sum.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    digits.chunks(4).map(|four| four.concat()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests;
