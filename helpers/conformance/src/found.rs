//! An answer, by lines. It is not trusted, and never shown, because it may be a person's own credential.

use crate::checked::{Broken, Checked};

/// The result of a `get`.
#[derive(Default)]
pub struct Found(Vec<(String, Vec<u8>)>);

impl Found {
    pub fn parse(output: &[u8]) -> Checked<Self> {
        let lines = output.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let attributes = lines.map(|line| {
            let split = line.iter().position(|b| *b == b'=');
            let split = split.ok_or_else(|| Broken::rule("a line of its answer has no `=`"))?;
            Ok((String::from_utf8_lossy(&line[..split]).into_owned(), line[split + 1..].to_vec()))
        });
        attributes.collect::<Checked<_>>().map(Self)
    }

    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.iter().rfind(|(k, _)| k == key).map(|(_, value)| &**value)
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    pub fn all(&self, key: &str) -> Vec<String> {
        self.0.iter().filter(|(k, _)| k == key).map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// True if it has a secret to sign in with.
    pub fn has_secret(&self) -> bool {
        self.0.iter().any(|(key, _)| key == "password" || key == "credential")
    }

    /// Fails unless the attribute has this value, or is missing if `value` is `None`.
    pub fn must_have(&self, key: &str, value: Option<&str>, what: &str) -> Checked {
        if self.get(key) == value.map(str::as_bytes) {
            return Ok(());
        }
        Err(Broken::rule(match (value, self.get(key)) {
            (None, _) => format!("the answer has {what}"),
            (Some(_), None) => format!("the answer lacks {what}"),
            (Some(_), Some(_)) => format!("{what} is another than the one that was stored"),
        }))
    }
}
