//! Scripts, and the programs in their `#!` lines.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::Failure;
use crate::path::trusted_path;
use crate::reach::out_of_reach;

/// The part of a `#!` line that Linux reads, in bytes.
const LONGEST: u64 = 256;
/// How many levels of scripts as interpreters Linux allows.
const DEEPEST: usize = 5;

/// For a script, checks that its interpreter exists, and that only its owner and root could have put it there.
pub fn check(program: &Path) -> Result<(), Failure> {
    if cfg!(unix) { check_to(program, DEEPEST) } else { Ok(()) }
}

fn check_to(program: &Path, depth: usize) -> Result<(), Failure> {
    let line = match start_of(program).filter(|_| depth > 0) {
        Some(Start::Script(line)) => line,
        Some(Start::Text) => return Err(Failure::no_interpreter()),
        Some(Start::Program) | None => return Ok(()),
    };
    if line.ends_with('\r') {
        return Err(Failure::CarriageReturn(program.to_owned()));
    }
    let mut words = line.split_ascii_whitespace();
    // A `#!` line without a program is left to the shell.
    let Some(interpreter) = words.next().map(Path::new) else { return Ok(()) };
    let missing = |name: &str| Failure::InterpreterMissing { script: program.to_owned(), program: name.to_owned() };
    if !interpreter.is_absolute() || interpreter.symlink_metadata().is_err() {
        return Err(missing(&interpreter.to_string_lossy()));
    }
    let interpreter = out_of_reach(interpreter)?;
    check_to(&interpreter, depth - 1)?;
    match words.next().filter(|_| interpreter.file_name() == Some(OsStr::new("env"))) {
        Some(first) => check_env(std::iter::once(first).chain(words), missing),
        None => Ok(()),
    }
}

/// Checks the program that env(1) starts. It is looked up on the `PATH` that a helper gets.
fn check_env<'a>(mut words: impl Iterator<Item = &'a str>, missing: impl Fn(&str) -> Failure) -> Result<(), Failure> {
    let is_program = |word: &&str| !word.starts_with('-') && !word.contains('=');
    let Some(name) = words.find(is_program) else { return Ok(()) };
    let path = trusted_path();
    let found = which::which_in(name, Some(path), "/").map_err(|_| missing(name))?;
    out_of_reach(&found).map(drop)
}

/// How a program begins.
enum Start {
    /// It begins with `#!`: this is the rest of that line.
    Script(String),
    /// It begins with other text, or is empty: the system cannot run it. A shell, and some C libraries, would run it as a shell script.
    Text,
    Program,
}

/// `None` if it cannot be read.
fn start_of(program: &Path) -> Option<Start> {
    let mut start = Vec::new();
    let mut file = File::open(program).ok()?;
    // Most programs are not scripts, and a few bytes are enough to see that.
    (&mut file).take(4).read_to_end(&mut start).ok()?;
    let is_text = start.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    if !start.starts_with(b"#!") {
        return Some(if is_text { Start::Text } else { Start::Program });
    }
    file.take(LONGEST).read_to_end(&mut start).ok()?;
    let line = start[2..].split(|b| *b == b'\n').next().unwrap_or_default();
    Some(Start::Script(String::from_utf8_lossy(line).trim_matches([' ', '\t']).to_owned()))
}
