//! Messages for mistakes on the command line.

use modelforge_credential_protocol::{Error, visible};

use crate::error::Usage;
pub use crate::error::{PROGRAM, no_provider};

/// Repeats the word only if it looks like a command, because it may be a key.
pub fn unknown_command(word: &str, similar: Option<&str>) -> Usage {
    let has_the_shape = word.len() <= 16 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let error = Error::new(if has_the_shape { format!("unknown command `{word}`") } else { "unknown command".into() });
    Usage(match similar {
        Some(similar) => error.hint(format!("did you mean `{similar}`?")),
        None => error.hint(format!("{PROGRAM} --help")),
    })
}

pub fn unknown_option(option: &str, similar: Option<&str>, command: &str) -> Usage {
    let error = Error::new(format!("there is no option `{}`", visible(option)));
    Usage(match similar {
        Some(similar) => error.hint(format!("did you mean `{similar}`?")),
        None => error.hint(format!("{command} --help")),
    })
}

/// `meant` is the command that accepts such an argument.
pub fn too_many_arguments(meant: Option<String>) -> Usage {
    let hint =
        meant.unwrap_or_else(|| "never pass a key as an argument: pipe it, or enter it at the prompt".to_owned());
    Usage(Error::new("unexpected extra argument").hint(hint))
}

/// For a command of another tool that has another name here.
pub fn another_word(word: &str, meant: &str) -> Usage {
    Usage(Error::new(format!("unknown command `{word}`")).hint(meant))
}

pub fn conflicting_option(option: &str, command: &str) -> Usage {
    Usage(
        Error::new(format!("`{}` cannot be used with another option you gave", visible(option)))
            .hint(format!("{command} --help")),
    )
}

pub fn option_needs_a_value(option: &str, command: &str) -> Usage {
    Usage(Error::new(format!("`{}` needs a value", visible(option))).hint(format!("{command} --help")))
}

pub fn no_command() -> Usage {
    Usage(Error::new("no command was given").hint(format!("{PROGRAM} --help")))
}

pub fn bad_command_line() -> Usage {
    Usage(Error::new("invalid command line").hint(format!("{PROGRAM} --help")))
}

pub fn purge_without_all() -> Usage {
    Usage(
        Error::new("`--purge` deletes everything, so it needs `--all`").hint(format!("{PROGRAM} logout --all --purge")),
    )
}

pub fn option_needs_one_of(option: &str, values: &[String]) -> Usage {
    Usage(Error::new(format!("`{}` needs one of {}", visible(option), values.join(", "))))
}

pub fn argument_missing(name: &str, command: &str) -> Usage {
    Usage(Error::new(format!("`{}` is missing", visible(name))).hint(format!("{command} --help")))
}
