//! Credentials to try a helper with.

use std::iter::repeat_with;

use modelforge_credential_protocol::{Record, Result};

/// A credential that is worth nothing, for a place that cannot exist: RFC 2606 reserves `.invalid`, so nobody's own credential is for it.
#[derive(Debug, Clone)]
pub struct ThrowAway {
    /// `WORD.invalid`.
    pub host: String,
    /// A name that nobody has used before.
    pub username: String,
    /// A secret that opens nothing.
    pub password: String,
}

impl ThrowAway {
    /// One for a host that nobody has used before. `user` is the beginning of its user name.
    pub fn new(user: &str) -> Self {
        Self::at(&random_word(), user)
    }

    /// One for `NAME.invalid`. What an earlier one has left there can be erased with it.
    pub fn at(name: &str, user: &str) -> Self {
        Self {
            host: format!("{name}.invalid"),
            username: format!("{user}-{}", random_word()),
            // All that hides keys hides this one, too.
            password: format!("sk-0{}{}", random_word(), random_word()),
        }
    }

    /// Where it is for.
    ///
    /// # Errors
    /// If `NAME` cannot be part of a request.
    pub fn place(&self) -> Result<Record> {
        Record::of([("protocol", "https"), ("host", &*self.host)])
    }

    /// Where it is for, and whose it is.
    ///
    /// # Errors
    /// If the names cannot be part of a request.
    pub fn description(&self) -> Result<Record> {
        let mut description = self.place()?;
        description.set("username", &self.username)?;
        Ok(description)
    }

    /// All of it, to be stored.
    ///
    /// # Errors
    /// If the names cannot be part of a request.
    pub fn credential(&self) -> Result<Record> {
        let mut credential = self.description()?;
        credential.set("password", &self.password)?;
        Ok(credential)
    }
}

/// A lower-case word that nobody can have given a meaning.
pub fn random_word() -> String {
    "zq".chars().chain(repeat_with(fastrand::lowercase).take(12)).collect()
}
