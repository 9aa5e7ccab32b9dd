//! A record of the log: one line of JSON. A field that does not apply is left out; one that is not known here is passed over, as those
//! of older versions are.

use modelforge_credential_protocol::shown;
use serde::{Deserialize, Serialize};

/// The longest text of a record, in characters: a host may have as many as a line of the protocol.
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
    /// The asking program's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The program that gets the key, if that is not the asking one: the command of `exec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The parents of the asking program, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Process>,
    /// How often this program is its own helper, as the environment says. 0 is omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
}

/// A process, as far as the system tells. Never its arguments: they may hold keys.
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
    /// Sets who asked: the first process, and those that started it.
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

/// A text from outside for the log: nothing invisible in it, no key, and not too long.
pub fn text(text: &str) -> String {
    cut(shown(text))
}

/// A process as the system reports it. A program's path often contains a hash, which looks like a key.
pub fn name(text: &str) -> String {
    cut(modelforge_credential_protocol::visible(text))
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
