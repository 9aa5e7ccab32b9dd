/// What kind of problem an [`Error`](crate::Error) is, for programs that act on it: the attribute `reason` on standard output, beside the
/// message. Only a caller that announced `capability[]=reason` gets it.
///
/// ```
/// use modelforge_credential_protocol::{Error, Reason};
///
/// let error = Error::new("the vault is sealed").with_reason(Reason::Locked);
/// assert_eq!(error.reason().name(), "locked");
/// ```
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No provider has this name, or it has no URL.
    UnknownProvider,
    /// The request itself is wrong. The same request will fail again.
    InvalidRequest,
    /// All places were searched, and none has it.
    NotFound,
    /// A person has to unlock something first, and nobody could be prompted.
    Locked,
    /// It was understood and refused: by a server, a person, a helper, or a rule.
    Refused,
    /// Anything else.
    #[default]
    Failed,
}

impl Reason {
    const ALL: [Self; 6] =
        [Self::UnknownProvider, Self::InvalidRequest, Self::NotFound, Self::Locked, Self::Refused, Self::Failed];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownProvider => "unknown-provider",
            Self::InvalidRequest => "invalid-request",
            Self::NotFound => "not-found",
            Self::Locked => "locked",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    /// Reads the reason from the output of a helper that failed. Without one, or with an unknown one, it is `Failed`.
    pub fn from_lines(output: &[u8]) -> Self {
        let mut lines = output.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let name = lines.find_map(|line| line.strip_prefix(b"reason="));
        name.and_then(|name| std::str::from_utf8(name).ok()).map_or(Self::Failed, Self::from_name)
    }

    /// The reason with this name; `Failed` if this version does not know it.
    pub(crate) fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.name() == name).unwrap_or_default()
    }

    /// The line of the protocol.
    pub fn to_line(self) -> String {
        format!("reason={}\n", self.name())
    }

    /// One reason for several problems. One that a person can fix comes first.
    pub fn of_all(reasons: impl IntoIterator<Item = Self>) -> Self {
        let reasons: Vec<Self> = reasons.into_iter().collect();
        [Self::Locked, Self::Refused].into_iter().find(|reason| reasons.contains(reason)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_comes_back_from_its_line() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_lines(reason.to_line().as_bytes()), reason);
        }
        for output in ["", "reason=", "reason=melted\n", "reasons=locked\n", "password=reason=locked\n"] {
            assert_eq!(Reason::from_lines(output.as_bytes()), Reason::Failed, "{output}");
        }
    }
}
