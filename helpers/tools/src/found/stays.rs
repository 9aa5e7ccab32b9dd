//! Why a key stays where it is.

use modelforge_credential_protocol::{Error, Stays};
use modelforge_credential_providers::Provider;

use crate::format::Format;

pub fn not_read(shown: &str, format: Format, line: usize) -> Error {
    let format = match format {
        Format::Json => "JSON",
        Format::JsonWithComments => "JSON with comments",
        Format::Toml => "TOML",
        Format::Yaml => "YAML with one document",
        _ => "the expected format",
    };
    Error::new(format!("`{shown}`, line {line}: this is not {format}, so the file is not changed"))
}

pub fn no_url(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the URL beside the key in `{place}` cannot be read, so it stays"))
        .hint("modelforge-credential login NAME --url https://…")
}

pub fn several(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` may be for several URLs, so it stays"))
        .hint("modelforge-credential login NAME --url https://…")
}

pub fn of_a_command(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` is part of a command, so it stays")).with_cause(Stays)
}

pub fn no_other_way(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the program that reads `{place}` can get its key in no other way, so it stays"))
        .with_cause(Stays)
}

pub fn of_a_unit(shown: &str, provider: &str) -> Error {
    let start = format!("ExecStart=%h/.local/bin/modelforge-credential exec {provider} -- …");
    Error::new(format!("`{shown}`: a key for `{provider}` is in `Environment=`, and stays: write `{start}` instead"))
        .with_cause(Stays)
}

pub fn of_a_server(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` is sent to the server beside it, so it stays"))
        .with_cause(Stays)
}

pub fn in_a_comment(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` is not used, so it stays")).with_cause(Stays)
}

/// For a key that is not in use and differs from the one in use: no other place has it.
pub fn another(shown: &str, line: usize, place: &str, provider: Option<&Provider>) -> Error {
    let name = provider.map_or("PROVIDER", |provider| provider.name);
    Error::new(format!("`{shown}`, line {line}: another key for `{place}`, so it stays"))
        .hint(format!("modelforge-credential login {name}:ACCOUNT  # stores it, too"))
        .with_cause(Stays)
}

pub fn is_read_in_different_ways(shown: &str, place: &str) -> Error {
    Error::new(format!("`{shown}`: the key in `{place}` has a `#`, where some programs end it, so it stays"))
        .with_cause(Stays)
}
