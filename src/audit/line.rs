//! A record of the log: one line of JSON. A field that does not apply is left out. Unknown fields, such as those of older versions, are
//! ignored.

use modelforge_credential_protocol::shown;
use serde::{Deserialize, Serialize};

/// The longest text in a record, in characters. A host could be as long as a line of the protocol.
const MAX_TEXT: usize = 512;

/// A record of the log.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Line {
    /// In UTC.
    pub time: String,
    pub operation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helper: Option<String>,
    pub outcome: String,
    pub ms: f64,
    /// The number of the asking program's process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The program that gets the key, if it is not the asking one: the command of `exec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The parents of the asking program, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Process>,
    /// On how many levels this program is its own helper, according to the environment. 0 is omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
}

/// A process, as the system reports it. Never its arguments, because they may contain keys.
#[derive(Serialize, Deserialize, Default, Clone)]
#[serde(default)]
pub struct Process {
    pub pid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Its name, if that is not the program's file name: a script, or a program that cannot be inspected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Line {
    /// Sets the asking process (the first one) and its parents.
    pub fn asked_by(&mut self, processes: &[Process]) {
        if let Some((asker, parents)) = processes.split_first() {
            let Process { pid, program, name } = asker.clone();
            (self.pid, self.program, self.name) = (Some(pid), program, name);
            self.parents = parents.to_vec();
        }
    }

    /// The program that asked.
    pub fn asker(&self) -> Option<Process> {
        Some(Process { pid: self.pid?, program: self.program.clone(), name: self.name.clone() })
    }
}

/// Prepares a text from outside for the log: without invisible characters, without keys, and not too long.
pub fn text(text: &str) -> String {
    cut(shown(text))
}

/// Prepares the name of a process. Keys are not redacted, because a program's path often contains a hash that looks like one.
pub fn name(text: &str) -> String {
    cut(modelforge_credential_protocol::visible(text))
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
