use std::fmt;

/// What went wrong, in one line for a person: lower case, no full stop, and never a value of an attribute.
///
/// [`serve`](crate::serve) prints it as `error: …`, and the hint as `hint: …`, and exits with status 1. It is
/// deliberately not built from every error that exists, because other libraries' errors quote what they read.
///
/// ```
/// use modelforge_credential_protocol::Error;
///
/// let error = Error::new("the vault is sealed").hint("run `vault unseal`");
/// assert_eq!(error.to_string(), "the vault is sealed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    hint: Option<String>,
}

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds what the person can do about it, best a command to paste.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The hint, if there is one.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<std::io::Error> for Error {
    /// One of ours that travelled as an [`io::Error`](std::io::Error) comes out with its hint.
    fn from(error: std::io::Error) -> Self {
        error.downcast().unwrap_or_else(|error| Self::new(error.to_string()))
    }
}
