//! Whether a person may be asked.

/// What the environment says of a person who could answer a question, in [`VARIABLE`](Self::VARIABLE).
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
    /// Nobody says so: a program that was started by hand, or by another program than `modelforge-credential`.
    Unknown,
    /// A person is there.
    Yes,
}

impl Interactive {
    /// The variable.
    pub const VARIABLE: &str = "MODELFORGE_CREDENTIAL_INTERACTIVE";

    /// What this process was told.
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

    /// The value for a program that is started.
    pub fn value(self) -> &'static str {
        match self {
            Self::Never => "0",
            Self::Unknown => "",
            Self::Yes => "1",
        }
    }
}
