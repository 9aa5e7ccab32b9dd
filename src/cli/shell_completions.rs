//! Shell completion. The script starts this program with a variable that requests completions; the library does the rest.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use anyhow::Result;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{Shell, env::EnvCompleter};
use modelforge_credential_client::installed;
use modelforge_credential_protocol::{DEFAULT_ACCOUNT, shown};

use crate::cli;
use crate::config::{Config, DEFAULT_CHAIN};
use crate::error::PROGRAM;
use crate::person::Person;
use crate::providers::Providers;
use crate::session::Session;
use crate::terminal;

/// The variable with which a shell requests completions. Its value is the name of the shell.
const VARIABLE: &str = "MODELFORGE_CREDENTIAL_COMPLETE";

/// If a shell requests completions, prints them and exits.
pub fn answer_a_shell() {
    if std::env::var_os(VARIABLE).is_some() {
        // A warning would appear in the middle of the line that is being typed.
        terminal::hold();
        CompleteEnv::with_factory(|| with_completers(cli::command())).var(VARIABLE).complete();
    }
}

/// Prints the script for a shell.
pub fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    if let Some(completer) = Shells::builtins().completer(&shell.to_string()) {
        EnvCompleter::write_registration(completer, VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    }
    script.extend_from_slice(
        match shell {
            Shell::Bash => WORDS_OF_BASH,
            Shell::Zsh => FIRST_TIME_OF_ZSH,
            _ => "",
        }
        .as_bytes(),
    );
    Ok(terminal::answer(&script)?)
}

/// For bash, `openai:work` and `NAME=openai` are several words.
const WORDS_OF_BASH: &str = r#"
_modelforge_credential() {
    local words=() at=0 current i
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        if ((i > 0)) && [[ ${COMP_WORDS[i]} == [:=] || ${COMP_WORDS[i - 1]} == [:=] ]]; then
            words[${#words[@]} - 1]+=${COMP_WORDS[i]}
        else
            words+=("${COMP_WORDS[i]}")
        fi
        ((i == COMP_CWORD)) && at=$((${#words[@]} - 1))
    done
    local COMP_WORDS=("${words[@]}") COMP_CWORD=$at
    current=${words[at]}
    _clap_complete_modelforge_credential "$1" "$current" "${words[at - 1]}"
    COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*[:=]}"}"}")
    # The name of a file may be code.
    for i in "${!COMPREPLY[@]}"; do
        if [[ ${COMPREPLY[i]} == *[![:alnum:]._:/@%+=,~-]* ]]; then
            COMPREPLY[i]=$(printf %q "${COMPREPLY[i]}")
        fi
    done
}
complete -o nospace -o bashdefault -F _modelforge_credential modelforge-credential
"#;

/// When the script is a file in `fpath`, zsh reads it only for the first completion.
const FIRST_TIME_OF_ZSH: &str = r#"
if [[ ${funcstack[1]-} == _modelforge-credential ]]; then
    _clap_dynamic_completer_modelforge_credential "$@"
fi
"#;

/// Added only here, so that other commands need not build it.
fn with_completers(command: clap::Command) -> clap::Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|argument| match completer(&name, argument.get_id().as_str()) {
        Some(completer) => argument.add(completer),
        None => argument,
    });
    let subcommands: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    subcommands.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_completers))
}

fn completer(command: &str, argument: &str) -> Option<ArgValueCompleter> {
    let completer: fn(&OsStr) -> Vec<CompletionCandidate> = match (command, argument) {
        ("login" | "audit", "provider" | "provider_option") => |word| starting_with(word, every_provider()),
        ("print", "provider") | ("exec" | "env", "env") => |word| starting_with(word, keys()),
        ("exec" | "env", "providers") => of_command_or_key,
        (_, "provider" | "provider_option") => {
            |word| starting_with(word, signed_in().into_iter().map(|(name, _)| name))
        }
        (_, "account") => |word| starting_with(word, signed_in().into_iter().map(|(_, account)| account)),
        (_, "helper" | "from" | "to") => |word| starting_with(word, helpers()),
        _ => return None,
    };
    Some(ArgValueCompleter::new(completer))
}

/// The candidates that begin with the typed text; a `NAME=` before it stays. A candidate with special characters is not offered: an account
/// may be called `$(command)`, and not every shell quotes completions.
fn starting_with(typed: &OsStr, words: impl IntoIterator<Item = String>) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let (before, begun) = typed.rfind('=').map_or(("", typed), |at| typed.split_at(at + 1));
    let words: BTreeSet<String> = words.into_iter().filter(|word| word.starts_with(begun) && is_plain(word)).collect();
    words.into_iter().map(|word| CompletionCandidate::new(format!("{before}{word}"))).collect()
}

fn is_plain(word: &str) -> bool {
    !word.starts_with('-') && word.chars().all(|c| c.is_alphanumeric() || "._:/@%+=,-".contains(c))
}

fn every_provider() -> Vec<String> {
    let known = modelforge_credential_providers::all().iter().map(|provider| provider.name.to_owned());
    let own = Config::load().map(|config| Providers::new(config).of_this_user()).unwrap_or_default();
    known.chain(own).collect()
}

/// The providers and accounts that you are signed in to. A helper that cannot be asked offers none.
fn signed_in() -> Vec<(String, String)> {
    let listed = Session::start(Person::Nobody).and_then(|session| session.list(None));
    let copies = listed.unwrap_or_default().into_iter().filter_map(|(_, copies)| copies.ok().flatten()).flatten();
    let named = copies.filter_map(|(provider, record)| {
        let account = record.text("username").unwrap_or(DEFAULT_ACCOUNT).to_owned();
        Some((provider?.name, account))
    });
    // A token that is stored as an account must not be shown on the screen.
    named.filter(|(_, account)| shown(account) == *account).collect()
}

/// `openai`, and `openai:work` if there is another account than the default one.
fn keys() -> Vec<String> {
    let name = |(provider, account): (String, String)| match account == DEFAULT_ACCOUNT {
        true => vec![provider],
        false => vec![format!("{provider}:{account}"), provider],
    };
    signed_in().into_iter().flat_map(name).collect()
}

fn helpers() -> Vec<String> {
    let installed = installed().into_iter().filter_map(|helper| (helper.entry.len() == 1).then_some(helper.entry));
    DEFAULT_CHAIN.iter().map(|helper| helper.name.to_owned()).chain(installed.flatten()).collect()
}

/// For the library, the words after `--` are one more provider. They are completed as a command: its name, then files.
fn of_command_or_key(word: &OsStr) -> Vec<CompletionCandidate> {
    // The words before the first `--` are for the library.
    let words: Vec<_> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let Some(dashes) = words.iter().position(|word| word == "--") else { return starting_with(word, keys()) };
    let is_name = words.len() <= dashes + 2;
    let mut found = if is_name { starting_with(word, programs()) } else { Vec::new() };
    if !is_name || Path::new(word).components().count() > 1 {
        found.extend(PathCompleter::any().complete(word));
    }
    found
}

/// The names of the programs on PATH.
fn programs() -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let files = folders.filter_map(|folder| folder.read_dir().ok()).flatten().flatten();
    files.filter_map(|file| file.file_name().into_string().ok()).collect()
}
