//! Whether a helper may ask a person.

/// Whether a person can answer a question, as the environment says in [`VARIABLE`](Self::VARIABLE).
///
/// ```
/// use modelforge_credential_protocol::Interactive;
///
/// assert_eq!(Interactive::of("never"), Interactive::Never);
/// assert_eq!(Interactive::of(Interactive::Yes.value()), Interactive::Yes);
/// assert_eq!(Interactive::of(""), Interactive::Unknown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interactive {
    /// Nobody may be asked.
    Never,
    /// Unknown, because somebody started the program by hand, or a program other than `modelforge-credential` did.
    Unknown,
    /// A person is there.
    Yes,
}

impl Interactive {
    /// The name of the variable.
    pub const VARIABLE: &str = "MODELFORGE_CREDENTIAL_INTERACTIVE";

    /// The value for this process.
    pub fn of_environment() -> Self {
        std::env::var(Self::VARIABLE).map_or(Self::Unknown, |value| Self::of(&value))
    }

    /// The meaning of a value of the variable.
    pub fn of(value: &str) -> Self {
        match value.to_ascii_lowercase().as_str() {
            "0" | "false" | "no" | "off" | "never" => Self::Never,
            "1" => Self::Yes,
            _ => Self::Unknown,
        }
    }

    /// The value of the variable for a program that is started.
    pub fn value(self) -> &'static str {
        match self {
            Self::Never => "0",
            Self::Unknown => "",
            Self::Yes => "1",
        }
    }
}
