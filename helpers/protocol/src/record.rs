mod check;
mod meaning;

use std::fmt;

use secrecy::{ExposeSecret, SecretSlice};

use crate::wire::MAX_ATTRIBUTES;
use crate::{Error, Result};
use check::checked;

/// The `username` of a credential that was stored without one.
pub const DEFAULT_ACCOUNT: &str = "default";

/// The attributes that may be printed: in traces, in the `Debug` of [`Record`], and by `list`. All others are secret.
const PUBLIC: &[&str] = &[
    "action",
    "asks",
    "authtype",
    "capability[]",
    "client_id",
    "consent",
    "continue",
    "count",
    "created_utc",
    "credentials",
    "device_code_url",
    "ephemeral",
    "file",
    "fingerprint",
    "helper",
    "hint",
    "host",
    "identity",
    "kept[]",
    "kept_more",
    "keys",
    "locked",
    "member",
    "member[]",
    "outcome",
    "password_expiry_utc",
    "path",
    "place",
    "plain_text",
    "problem",
    "protected_by",
    "protocol",
    "provider",
    "public_key",
    "quit",
    "reason",
    "received",
    "renew[]",
    "renew_more",
    "replaced",
    "scope",
    "sent",
    "shell_line",
    "sign_in",
    "signing_key",
    "start",
    "stays",
    "storage",
    "store",
    "token_type",
    "token_url",
    "tool",
    "tool_variable",
    "unreadable",
    "unsent",
    "username",
    "variable",
];

/// True if values of the attribute `key` may be shown. Everything that is not known to be public is secret.
pub fn is_public(key: &str) -> bool {
    PUBLIC.binary_search(&key).is_ok()
}

struct Attribute {
    key: Box<str>,
    value: SecretSlice<u8>,
}

/// An ordered list of attributes, `key=value`: the only data structure of the protocol.
///
/// Values are bytes. Those of public attributes are UTF-8. A record contains only what can be written: [`set`](Self::set) and
/// [`push`](Self::push) refuse line breaks, NUL and lines that are too long. Values are wiped when they are dropped, and `Debug` shows only
/// public ones.
///
/// A key that ends in `[]` may occur several times, any other only once.
///
/// ```
/// use modelforge_credential_protocol::Record;
///
/// # fn main() -> Result<(), modelforge_credential_protocol::Error> {
/// let record = Record::of([("protocol", "https"), ("host", "api.openai.com"), ("password", "sk-1")])?;
/// assert_eq!(record.text("host"), Some("api.openai.com"));
/// assert_eq!(record.url(), "https://api.openai.com");
/// assert_eq!(format!("{record:?}"), "protocol=https host=api.openai.com password=<redacted>");
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Record {
    attributes: Vec<Attribute>,
}

impl Record {
    /// A record without attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// A record with these attributes, in this order.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn of<K: AsRef<str>, V: AsRef<[u8]>>(attributes: impl IntoIterator<Item = (K, V)>) -> Result<Self> {
        let mut record = Self::new();
        for (key, value) in attributes {
            record.push(key.as_ref(), value)?;
        }
        Ok(record)
    }

    /// True if there are no attributes.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The number of attributes.
    pub fn len(&self) -> usize {
        self.attributes.len()
    }

    /// True if the attribute exists, even if it is empty.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value of an attribute.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.iter().rfind(|(k, _)| *k == key).map(|(_, value)| value)
    }

    /// The value of an attribute as text; `None` if it is missing or not UTF-8 (public attributes always are UTF-8).
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All values of an attribute that may occur several times (`state[]`).
    pub fn all<'a>(&'a self, key: &'a str) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        self.iter().filter(move |(k, _)| *k == key).map(|(_, value)| value)
    }

    /// The attributes in order. The values may be secret.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &[u8])> {
        self.attributes.iter().map(|a| (&*a.key, a.value.expose_secret()))
    }

    /// Sets an attribute: in its place if it exists, otherwise at the end.
    ///
    /// # Errors
    /// If it could not be written as one line of the protocol: a line break or NUL in it, an empty key, `=` in the key, or longer than
    /// [`crate::MAX_LINE`]; if a public value is not UTF-8, `password_expiry_utc` is not a plain number, or `quit`, `ephemeral`,
    /// `continue`, `consent` or `plain_text` is not a boolean. The error names the key, never the value.
    pub fn set(&mut self, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
        let value = checked(key, value.as_ref())?;
        match self.attributes.iter_mut().find(|a| &*a.key == key) {
            Some(attribute) => attribute.value = value,
            None => self.append(key, value)?,
        }
        Ok(())
    }

    /// Adds a value to an attribute that may occur several times. For any other, the same as [`set`](Self::set). As in git, an empty value
    /// of a list attribute is kept.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn push(&mut self, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
        if !key.ends_with("[]") {
            return self.set(key, value);
        }
        let value = checked(key, value.as_ref())?;
        self.append(key, value)
    }

    fn append(&mut self, key: &str, value: SecretSlice<u8>) -> Result<()> {
        if self.attributes.len() == MAX_ATTRIBUTES {
            return Err(Error::new(format!("the record has more than {MAX_ATTRIBUTES} attributes")));
        }
        self.attributes.push(Attribute { key: key.into(), value });
        Ok(())
    }

    /// Removes every value of an attribute, and wipes it.
    pub fn remove(&mut self, key: &str) {
        self.retain(|k| k != key);
    }

    /// Keeps only the attributes whose keys pass.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.attributes.retain(|a| keep(&a.key));
        // A list may have many thousands of records.
        self.attributes.shrink_to_fit();
    }

    /// Sets every attribute of `other`. A list attribute of `other` replaces the one here.
    ///
    /// # Errors
    /// If there are more attributes than a record may hold. It then holds a part of them.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        for a in &other.attributes {
            if a.key.ends_with("[]") {
                self.remove(&a.key);
            }
        }
        for a in &other.attributes {
            let mine = self.attributes.iter_mut().find(|mine| mine.key == a.key && !a.key.ends_with("[]"));
            match mine {
                Some(mine) => mine.value = a.value.clone(),
                None => self.append(&a.key, a.value.clone())?,
            }
        }
        Ok(())
    }
}

impl Clone for Record {
    fn clone(&self) -> Self {
        let attributes =
            self.attributes.iter().map(|a| Attribute { key: a.key.clone(), value: a.value.clone() }).collect();
        Self { attributes }
    }
}

/// Two records are equal if their attributes are equal, in order. For tests and for reading back.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// The public attributes with their values, known secret ones by name, and the number of others: a line that was not meant as an attribute
/// may have a secret before its `=`.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut others = 0;
        let mut separator = "";
        for (key, _) in self.iter() {
            if key == "capability[]" || key == "env[]" {
                // Attributes in which the two sides of a pipe describe themselves.
                continue;
            }
            if is_public(key) {
                write!(f, "{separator}{key}={}", self.shown(key).unwrap_or_default())?;
            } else if matches!(key, "password" | "credential" | "oauth_refresh_token" | "state[]" | "wwwauth[]") {
                write!(f, "{separator}{key}=<redacted>")?;
            } else {
                others += 1;
                continue;
            }
            separator = " ";
        }
        if others > 0 {
            write!(f, "{separator}and {others} more")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_LINE;

    #[test]
    fn the_public_list_is_sorted_for_its_binary_search() {
        assert!(PUBLIC.is_sorted());
    }

    #[test]
    fn debug_shows_no_secret_and_no_unknown_key() {
        let record =
            Record::of([("host", "a\u{1b}[2J"), ("password", "sk-1"), ("sk-2", "x"), ("credential", "c")]).unwrap();
        assert_eq!(format!("{record:?}"), r"host=a\u{1b}[2J password=<redacted> credential=<redacted> and 1 more");
    }

    #[test]
    fn what_cannot_be_written_cannot_be_set_and_the_error_names_no_value() {
        let mut record = Record::new();
        for value in ["a\nb", "a\rb", "a\0b"] {
            let error = record.set("password", value).unwrap_err();
            assert_eq!(error.to_string(), "`password` has a line break or a NUL");
        }
        assert!(record.set("", "x").is_err());
        assert!(record.set("a=b", "x").is_err());
        assert_eq!(record.set("sk-secret\n", "x").unwrap_err().to_string(), "an attribute has a line break or a NUL");
        assert!(record.set("k", vec![b'x'; MAX_LINE - 3]).is_ok());
        assert!(record.set("k", vec![b'x'; MAX_LINE - 2]).is_err());
        for expiry in ["-5", " 5", "5x", "+5", "", "99999999999999999999"] {
            assert!(record.set("password_expiry_utc", expiry).is_err(), "{expiry}");
        }
        assert!(record.set("quit", "maybe").is_err());
        assert!(record.set("host", b"\xff").is_err());
        assert!(record.set("password", b"\xff").is_ok());
    }

    #[test]
    fn matching_treats_the_absent_as_anything_and_the_empty_as_empty() {
        let credential = Record::of([("protocol", "https"), ("host", "h"), ("username", "")]).unwrap();
        assert!(credential.matches(&Record::of([("host", "h")]).unwrap()));
        assert!(credential.matches(&Record::of([("username", "")]).unwrap()));
        assert!(!credential.matches(&Record::of([("username", "a")]).unwrap()));
        assert!(!credential.matches(&Record::of([("path", "")]).unwrap()));
    }

    #[test]
    fn merging_replaces_single_values_in_place_and_lists_as_a_whole() {
        let mut record = Record::of([("state[]", "a"), ("host", "h"), ("state[]", "b"), ("username", "u")]).unwrap();
        record.merge(&Record::of([("host", "i"), ("state[]", "c"), ("state[]", "d")]).unwrap()).unwrap();
        let wanted = Record::of([("host", "i"), ("username", "u"), ("state[]", "c"), ("state[]", "d")]).unwrap();
        assert_eq!(record, wanted);
    }

    #[test]
    fn two_records_that_together_cannot_be_written_cannot_be_merged() {
        let many = |name: &str| Record::of((0..600).map(|number| (format!("{name}{number}"), "x"))).unwrap();
        let mut record = many("a");
        let problem = record.merge(&many("b")).unwrap_err();
        assert_eq!(problem.to_string(), "the record has more than 1024 attributes");
        assert_eq!(record.len(), MAX_ATTRIBUTES);
        record.merge(&many("a")).unwrap();
    }
}
