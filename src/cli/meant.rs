//! Commands of other tools, and the commands of this program that do the same.

use modelforge_credential_providers as table;

use crate::error::PROGRAM;

/// The names of commands in other tools, and ours.
const WORDS: [(&[&str], &str); 11] = [
    (&["add", "configure", "create", "init", "new", "set", "setup", "signin"], "login"),
    (&["del", "delete", "remove", "rm", "signout", "unset"], "logout"),
    (&["accounts", "info", "keys", "ls", "whoami"], "status"),
    (&["export"], "env"),
    (&["import"], "migrate --dry-run"),
    (&["cat", "key", "read", "show", "token"], "print"),
    (&["replace", "rotate", "update"], "login openai --force"),
    (&["run"], "exec"),
    (&["check", "config", "diagnose", "verify"], "doctor"),
    (&["find", "models", "search"], "providers"),
    (&["version"], "--version"),
];

/// The command line that was probably meant by an unknown command, with the provider if one was named.
pub fn by_another_word(word: &str, rest: Option<&str>) -> Option<String> {
    let (_, command) = WORDS.iter().find(|(words, _)| words.contains(&word))?;
    Some(match *command {
        "env" | "login" | "logout" | "print" => format!("{PROGRAM} {command} {}", provider(rest)),
        "status" | "providers" if rest.and_then(table::by_name).is_some() => {
            format!("{PROGRAM} {command} {}", provider(rest))
        }
        "exec" => format!("{PROGRAM} exec {} -- COMMAND", provider(rest)),
        command => format!("{PROGRAM} {command}"),
    })
}

/// The command that accepts a provider as its argument, if this one reads standard input or accepts fewer.
pub fn with_an_argument(command: &str, argument: &str) -> Option<String> {
    let provider = provider(Some(argument));
    Some(match command {
        "fill" | "get" => format!("{PROGRAM} print {provider}"),
        "approve" | "store" => format!("{PROGRAM} login {provider}"),
        "erase" | "reject" => format!("{PROGRAM} logout {provider}"),
        "list" => format!("{PROGRAM} status {provider}"),
        "print" => format!("{PROGRAM} print {provider}  # one at a time; for several: {PROGRAM} env"),
        "logout" | "status" => format!("{PROGRAM} {command} {provider}  # one at a time"),
        "auth login" | "auth logout" | "auth status" => format!("{PROGRAM} {command} --provider {provider}"),
        "helpers test" => format!("{PROGRAM} helpers test NAME  # one at a time"),
        _ => return None,
    })
}

/// A typed word is repeated only if it is a provider's name, because it may be a key.
fn provider(typed: Option<&str>) -> &str {
    typed.filter(|name| table::by_name(name).is_some()).unwrap_or("openai")
}
