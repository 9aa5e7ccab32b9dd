//! What the attributes of a record mean together.

use super::check::boolean;
use super::{DEFAULT_ACCOUNT, Record, is_public};
use crate::attributes::{DESCRIPTION, SECRETS};
use crate::{Error, Reason, Result};

/// The attributes that tell two secrets of one description apart. A refresh token does not: other programs' helpers, such as git's, do not
/// compare it.
const WHICH_SECRET: [&str; 2] = ["password", "credential"];

impl Record {
    /// Only the attributes that may be shown.
    #[must_use]
    pub fn public(&self) -> Self {
        let mut public = self.clone();
        public.retain(is_public);
        public
    }

    /// True if this credential matches `description`: every `protocol`, `host`, `path` or `username` in that has the same bytes here. A
    /// missing one matches anything.
    pub fn matches(&self, description: &Self) -> bool {
        DESCRIPTION.iter().all(|key| description.get(key).is_none_or(|wanted| self.get(key) == Some(wanted)))
    }

    /// True if it names a secret (`password`, `credential`). An `erase` with a secret erases only that one: a newer one stays. An `erase`
    /// without one erases every credential of its description.
    pub fn names_secret(&self) -> bool {
        WHICH_SECRET.iter().any(|key| self.has(key))
    }

    /// True if this has the secrets that `description` [names](Self::names_secret).
    pub fn matches_secret(&self, description: &Self) -> bool {
        WHICH_SECRET.iter().all(|key| description.get(key).is_none_or(|wanted| self.get(key) == Some(wanted)))
    }

    /// True if it has a `password`, `credential` or `oauth_refresh_token` that is not empty.
    pub fn has_secret(&self) -> bool {
        SECRETS.iter().any(|key| self.holds(key))
    }

    /// True if the attribute exists and is not empty.
    pub fn holds(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| !value.is_empty())
    }

    /// Refuses an empty `password` or `credential` if `request` is about a provider: it usually comes from a command that failed. In git's
    /// own requests an empty password is a password.
    ///
    /// # Errors
    /// If there is one. The error names the key.
    pub fn refuse_empty_secrets(&self, request: &Self) -> Result<()> {
        if !request.has("provider") {
            return Ok(());
        }
        match WHICH_SECRET.iter().find(|key| self.has(key) && !self.holds(key)) {
            Some(key) => Err(Error::new(format!("the {key} is empty")).with_reason(Reason::InvalidRequest)),
            None => Ok(()),
        }
    }

    /// True if it is something that only a migration may ask for: a whole file of another program (`protocol=file`), or its backup
    /// (`protocol=backup`). Upper or lower case does not matter, because some stores do not distinguish them.
    pub fn is_of_a_migration(&self) -> bool {
        self.text("protocol")
            .is_some_and(|protocol| ["file", "backup"].iter().any(|own| protocol.eq_ignore_ascii_case(own)))
    }

    /// True if it has something to store. As in git, that includes an empty password, unless the record is about a provider.
    pub fn has_something_to_store(&self) -> bool {
        self.has_secret() || (!self.has("provider") && SECRETS.iter().any(|key| self.has(key)))
    }

    /// True if both have the same secrets, whatever their other attributes are.
    pub fn holds_the_same_secrets(&self, other: &Self) -> bool {
        SECRETS.iter().all(|key| self.get(key) == other.get(key))
    }

    /// True if it belongs to an account. As in git, a pre-encoded credential (`credential`, no `password`) may have no user name, and is
    /// then returned without one.
    pub fn has_account(&self) -> bool {
        self.has("username") || !self.has("credential") || self.has("password")
    }

    /// Sets the account if there is no user name: to [`DEFAULT_ACCOUNT`], or not at all (see [`has_account`](Self::has_account)).
    ///
    /// # Errors
    /// If there are more attributes than a record may hold.
    pub fn name_the_account(&mut self) -> Result<()> {
        if self.has_account() && !self.has("username") { self.set("username", DEFAULT_ACCOUNT) } else { Ok(()) }
    }

    /// Only the attributes that describe a credential: [`DESCRIPTION`](crate::DESCRIPTION), and the provider's name.
    #[must_use]
    pub fn description(&self) -> Self {
        let mut description = self.clone();
        description.retain(|key| key == "provider" || DESCRIPTION.contains(&key));
        description
    }

    /// The attributes that say where a credential is stored: those of [`description`](Self::description) without the provider, which follows
    /// from them.
    #[must_use]
    pub fn place(&self) -> Self {
        let mut place = self.clone();
        place.retain(|key| DESCRIPTION.contains(&key));
        place
    }

    /// True if the sender understands the capability (`capability[]`).
    pub fn announces(&self, capability: &str) -> bool {
        self.all("capability[]").any(|value| value == capability.as_bytes())
    }

    /// True if a boolean attribute exists and is true.
    pub fn is_true(&self, key: &str) -> bool {
        self.text(key).and_then(boolean).unwrap_or(false)
    }

    /// `password_expiry_utc`, in seconds since 1970. As in git, 0 means none.
    pub fn expiry(&self) -> Option<u64> {
        self.text("password_expiry_utc").and_then(|text| text.parse().ok()).filter(|at| *at != 0)
    }
}
