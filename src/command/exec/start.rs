//! Finds the command and starts it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

#[cfg(unix)]
use modelforge_credential_client::names_no_interpreter;
use modelforge_credential_client::{Failure, command_on_path};

use crate::command::keys::error;
use crate::error::NotStarted;

/// The program of a command: a path as it is, a name on PATH. Which keys it gets is decided before the program is looked up.
pub fn find(word: &OsStr) -> Result<PathBuf, NotStarted> {
    let path = Path::new(word);
    if word.is_empty() || path.components().count() == 1 && path.file_name() == Some(word) {
        if std::env::var_os("PATH").is_none_or(|path| path.is_empty()) {
            return Err(error::command_missing(error::no_path_to_look_in(word)));
        }
        return command_on_path(word).map_err(|failure| match failure.is_missing() {
            true => error::command_missing(failure.into()),
            false => error::command_unusable(failure.into()),
        });
    }
    #[cfg(windows)]
    if let Some(path) = modelforge_credential_client::with_ending(path) {
        return Ok(path);
    }
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(error::command_unusable(Failure::Unusable(path.to_owned()).into())),
        Ok(_) => Ok(path.to_path_buf()),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => {
            Err(error::command_missing(error::no_such_program(path)))
        }
        Err(problem) => Err(error::command_not_started(path, &problem)),
    }
}

/// The command. Its argument 0 is the name as it was typed.
#[expect(clippy::disallowed_methods, reason = "this is the file that starts the person's command")]
pub fn command(program: &Path, word: &OsStr, arguments: &[OsString]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut command, word);
    #[cfg(not(unix))]
    let _ = word;
    command
}

/// The same command through the shell, for a script without a `#!` line: that is what execvp(3) does. Not every C library does so, and none
/// when it spawns a process.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this is the file that starts the person's command")]
fn through_the_shell(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Runs the command; if it is such a script, runs the shell with it.
#[cfg(unix)]
pub fn or_through_the_shell<T>(command: Command, run: impl Fn(Command) -> io::Result<T>) -> io::Result<T> {
    let shell = through_the_shell(&command);
    match run(command) {
        Err(problem) if names_no_interpreter(&problem) => run(shell),
        outcome => outcome,
    }
}

#[cfg(not(unix))]
pub fn or_through_the_shell<T>(command: Command, run: impl Fn(Command) -> io::Result<T>) -> io::Result<T> {
    run(command)
}

/// Replaces this process by the command. Returns only if that fails.
#[cfg(unix)]
pub fn instead(mut command: Command, program: &Path) -> NotStarted {
    use std::os::unix::process::CommandExt;
    let mut problem = command.exec();
    if names_no_interpreter(&problem) {
        problem = through_the_shell(&command).exec();
    }
    error::command_not_started(program, &problem)
}

/// On this system a process cannot be replaced. So it waits for the command, and ends with the same status.
#[cfg(not(unix))]
pub fn instead(command: Command, program: &Path) -> NotStarted {
    match super::parent::plain(command) {
        Ok(ended) => super::ended::end_like(ended.status),
        Err(problem) => error::command_not_started(program, &problem),
    }
}
