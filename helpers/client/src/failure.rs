//! Why a helper could not be asked, or failed. Each variant tells the caller what to do next. Its message is here, too.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use modelforge_credential_protocol::{Error, Reason, Shell, visible};

use crate::PREFIX;
use crate::process::names_no_interpreter;

/// Why a helper, or another program, could not be asked or failed.
///
/// A helper that has no credential has not failed: that is `Ok(None)`. After every variant except [`TooDeep`](Self::TooDeep), a chain asks
/// the next helper, and tells the person: the credential may be in the helper that failed.
///
/// `Display` is one line for a person, without the helper's name. [`hint`](Self::hint) says how to fix it. It can be converted into an
/// [`Error`] of the protocol and back: `Failure::from(Error::from(failure))` is the same failure.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Failure {
    /// No helper with this name is installed. Ignore it if the list is a default; otherwise show the hint.
    HelperMissing {
        /// The helper.
        name: String,
        /// How to install it. The caller may replace it by a better hint.
        hint: String,
    },
    /// No program with this name is on `PATH`.
    ProgramMissing(String),
    /// It is not a program, or this user may not start it.
    Unusable(PathBuf),
    /// It is a file without execute permission.
    NotExecutable(PathBuf),
    /// Other users could have put it there. Always tell the person, even if a missing helper needs no message.
    Untrusted {
        /// The program.
        program: PathBuf,
        /// The program, a folder above it, or a link on the way.
        place: PathBuf,
        /// The access that others have to that place.
        others: Others,
    },
    /// The first line of this script ends with a carriage return, which the system takes as part of the program's name.
    CarriageReturn(PathBuf),
    /// The first line of a script names a program that does not exist.
    InterpreterMissing {
        /// The script.
        script: PathBuf,
        /// The program that its first line names.
        program: String,
    },
    /// The system could not start it.
    NotStarted {
        /// The reason that the system gives.
        problem: String,
        /// It is a script without a `#!` line.
        names_no_interpreter: bool,
    },
    /// It did not answer within this time, and was stopped with all its children. It may have done its work before that: a store may have
    /// succeeded.
    TooSlow(Duration),
    /// The answer was too large, and the helper was stopped.
    TooMuch {
        /// The limit.
        most: usize,
        /// The unit of the limit.
        of: &'static str,
    },
    /// It changed this attribute of the request, so the answer is for something else. Do not use it.
    Changed(&'static str),
    /// Its answer breaks the rules of the protocol, for this reason. Do not use any part of it.
    Malformed(String),
    /// Its list does not end with the right count, so it may be incomplete.
    CutShort,
    /// This program was started as its own helper too many times. Stop.
    TooDeep,
    /// It exited with a status other than 0.
    Failed {
        /// The reason that it gave, or how it ended.
        reason: String,
        /// The hint that it gave.
        hint: Option<String>,
        /// The kind of problem that it reported.
        kind: Reason,
    },
}

/// How other users can change a file or a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Another user owns it.
    Own,
    /// Every user can write to it.
    AllWrite,
    /// A group of users can write to it.
    AGroupWrites,
}

impl Failure {
    pub(crate) fn helper_missing(name: &str) -> Self {
        let hint = format!("put a program named {PREFIX}-{} on PATH", visible(name));
        Self::HelperMissing { name: name.to_owned(), hint }
    }

    pub(crate) fn not_started(problem: &io::Error) -> Self {
        Self::NotStarted { problem: problem.to_string(), names_no_interpreter: names_no_interpreter(problem) }
    }

    pub(crate) fn no_interpreter() -> Self {
        Self::NotStarted {
            problem: "its first line does not name the program that runs it".to_owned(),
            names_no_interpreter: true,
        }
    }

    /// True if no such program is installed. That needs no message if nobody named it.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::HelperMissing { .. } | Self::ProgramMissing(_))
    }

    /// What kind of problem it is.
    pub fn kind(&self) -> Reason {
        match self {
            Self::Failed { kind, .. } => *kind,
            _ => Reason::Failed,
        }
    }

    /// How to fix it, if possible as a command to paste.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::HelperMissing { hint, .. } => Some(hint.clone()),
            Self::NotExecutable(path) => Some(format!("chmod +x {}", quoted(path))),
            Self::Untrusted { place, others, .. } => Some(match others {
                Others::Own => format!("ls -ld {}", quoted(place)),
                Others::AllWrite => Shell::of_the_person().close(quoted(place)),
                Others::AGroupWrites => format!("chmod g-w {}", quoted(place)),
            }),
            Self::CarriageReturn(path) => Some(format!("sed -i 's/\\r$//' {}", quoted(path))),
            Self::NotStarted { names_no_interpreter: true, .. } => {
                Some("a script begins with the program that runs it: #!/bin/sh".to_owned())
            }
            Self::TooDeep => Some("remove it from `helpers` in config.toml".to_owned()),
            Self::Failed { hint, .. } => hint.clone(),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HelperMissing { name, .. } => {
                write!(f, "helper `{}` is not installed beside the program or on PATH", visible(name))
            }
            Self::ProgramMissing(name) => write!(f, "program `{}` is not on PATH", visible(name)),
            Self::Unusable(path) => write!(f, "`{}` is not a program that can be started", shown(path)),
            Self::NotExecutable(path) => write!(f, "`{}` is not executable", shown(path)),
            Self::Untrusted { program, place, others } => {
                let (program, place) = (shown(program), shown(place));
                match others {
                    Others::Own => write!(f, "`{program}` is not started: `{place}` belongs to another user"),
                    Others::AllWrite => write!(f, "`{program}` is not started: anyone can write to `{place}`"),
                    Others::AGroupWrites => write!(f, "`{program}` is not started: a group can write to `{place}`"),
                }
            }
            Self::CarriageReturn(path) => {
                write!(f, "the first line of `{}` ends with a carriage return", shown(path))
            }
            Self::InterpreterMissing { script, program } => {
                write!(f, "`{}` is a script for `{}`, which does not exist", shown(script), visible(program))
            }
            Self::NotStarted { problem, .. } => write!(f, "it could not be started: {problem}"),
            Self::TooSlow(limit) => write!(f, "it did not answer within {} s and was stopped", limit.as_secs_f32()),
            Self::TooMuch { most, of } => write!(f, "it answered with more than {most} {of}"),
            Self::Changed(key) => write!(f, "it changed `{key}` of the request, so its answer is not used"),
            Self::Malformed(problem) => write!(f, "its answer is malformed ({problem}) and not used"),
            Self::CutShort => f.write_str("its list was truncated: the last line is not the count of the entries"),
            Self::TooDeep => write!(f, "{PREFIX} was started as its own helper again and again"),
            Self::Failed { reason, .. } => f.write_str(reason),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let error = Self::new(failure.to_string()).with_reason(failure.kind());
        match failure.hint() {
            Some(hint) => error.hint(hint),
            None => error,
        }
        .with_cause(failure)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.cause::<Self>() {
            Some(failure) => failure.clone(),
            None => Self::Failed {
                reason: error.to_string(),
                hint: error.hint_text().map(str::to_owned),
                kind: error.reason(),
            },
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed { reason: error.to_string(), hint: None, kind: Reason::Failed }
    }
}

fn quoted(path: &Path) -> String {
    Shell::of_the_person().word(&path.to_string_lossy())
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_comes_back_whole_through_an_error_of_the_protocol() {
        let error = Error::from(Failure::TooSlow(Duration::from_secs(10)));
        assert_eq!(error.to_string(), "it did not answer within 10 s and was stopped");
        assert!(matches!(Failure::from(error), Failure::TooSlow(limit) if limit == Duration::from_secs(10)));
        let error = Error::new("the vault is sealed").hint("vault unseal").with_reason(Reason::Locked);
        let Failure::Failed { reason, hint, kind: Reason::Locked } = Failure::from(error) else {
            panic!("another failure")
        };
        assert_eq!((reason.as_str(), hint.as_deref()), ("the vault is sealed", Some("vault unseal")));
    }

    #[test]
    fn every_failure_is_one_line_in_lower_case_without_a_full_stop_and_a_hint_is_quoted_for_a_shell() {
        let folder = PathBuf::from("/a b");
        let all = [
            Failure::helper_missing("x"),
            Failure::ProgramMissing("x".into()),
            Failure::Unusable(folder.clone()),
            Failure::Untrusted { program: folder.join("x"), place: folder.clone(), others: Others::AllWrite },
            Failure::Untrusted { program: folder.join("x"), place: folder.clone(), others: Others::AGroupWrites },
            Failure::Untrusted { program: folder.join("x"), place: folder.clone(), others: Others::Own },
            Failure::NotExecutable(folder.clone()),
            Failure::CarriageReturn(folder.clone()),
            Failure::InterpreterMissing { script: folder, program: "python9".into() },
            Failure::NotStarted { problem: "no".into(), names_no_interpreter: true },
            Failure::TooSlow(Duration::from_millis(500)),
            Failure::TooMuch { most: 3, of: "bytes" },
            Failure::Changed("host"),
            Failure::Malformed("line 1 has no `=`".into()),
            Failure::CutShort,
            Failure::TooDeep,
        ];
        for failure in &all {
            let line = failure.to_string();
            assert!(!line.contains('\n') && !line.ends_with('.'), "{line}");
            assert!(!line.starts_with(char::is_uppercase), "{line}");
        }
        let closes = Shell::of_the_person().close("'/a b'");
        assert_eq!(all[3].hint(), Some(closes));
    }
}
