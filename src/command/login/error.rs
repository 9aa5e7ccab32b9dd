//! Messages of `login`.

use std::path::Path;

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Record, Shell, visible};
use modelforge_credential_providers::Flaw;

use crate::error::{PROGRAM, name_of, tilde};
pub use crate::error::{already_expired, bad_key, no_credential, no_such_file, not_in_the_chain, not_kept};

/// The command that signs in with the key in a file.
fn from_file(who: &str, options: &str, file: &str) -> String {
    Shell::of_the_person().with_input(format_args!("{PROGRAM} login {who}{options}"), file)
}

/// A provider and its account as a command names them. Without the account, a hint would replace the key of another one.
fn who(request: &Record) -> String {
    let provider = request.text("provider").unwrap_or("PROVIDER");
    match request.shown("username").filter(|account| account != DEFAULT_ACCOUNT) {
        Some(account) => format!("{provider} --account {}", shell_words::quote(&account)),
        None => provider.to_owned(),
    }
}

pub fn nobody_to_ask_for_login(request: &Record) -> Error {
    Error::new("cannot ask for the key: there is no terminal")
        .hint(format!("pipe it: {}", from_file(&who(request), "", "key.txt")))
}

pub fn no_terminal_for_device_flow(request: &Record) -> Error {
    Error::new(format!("cannot sign in to {}: you must do this in a terminal", name_of(request)))
        .hint(format!("{PROGRAM} login {}  # in a terminal", request.text("provider").unwrap_or("PROVIDER")))
}

/// For a key that was pasted too early.
pub fn neither_yes_nor_no() -> Error {
    Error::new("the answer is neither `y` nor `n`, so the key was not replaced")
}

pub fn not_one_line() -> Error {
    Error::new("expected the key as a single line on standard input")
}

pub fn cannot_read_input(problem: &std::io::Error) -> Error {
    Error::new(format!("cannot read the key from standard input: {problem}"))
}

pub fn empty_input() -> Error {
    Error::new("standard input is empty: it has no key")
}

pub fn not_json(path: &Path, line: usize, column: usize) -> Error {
    Error::new(format!("`{}`, line {line}, column {column}: this is not a JSON object", tilde(path)))
}

/// The hint if a file has a key where a service account was expected.
pub fn key_from_file(provider: &str, path: &Path) -> String {
    let file = Shell::of_the_person().word(&visible(&path.display().to_string()));
    format!("{}  # if it has a key", from_file(provider, "", &file))
}

pub fn key_in_arguments(request: &Record) -> Error {
    Error::new("command-line arguments are visible to other users and saved in your shell history")
        .hint(format!("pipe the key: {}", from_file(&who(request), "", "key.txt")))
}

pub fn blanks_removed() -> Error {
    Error::new("removed the whitespace around the key")
}

/// The same, if the person may know better.
pub fn bad_key_for_login(request: &Record, provider: &str, flaw: Flaw) -> Error {
    let error = bad_key(provider, flaw);
    match flaw {
        flaw if flaw.is_final() => error,
        Flaw::OfAnother(other) => {
            error.hint(format!("{PROGRAM} login {other}  # or --unchecked, to store it for `{provider}` anyway"))
        }
        _ => error.hint(format!("{PROGRAM} login {} --unchecked  # to store it anyway", who(request))),
    }
}

pub fn too_long_for_an_account(most: usize) -> Error {
    Error::new(format!("the input is longer than {} MiB, so it is not a service account", most >> 20))
}

/// A file that is not a service account for this provider.
pub fn bad_account_for_login(provider: &str, file: &Path, flaw: Flaw) -> Error {
    let error = Error::new(format!("`{}` cannot be a key for `{provider}`: it {flaw}", tilde(file)));
    match flaw {
        Flaw::OfAnother(other) => {
            let file = shell_words::quote(&visible(&file.display().to_string())).into_owned();
            error.hint(format!("{PROGRAM} login {other} --file {file}  # or --unchecked"))
        }
        _ => error,
    }
}

pub fn accounts_come_in_files(provider: &str) -> String {
    format!("for a service account: {PROGRAM} login {provider} --file PATH")
}

/// Another key is stored already, and nobody can be asked whether to replace it.
pub fn another_is_kept(kept: &Record, provider: &str, end: Option<&str>) -> Error {
    let end = end.map(|end| format!(", ending in {},", visible(end))).unwrap_or_default();
    Error::new(format!("a different key for `{provider}`{end} is already stored and was not replaced")).hint(from_file(
        &who(kept),
        " --force",
        "key.txt",
    ))
}

pub fn shadowed(place: &str, kept_by: &str, variable: Option<&str>) -> Error {
    let error = Error::new(format!("{place} takes precedence over `{kept_by}`, so the new key is not in use yet"));
    match variable {
        Some(variable) => error.hint(Shell::of_the_person().unset(visible(variable))),
        None => error,
    }
}

/// The key was stored, and is still in the variable as well.
pub fn also_in_a_variable(place: &str, variable: &str) -> Error {
    Error::new(format!("{place} has the same key, and takes precedence"))
        .hint(format!("{}  # and remove it from your shell's profile", Shell::of_the_person().unset(visible(variable))))
}

/// A sign-in needs a provider, because its key is found by the provider's URL or name.
pub fn not_the_url_of_a_provider(request: &Record) -> Error {
    let url = request.url();
    Error::new(format!("no provider is at `{url}`")).hint(format!("{PROGRAM} login NAME --url {url}  # any name"))
}
