//! A helper's answer about its identity, for people and as JSON.

use std::path::Path;

use modelforge_credential_protocol::{Error, Record, Result, Shell, visible};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Task, error};
use crate::terminal::{self, Paint, columns};

pub const CHECK_IT: &str =
    "write it down, clear the screen, and check what you wrote: modelforge-credential identity check";

/// How many characters people copy at once.
const GROUP: usize = 4;
const GROUPS_IN_A_ROW: usize = 8;

/// `identity --json`. The format is stable: fields are only added.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    helper: &'a str,
    identity: Option<&'a str>,
    /// `None`: there is no identity yet.
    protected_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

pub fn json(helper: &str, answer: &Record) -> anyhow::Result<Vec<u8>> {
    terminal::json(&Report {
        version: 1,
        helper,
        identity: answer.text("identity"),
        protected_by: answer.text("protected_by"),
        public_key: answer.text("public_key"),
        credentials: number(answer, "credentials"),
        unreadable: number(answer, "unreadable"),
        problem: answer.text("problem"),
    })
}

pub fn table(helper: &str, answer: &Record) -> String {
    let mut rows = vec![("identity", place(answer)), ("helper", visible(helper))];
    match answer.text("protected_by") {
        Some(protection) => rows.push(("protected by", visible(unless_unprotected(protection)))),
        None => rows.push(("protected by", "nothing yet: it is created with the first key".to_owned())),
    }
    rows.extend(answer.text("public_key").map(|key| ("public key", visible(key))));
    if let (Some(opened), Some(unreadable)) = (number(answer, "credentials"), number(answer, "unreadable")) {
        rows.push(("decrypts", how_many(opened, opened + unreadable)));
    }
    let lines: Vec<Vec<String>> = rows.into_iter().map(|(name, text)| vec![name.to_owned(), text]).collect();
    let paints = lines.iter().map(|_| Paint::Plain).collect::<Vec<_>>();
    columns(&lines, &paints)
}

fn unless_unprotected(protection: &str) -> &str {
    if protection == "unprotected" { "only its file mode (unprotected)" } else { protection }
}

/// What the person should do after a renewal.
pub fn afterwards(helper: &str, answer: &Record) -> Vec<String> {
    let shared = answer.has("store");
    let of =
        if shared { format!(" --helper {}", Shell::of_the_person().word(&visible(helper))) } else { String::new() };
    let send = answer.has("unsent").then(|| "send it to the others: modelforge-credential sync".to_owned());
    send.into_iter().chain([format!("back it up: modelforge-credential identity export{of}")]).collect()
}

/// A hint for people with several identities.
pub fn has_its_own(helper: &str) -> String {
    let helper = visible(helper);
    let word = Shell::of_the_person().word(&helper);
    format!("`{helper}` has an identity of its own: modelforge-credential identity renew --helper {word}")
}

/// The error that makes the exit status 1.
pub fn problem(answer: &Record) -> Option<Error> {
    if let Some(problem) = answer.text("problem") {
        return Some(error::cannot_open(Path::new(answer.text("identity").unwrap_or_default()), problem));
    }
    unreadable(answer)
}

/// A warning, or the error, that something cannot be decrypted.
pub fn unreadable(answer: &Record) -> Option<Error> {
    let (opened, unreadable) = (number(answer, "credentials")?, number(answer, "unreadable")?);
    (unreadable > 0).then(|| error::unreadable(unreadable, opened + unreadable))
}

/// The sentence that says what was done.
pub fn sentence(task: &Task, answer: &Record) -> Result<String> {
    let identity = format!("the identity `{}`", place(answer));
    let (opened, unreadable) =
        (number(answer, "credentials").unwrap_or_default(), number(answer, "unreadable").unwrap_or_default());
    Ok(match task {
        Task::Protect => format!(
            "{identity} now has a passphrase: you are asked for it whenever a key is needed; where you cannot be prompted, no key is found"
        ),
        Task::Unprotect => format!("{identity} has no passphrase now: anyone who can read the file can read your keys"),
        Task::Renew { .. } if answer.has("store") && answer.text("action") == Some("encrypt") => {
            format!(
                "{identity} is now your identity, and every key is encrypted for it: run `sync`, then remove the old one from config.toml"
            )
        }
        Task::Renew { .. } if answer.has("unsent") => {
            format!(
                "{identity} is new, and every key is encrypted for it: the next `sync` sends it to the other members and removes the old one"
            )
        }
        Task::Renew { .. } if answer.text("action") == Some("renew") => {
            format!("{identity} is new, and every key that the old one could decrypt is encrypted for it")
        }
        Task::Renew { .. } => {
            "every key is re-encrypted for the identities and recipients of the configuration".to_owned()
        }
        Task::Check if opened + unreadable == 0 => return Err(error::opens_none()),
        Task::Check if unreadable > 0 => return Err(error::opens_some(opened, opened + unreadable)),
        Task::Check => format!("it decrypts {}", how_many(opened, opened)),
        _ if opened + unreadable == 0 => format!("{identity} is in place; nothing is stored here yet"),
        _ => format!("{identity} is in place: it decrypts {}", how_many(opened, opened + unreadable)),
    })
}

pub fn written(path: &Path) -> String {
    format!("wrote `{}`: anyone who can read it can read your keys", error::tilde(path))
}

/// The identity as `age` reads it, and again in groups that are easy to type.
pub fn on_paper(text: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(String::from_utf8_lossy(text).into_owned());
    let mut paper = Zeroizing::new(String::with_capacity(4 * text.len() + 256));
    for line in text.lines() {
        paper.push_str(&Zeroizing::new(visible(line)));
        paper.push('\n');
    }
    paper.push_str("\nThe same in groups, for typing:\n");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        for (at, letter) in visible(line).chars().enumerate() {
            paper.push_str(match at {
                0 => "  ",
                at if at % (GROUP * GROUPS_IN_A_ROW) == 0 => "\n  ",
                at if at % GROUP == 0 => " ",
                _ => "",
            });
            paper.push(letter);
        }
        paper.push('\n');
    }
    paper
}

fn place(answer: &Record) -> String {
    error::tilde(Path::new(answer.text("identity").unwrap_or_default()))
}

fn number(answer: &Record, key: &str) -> Option<usize> {
    answer.text(key)?.parse().ok()
}

fn how_many(opened: usize, all: usize) -> String {
    match (opened, all) {
        (1, 1) => "the 1 stored credential".to_owned(),
        (opened, all) if opened == all => format!("all {all} stored credentials"),
        (opened, all) => format!("{opened} of {all} stored credentials"),
    }
}
