//! Messages about errors. A message is one line in lower case without a full stop. It names the thing, never a value. The hint can be
//! pasted.

use std::path::Path;

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{Error, Reason, Record, Shell, shown, visible};
use modelforge_credential_providers::Flaw;

pub const PROGRAM: &str = "modelforge-credential";

/// A mistake in the command line: exit status 2.
#[derive(Debug)]
pub struct Usage(pub Error);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Usage {}

/// A command that could not be started, with the exit status of env(1).
#[derive(Debug)]
pub struct NotStarted(pub Error, pub u8);

impl std::fmt::Display for NotStarted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for NotStarted {}

/// 0: done. 1: not found or failed. 2: a mistake in the command line. 126 and 127: a command could not be started or found.
pub fn exit_status(problem: &anyhow::Error) -> u8 {
    match problem.downcast_ref::<NotStarted>() {
        Some(NotStarted(_, status)) => *status,
        None if problem.is::<Usage>() => 2,
        None => 1,
    }
}

/// The kind of problem, for programs that act on it.
pub fn reason(problem: &anyhow::Error) -> Reason {
    match problem.downcast_ref::<Error>() {
        Some(error) => error.reason(),
        None if problem.is::<Usage>() => Reason::InvalidRequest,
        None => Reason::Failed,
    }
}

/// Names a credential in a message: `` `openai` (`https://api.openai.com`) ``.
pub fn name_of(request: &Record) -> String {
    let account = match request.shown("username") {
        Some(account) if account != modelforge_credential_protocol::DEFAULT_ACCOUNT => format!(", account `{account}`"),
        _ => String::new(),
    };
    match request.text("provider") {
        Some(provider) => format!("`{}` (`{}`{account})", visible(provider), request.url()),
        None => format!("`{}`{account}", request.url()),
    }
}

/// A path for a message, with `~` for the home directory.
pub fn tilde(path: &Path) -> String {
    modelforge_credential_files::tilde(path)
}

pub fn no_provider(command: &str) -> Usage {
    Usage(Error::new(format!("`{command}` needs a provider")).hint(format!("{PROGRAM} {command} openai")))
}

pub fn no_credential(request: &Record) -> Error {
    let error = Error::new(format!("no credential for {}", name_of(request))).with_reason(Reason::NotFound);
    match request.text("provider") {
        Some(provider) => error.hint(login_hint(provider, request.text("username"))),
        None => error,
    }
}

/// The command that signs in to an account.
fn login_hint(provider: &str, account: Option<&str>) -> String {
    let provider = visible(provider);
    match account.filter(|account| *account != modelforge_credential_protocol::DEFAULT_ACCOUNT) {
        Some(account) => format!("{PROGRAM} login {provider} --account {}", shell_words::quote(&visible(account))),
        None => format!("{PROGRAM} login {provider}"),
    }
}

pub fn no_such_file(path: &Path) -> Error {
    Error::new(format!("there is no file `{}`", tilde(path)))
}

pub fn not_utf_8(path: &Path) -> Error {
    Error::new(format!("`{}` is not UTF-8", tilde(path)))
}

/// For an input that is not a key.
pub fn bad_key(provider: &str, flaw: Flaw) -> Error {
    let problem = match flaw {
        Flaw::Empty => nothing_entered(),
        Flaw::OfAnother(other) => Error::new(format!("this looks like a key for `{other}`, not for `{provider}`")),
        flaw => Error::new(format!("this cannot be a key for `{provider}`: it {flaw}")),
    };
    problem.with_reason(Reason::InvalidRequest)
}

/// The key contains characters that control a terminal.
pub fn not_for_a_terminal(provider: &str) -> Error {
    Error::new(format!("the key for `{provider}` has a control character in it, so it is not shown on a terminal"))
        .hint(format!("{PROGRAM} print {provider} | od -c"))
}

pub fn not_in_the_chain(helper: &str) -> Error {
    Error::new(format!("helper `{}` is not in the chain", visible(helper)))
        .hint("add it to `helpers` in config.toml; otherwise keys stored there are never found")
}

/// None of them is the default, and choosing one would be a guess.
pub fn several_accounts(request: &Record, accounts: &[String], command: &str) -> Error {
    if !request.has("provider") {
        // A user name may be a token, and a list does not show which it is.
        return Error::new(format!("{} has several accounts", short_name_of(request)))
            .with_reason(Reason::InvalidRequest)
            .hint(format!("{PROGRAM} {command} {} --account NAME", request.url()));
    }
    let named: Vec<String> = accounts.iter().map(|account| format!("`{}`", shown(account))).collect();
    let error = Error::new(format!("{} has several accounts: {}", short_name_of(request), named.join(", ")));
    let error = error.with_reason(Reason::InvalidRequest);
    let Some(first) = accounts.first().map(|account| shown(account)) else { return error };
    error.hint(match (command, request.text("provider")) {
        ("fill" | "get", provider) => {
            let provider = provider.unwrap_or_default();
            let lines = [format!("provider={provider}"), format!("username={first}")];
            Shell::of_the_person().with_lines(&lines, format_args!("{PROGRAM} {command}"))
        }
        (_, provider) => {
            let provider = provider.unwrap_or_default();
            let named = format!("{provider}:{first}");
            let rest = if command == "exec" { " -- COMMAND" } else { "" };
            format!("{PROGRAM} {command} {}{rest}", shell_words::quote(&named))
        }
    })
}

/// This account is used because it is the only one.
pub fn only_account(request: &Record, account: &str) -> Error {
    let name = short_name_of(request);
    Error::new(match request.has("provider") {
        true => format!("using account `{}` of {name}, the only one", shown(account)),
        false => format!("using the only account of {name}"),
    })
}

/// Two different accounts on one command line.
pub fn two_accounts() -> Error {
    Error::new("`--account` and the account after the `:` differ").hint("leave one of them out")
}

/// `` `openai` ``, or `` `https://git.example.com` `` if it belongs to no provider.
pub fn short_name_of(request: &Record) -> String {
    format!("`{}`", visible(&request.text("provider").map_or_else(|| request.url(), str::to_owned)))
}

/// It is stored, but no tool can get it.
pub fn unreadable(request: &Record, helper: &str) -> Error {
    Error::new(format!("the credential for {} in helper `{helper}` cannot be read", short_name_of(request)))
        .hint(format!("{PROGRAM} doctor"))
}

pub fn listed_and_not_returned(helper: &str, record: &Record) -> Error {
    Error::new(format!("helper `{helper}` lists a credential for {} but does not return it", name_of(record)))
}

pub fn cannot_list(helper: &str) -> Error {
    Error::new(format!("helper `{helper}` cannot list its credentials, so it may have others"))
}

pub fn not_everything_erased() -> Error {
    Error::new("some credentials could not be deleted")
}

pub fn still_answers(helper: &str) -> Error {
    Error::new(format!("helper `{helper}` still returns the credential after `erase`"))
}

pub fn empty_account() -> Error {
    Error::new("the name of an account is empty").hint("leave out --account for the usual one")
}

pub fn told_to_quit(request: &Record, helper: &str) -> Error {
    Error::new(format!("helper `{helper}` ended the search for {}", name_of(request))).with_reason(Reason::Refused)
}

pub fn nothing_entered() -> Error {
    Error::new("nothing was entered")
}

pub fn not_kept(record: &Record) -> Error {
    Error::new(format!("no helper stored the credential for {}", name_of(record))).hint(format!("{PROGRAM} doctor"))
}

pub fn not_erased(record: &Record) -> Error {
    Error::new(format!("a helper failed to delete the credential for {}; it may still have it", name_of(record)))
}

pub fn already_expired(record: &Record) -> Error {
    Error::new(format!("the credential for {} has already expired, so it was not stored", name_of(record)))
        .with_reason(Reason::InvalidRequest)
}

pub fn missing(key: &str) -> Error {
    Error::new(format!("the request has no `{key}`")).with_reason(Reason::InvalidRequest).hint(format!(
        "{}  # or protocol= and host=, or url=",
        Shell::of_the_person().with_line("provider=openai", format_args!("{PROGRAM} fill"))
    ))
}

pub fn contradiction(key: &str, other: &str) -> Error {
    Error::new(format!("`{key}` and `{other}` in the request contradict each other"))
        .with_reason(Reason::InvalidRequest)
}

pub fn elsewhere(provider: &str, home: &Record, request: &Record) -> Error {
    Error::new(format!("provider `{provider}` is at `{}`, not at `{}`", home.url(), request.url()))
        .with_reason(Reason::InvalidRequest)
        .hint(format!("leave out `provider`, or set `url` of `[provider.{provider}]` in config.toml"))
}

pub fn bad_url(problem: &str) -> Error {
    Error::new(format!("the URL {problem}")).with_reason(Reason::InvalidRequest)
}

pub fn unknown_provider(name: &str, similar: &[String]) -> Error {
    let name = visible(name);
    let similar: Vec<String> = similar.iter().map(|name| format!("`{name}`")).collect();
    let declare = format!("{PROGRAM} login {name} --url https://…");
    Error::new(format!("unknown provider `{name}`")).with_reason(Reason::UnknownProvider).hint(
        match similar.is_empty() {
            false => format!("did you mean {}? if not: {declare}", similar.join(" or ")),
            true => format!("{declare}  # or see: {PROGRAM} providers"),
        },
    )
}

pub fn provider_without_url(name: &str) -> Error {
    Error::new(format!("provider `{name}` has no fixed URL: every user has a different one"))
        .with_reason(Reason::UnknownProvider)
        .hint(format!("{PROGRAM} login {name} --url https://…"))
}

/// A provider whose section in the configuration is incomplete.
pub fn undeclared_provider(place: &str, name: &str, similar: Option<&str>) -> Error {
    let url = "give it a `url` in its section: url = \"https://…\"";
    Error::new(format!("{place}: unknown provider `{}`", visible(name))).with_reason(Reason::UnknownProvider).hint(
        match similar {
            Some(similar) => format!("did you mean `{similar}`? else {url}"),
            None => url.to_owned(),
        },
    )
}

/// The same for a name in a file.
pub fn in_file(place: &str, problem: &Error) -> Error {
    problem.reworded(format!("{place}: {problem}"))
}

pub fn no_provider_matches(word: &str) -> Error {
    Error::new(format!("no provider matches `{}`", visible(word)))
        .hint(format!("{PROGRAM} login NAME --url https://…  # adds one of your own"))
}

pub fn bad_provider_name(name: &str) -> Error {
    Error::new(format!("`{}` is not a valid provider name: use letters, digits, `-` and `_`", visible(name)))
        .with_reason(Reason::InvalidRequest)
}

/// The cause of a problem with a helper that the default chain skips here.
pub struct LeftOut;

pub fn keyring_left_out() -> Error {
    Error::new("skipped helper `keyring`: there is no D-Bus session bus").with_cause(LeftOut)
}

pub fn age_left_out() -> Error {
    Error::new("skipped helper `age`: there is no home directory").with_cause(LeftOut)
}

pub fn keyring_and_age_left_out() -> Error {
    Error::new("skipped helpers `keyring` and `age`: there is no D-Bus session bus and no home directory")
        .with_cause(LeftOut)
}

pub fn seen_in_plain_text(providers: &[&str]) -> Error {
    let names = providers.iter().map(|name| format!("`{}`", visible(name))).collect::<Vec<_>>().join(", ");
    Error::new(format!("keys are stored in plain text: {names}")).hint(format!("{PROGRAM} migrate"))
}

/// For files of tools that no helper of the chain reads.
pub fn files_hold_keys(count: usize) -> Error {
    let files = if count == 1 {
        "a file of another program has".to_owned()
    } else {
        format!("{count} files of other programs have")
    };
    Error::new(format!("{files} keys in plain text")).hint(format!("{PROGRAM} migrate --dry-run"))
}

pub fn list_not_whole() -> Error {
    Error::new("the list is incomplete: some helpers could not be queried")
}

pub fn helper_failed(helper: &str, failure: &(impl Clone + Into<Failure>)) -> Error {
    let failure: Failure = failure.clone().into();
    let line = format!("helper `{helper}` failed: {failure}");
    Error::from(failure).reworded(line)
}

pub fn no_state_folder() -> Error {
    Error::new("there is no home directory for the notes of a migration").hint("set HOME, or XDG_STATE_HOME")
}

pub fn cannot_write(path: &Path, problem: &std::io::Error) -> Error {
    Error::new(format!("cannot write `{}`: {problem}", tilde(path)))
}
