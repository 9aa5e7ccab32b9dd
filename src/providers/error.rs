//! Messages about providers: one is at an unusual URL, or you are not signed in to it.

use modelforge_credential_protocol::{DEFAULT_ACCOUNT, Error, visible};

use super::Provider;
use crate::config::shown_path;
use crate::error::PROGRAM;

/// ModelForge would send the key to another URL, which its file has for this name.
pub fn not_where_modelforge_sends(name: &str, url: &str, provider: &Provider) -> Error {
    let (url, here) = (visible(url), provider.location.url());
    Error::new(format!("`{name}` is at `{url}` in ModelForge's file, so ModelForge does not get the key for `{here}`"))
        .hint(format!("provider.{name}.url = \"{url}\"  # in {}, above any [section]", shown_path()))
}

/// No key is stored for the URL in ModelForge's file, and here the name means another URL.
pub fn no_key_where_modelforge_sends(name: &str, url: &str, provider: &Provider) -> Error {
    let (url, here) = (visible(url), provider.location.url());
    Error::new(format!(
        "there is no key for `{url}`, where ModelForge has `{name}`; the key for `{here}` is not used there"
    ))
    .hint(format!(
        "provider.{name}.url = \"{url}\"  # in {}, above any [section]; then: {PROGRAM} login {name}",
        shown_path()
    ))
}

/// The configuration has another URL for a known name.
pub fn moved(provider: &Provider, usual: &str) -> Error {
    let variables = match provider.variables.is_empty() {
        true => "none of its usual variables is used",
        false => "only the variables in its `env` are used",
    };
    let (name, here) = (&provider.name, provider.location.url());
    Error::new(format!("`{name}` is at `{here}`, not at `{usual}`, as {} has it; {variables}", shown_path()))
}

/// There is no key for this account, or for the default one. The hint is the next step that works here.
pub fn not_signed_in(provider: &Provider, account: Option<&str>) -> Error {
    let name = &provider.name;
    let configured = provider.account.as_deref().filter(|_| account.is_none());
    let Some(account) = account.or(configured).filter(|account| *account != DEFAULT_ACCOUNT) else {
        return set_if_empty(
            Error::new(format!("not signed in to `{name}`")).hint(format!("{PROGRAM} login {name}")),
            provider,
        );
    };
    let named = shell_words::quote(&format!("{name}:{}", visible(account))).into_owned();
    let place = configured.map(|_| format!(", the account that {} names", shown_path())).unwrap_or_default();
    Error::new(format!("not signed in to `{name}` as `{}`{place}", visible(account)))
        .hint(format!("{PROGRAM} login {named}"))
}

/// No helper of the chain stores keys (only `env`, or a build without a home), so nobody can sign in: the variable has to be set.
pub fn not_given(provider: &Provider) -> Error {
    let problem = not_signed_in(provider, None);
    match provider.empty_variable().or(provider.variables.first().map(String::as_str)) {
        Some(variable) if provider.empty_variable().is_some() => problem.hint(format!("set {variable}")),
        Some(variable) => problem
            .reworded(format!("{problem}, and no helper in the chain stores keys here"))
            .hint(format!("set {variable}")),
        None => problem,
    }
}

/// Several are missing at once. If no key can be stored, their variables have to be set.
pub fn not_signed_in_to(missing: &[(&Provider, Option<&str>)], keeps_nothing: bool) -> Error {
    let named = |(provider, account): &(&Provider, Option<&str>)| match account {
        Some(account) => format!("{}:{}", provider.name, visible(account)),
        None => provider.name.clone(),
    };
    let names: Vec<String> = missing.iter().map(named).collect();
    let shown = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let empty: Vec<String> =
        missing.iter().filter_map(|(provider, _)| provider.empty_variable().map(|name| format!("`{name}`"))).collect();
    let empty = match empty.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} is empty"),
        several => format!("; {} are empty", several.join(", ")),
    };
    let [first, others @ ..] = names.as_slice() else { return Error::new("not signed in") };
    let variables = missing.iter().filter_map(|(provider, _)| provider.variables.first().map(String::as_str));
    let variables: Vec<&str> = variables.filter(|_| keeps_nothing).collect();
    if !variables.is_empty() {
        return Error::new(format!("not signed in to {shown}{empty}")).hint(format!("set {}", variables.join(", ")));
    }
    let others = if others.is_empty() { String::new() } else { format!("  # then {}", others.join(", ")) };
    Error::new(format!("not signed in to {shown}{empty}"))
        .hint(format!("{PROGRAM} login {}{others}", shell_words::quote(first)))
}

/// The same if it has expired.
pub fn token_expired(provider: &Provider, account: Option<&str>, ago: &str) -> Error {
    let problem = not_signed_in(provider, account);
    let account = account.map(|account| format!(", account `{}`,", visible(account))).unwrap_or_default();
    problem.reworded(format!("the token for `{}`{account} expired {ago} ago", provider.name))
}

/// If helpers failed, a build without its secret is a likely cause, so the first variable for the key is named, too.
pub fn set_or_repair(problem: Error, provider: &Provider) -> Error {
    match provider.variables.first() {
        Some(variable) => set_if_empty(problem.hint(format!("{PROGRAM} doctor  # or set {variable}")), provider),
        None => problem,
    }
}

/// Adds the name of a variable for the key that is empty, as in a build without its secret.
fn set_if_empty(problem: Error, provider: &Provider) -> Error {
    match provider.empty_variable() {
        Some(variable) => {
            let line = format!("{problem}: `{variable}` is empty");
            problem.reworded(line).hint(format!("set {variable}; or, at a terminal: {PROGRAM} login {}", provider.name))
        }
        None => problem,
    }
}
