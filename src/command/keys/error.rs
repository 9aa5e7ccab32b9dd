//! Messages of the commands that give keys to programs.

use std::path::Path;

use modelforge_credential_files::quoted;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, Shell, visible};

use crate::config::shown_path;
use crate::error::{NotStarted, PROGRAM, Usage, tilde};
pub use crate::error::{helper_failed, no_credential, no_provider, not_for_a_terminal, told_to_quit};
use crate::providers::Provider;
pub use crate::providers::error::{
    no_key_where_modelforge_sends, not_given, not_signed_in, not_signed_in_to, not_where_modelforge_sends,
    set_or_repair,
};

pub fn command_missing(problem: Error) -> NotStarted {
    NotStarted(problem, 127)
}

pub fn command_unusable(problem: Error) -> NotStarted {
    NotStarted(problem, 126)
}

pub fn no_path_to_look_in(name: &std::ffi::OsStr) -> Error {
    Error::new(format!("cannot search for program `{}`: PATH is not set", visible(&name.to_string_lossy())))
        .hint("export PATH=/usr/local/bin:/usr/bin:/bin")
}

pub fn no_such_program(path: &Path) -> Error {
    Error::new(format!("there is no program `{}`", tilde(path)))
}

pub fn command_not_started(path: &Path, problem: &std::io::Error) -> NotStarted {
    let status = if problem.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
    let error = Error::new(format!("`{}` could not be started: {problem}", tilde(path)));
    let is_of_powershell = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ps1"));
    NotStarted(
        match is_of_powershell {
            true => error.hint(format!("{PROGRAM} exec … -- powershell -File {}", quoted(path))),
            false => error,
        },
        status,
    )
}

pub fn no_command_to_run() -> Usage {
    Usage(Error::new("`exec` needs `--` and a command after it").hint(format!("{PROGRAM} exec openai -- COMMAND")))
}

pub fn no_provider_for(command: &str) -> Usage {
    Usage(
        Error::new(format!(
            "`{command}` needs a provider: none is set under `[exec]` in config.toml or in ModelForge's file"
        ))
        .hint(match command {
            "exec" => format!("{PROGRAM} exec openai -- COMMAND  # or --all"),
            _ => format!("{PROGRAM} {command} openai"),
        }),
    )
}

/// `exec` does not set this key unless its provider is named.
pub fn only_by_name(name: &str, account: &str) -> Error {
    let named = match account {
        DEFAULT_ACCOUNT => visible(name),
        account => format!("{}:{}", visible(name), visible(account)),
    };
    Error::new(format!("`exec` sets the key for `{named}` only if you name it"))
        .hint(format!("{PROGRAM} exec {} -- COMMAND", shell_words::quote(&named)))
}

/// `exec` cannot set this key, because it needs a provider's name.
pub fn without_a_name(url: &str) -> Error {
    let url = visible(url);
    Error::new(format!("`exec` cannot set the key for `{url}`: no provider has this URL"))
        .hint(format!("provider.NAME.url = \"{url}\"  # in {}, above any [section]", shown_path()))
}

pub fn no_variable(provider: &Provider) -> Error {
    let (name, url) = (&provider.name, provider.location.url());
    Error::new(format!("no variable is known for the key of `{name}` at `{url}`"))
        .hint(format!("provider.{name}.env = [\"NAME\"]  # in {}; or: --env NAME={name}", shown_path()))
}

pub fn no_key_at_all() -> Error {
    Error::new("not signed in to any provider").hint(format!("{PROGRAM} login openai"))
}

pub fn not_every_key_could_be_looked_for(named: &str) -> Error {
    Error::new(format!("no credential for `{}`; some helpers could not be queried", visible(named)))
        .hint(format!("{PROGRAM} doctor"))
}

/// Names what is skipped, if that is allowed.
pub fn left_out(names: &[String]) -> Error {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", visible(name))).collect();
    Error::new(format!("skipped {}: no key", names.join(", ")))
}

pub fn needs_no_key(provider: &str) -> Error {
    Error::new(format!("`{provider}` needs no sign-in, so it has no key"))
}

pub fn no_plain_key(provider: &str) -> Error {
    Error::new(format!("the credential for `{provider}` is a pre-encoded header, not a key"))
}

pub fn no_such_field(provider: &str, field: &str) -> Error {
    Error::new(format!("the credential for `{provider}` has no {field}"))
}

pub fn bad_assignment() -> Usage {
    Usage(
        Error::new("`--env` is not of the form NAME=PROVIDER or NAME=PROVIDER:ACCOUNT")
            .hint(format!("{PROGRAM} exec --env MY_KEY=openai -- COMMAND")),
    )
}

pub fn not_among_the_variables(name: &str) -> Error {
    Error::new(format!("none of these providers has a variable `{}`", visible(name)))
        .hint(format!("--env {}=PROVIDER", visible(name)))
}

/// A variable can have one key only. A guess would send the key of one provider to the other.
pub fn shared_variable(name: &str, one: &str, other: &str) -> Error {
    Error::new(format!(
        "`{}` and `{}` share the variable `{name}` and have different keys",
        visible(one),
        visible(other)
    ))
    .hint(format!("choose one: --env {name}={}", visible(one)))
}

pub fn variable_replaced(name: &str, provider: &str) -> Error {
    Error::new(format!("the variable `{name}` was set already; the command gets the key for `{provider}` instead"))
}

pub fn not_text(provider: &str) -> Error {
    Error::new(format!("the credential for `{provider}` is not text, so it cannot be in the environment here"))
}

pub fn too_short_to_mask(provider: &str) -> Error {
    Error::new(format!("the key for `{provider}` is too short to tell from other text, so it is not masked"))
}

pub fn output_lost(problem: &std::io::Error) -> Error {
    Error::new(format!("a part of the command's output could not be written: {problem}"))
}

pub fn no_private_file(problem: &std::io::Error) -> Error {
    Error::new(format!("cannot create a private file for the service account: {problem}"))
}

pub fn a_file_does_not_go_into_lines(name: &str) -> Error {
    Error::new(format!("`{name}` is the path of a file, which only `exec` can pass"))
        .hint(format!("{PROGRAM} exec google_vertex -- COMMAND"))
}

pub fn no_lines_for(shell: &str) -> Error {
    Error::new(format!("`env` has no lines for `{shell}`"))
        .hint(format!("{PROGRAM} exec openai -- {shell}  # or env --shell bash, zsh, fish, powershell, cmd"))
}

pub fn no_name_in_this_shell(name: &str) -> Error {
    Error::new(format!("skipped `{name}`: this shell cannot set such a variable"))
}

pub fn keys_on_the_terminal(providers: &[String]) -> Error {
    let names: String = providers.iter().map(|name| format!(" {}", shell_words::quote(&visible(name)))).collect();
    Error::new("this output contains keys and is meant for a shell, not the screen")
        .hint(Shell::of_the_person().evaluate(format_args!("{PROGRAM} env{names}")))
}
