use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::Reason;

/// An error as one line for a person: lower case, no full stop, and never a value of an attribute.
///
/// [`serve`](crate::serve) prints it as `error: …`, prints the hint as `hint: …`, and exits with status 1. There is no conversion from
/// every error type, because errors of other libraries quote what they read.
///
/// ```
/// use modelforge_credential_protocol::Error;
///
/// let error = Error::new("the vault is sealed").hint("run `vault unseal`");
/// assert_eq!(error.to_string(), "the vault is sealed");
/// ```
///
/// Errors cannot be compared. A program that has to decide uses the [`cause`](Self::cause), never the message.
#[derive(Debug, Clone)]
pub struct Error {
    message: String,
    hint: Option<String>,
    reason: Reason,
    cause: Option<Arc<dyn Any + Send + Sync>>,
}

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, reason: Reason::Failed, cause: None }
    }

    /// Adds a hint: how the person can fix it, if possible a command to paste.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the kind of problem, for programs that act on it.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.reason = reason;
        self
    }

    /// Attaches the typed error behind this message, for callers that act on it.
    ///
    /// ```
    /// use modelforge_credential_protocol::Error;
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Sealed;
    ///
    /// let error = Error::new("the vault is sealed").with_cause(Sealed);
    /// assert_eq!(error.cause::<Sealed>(), Some(&Sealed));
    /// ```
    #[must_use]
    pub fn with_cause(mut self, cause: impl Any + Send + Sync) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// The same error with another message. Hint, reason and cause stay.
    #[must_use]
    pub fn reworded(&self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self.clone() }
    }

    /// The attached typed error, if it has this type.
    pub fn cause<T: Any>(&self) -> Option<&T> {
        self.cause.as_deref().and_then(|cause| (cause as &dyn Any).downcast_ref())
    }

    /// The kind of problem; [`Reason::Failed`] unless it was set.
    pub fn reason(&self) -> Reason {
        self.reason
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
    /// If one of our errors was wrapped in an [`io::Error`](std::io::Error), it keeps its hint.
    fn from(error: std::io::Error) -> Self {
        error.downcast().unwrap_or_else(|error| Self::new(error.to_string()))
    }
}
