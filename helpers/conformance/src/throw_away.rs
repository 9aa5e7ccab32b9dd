//! Test credentials for helpers.

use std::iter::repeat_with;

use modelforge_credential_protocol::{Record, Result};

/// A worthless credential for a host that cannot exist: RFC 2606 reserves `.invalid`, so nobody has a real one for it.
#[derive(Debug, Clone)]
pub struct ThrowAway {
    /// `WORD.invalid`.
    pub host: String,
    /// A unique user name.
    pub username: String,
    /// A secret that opens nothing.
    pub password: String,
}

impl ThrowAway {
    /// A credential for a unique host. `user` is the beginning of its user name.
    pub fn new(user: &str) -> Self {
        Self::at(&random_word(), user)
    }

    /// A credential for `NAME.invalid`. It can also be used to erase what an earlier one left there.
    pub fn at(name: &str, user: &str) -> Self {
        Self {
            host: format!("{name}.invalid"),
            username: format!("{user}-{}", random_word()),
            // Everything that redacts keys recognises this one, too.
            password: format!("sk-0{}{}", random_word(), random_word()),
        }
    }

    /// The URL that it is for.
    ///
    /// # Errors
    /// If `NAME` cannot be part of a request.
    pub fn place(&self) -> Result<Record> {
        Record::of([("protocol", "https"), ("host", &*self.host)])
    }

    /// The URL that it is for, and its user name.
    ///
    /// # Errors
    /// If the names cannot be part of a request.
    pub fn description(&self) -> Result<Record> {
        let mut description = self.place()?;
        description.set("username", &self.username)?;
        Ok(description)
    }

    /// The whole credential, to store.
    ///
    /// # Errors
    /// If the names cannot be part of a request.
    pub fn credential(&self) -> Result<Record> {
        let mut credential = self.description()?;
        credential.set("password", &self.password)?;
        Ok(credential)
    }
}

/// A random lower-case word that has no meaning.
pub fn random_word() -> String {
    "zq".chars().chain(repeat_with(fastrand::lowercase).take(12)).collect()
}
