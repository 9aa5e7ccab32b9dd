//! Plain-text files of other programs that contain keys, as the helpers for them list them.

use std::path::Path;
use std::time::Duration;

use modelforge_credential_client::Program;
use modelforge_credential_protocol::{Record, visible};
use serde::Serialize;

use crate::config::entry_of_text;
use crate::error::tilde;
use crate::providers::Providers;
use crate::session::program;
use crate::sources::DEFAULT_SOURCES;

/// A file with keys in it.
#[derive(Serialize)]
pub struct PlainFile {
    pub file: String,
    /// The tool that it belongs to, if its helper reports it.
    pub tool: Option<String>,
    /// The providers of its keys, or their URLs.
    pub providers: Vec<String>,
    /// Its mode, on Unix.
    pub mode: Option<String>,
    /// True if other users can read it according to its mode.
    pub others_can_read: bool,
}

impl PlainFile {
    /// Its keys, and who can read it.
    pub fn to_text(&self) -> String {
        let names = self.providers.iter().map(|name| format!("`{}`", visible(name))).collect::<Vec<_>>().join(", ");
        let tool = self.tool.as_ref().map(|tool| format!(" ({})", visible(tool))).unwrap_or_default();
        let others = match (&self.mode, self.others_can_read) {
            (Some(mode), true) => format!("; other users can read it (mode {mode})"),
            _ => String::new(),
        };
        format!("`{}`{tool} has keys: {names}{others}", tilde(self.file.as_ref()))
    }
}

/// The files of these credentials, each once.
pub fn of<'a>(listed: impl IntoIterator<Item = &'a Record>, providers: &Providers) -> Vec<PlainFile> {
    let mut files: Vec<PlainFile> = Vec::new();
    for record in listed.into_iter().filter(|record| record.is_true("plain_text")) {
        let Some(file) = record.text("file") else { continue };
        let provider = providers.by_location(record).ok().flatten().map(|provider| provider.name);
        let name = provider.unwrap_or_else(|| record.url());
        match files.iter_mut().find(|known| known.file == file) {
            Some(known) if known.providers.contains(&name) => {}
            Some(known) => known.providers.push(name),
            None => {
                let mode = mode_of(file.as_ref());
                files.push(PlainFile {
                    file: file.to_owned(),
                    tool: record.shown("tool"),
                    providers: vec![name],
                    mode: mode.map(|mode| format!("{mode:04o}")),
                    others_can_read: mode.is_some_and(is_open),
                });
            }
        }
    }
    files
}

/// The lists of the helpers that read such files: those that `migrate` would use, in the chain or not. The keyring has no files.
pub fn listed(providers: &Providers, is_asked: impl Fn(&str, &Program) -> bool) -> Vec<Record> {
    let open = |words: &&str| {
        let mut entry = entry_of_text(words).ok()?;
        entry.timeout = Some(Duration::from_secs(5));
        let program = program(&entry).ok()?.with("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
        Some(program).filter(|program| !is_asked(words, program))
    };
    let list = |source: Program| {
        let mut question = providers.context_of_all().ok()?;
        // A file that cannot be read must not hide the others.
        question.push("capability[]", "problem").ok()?;
        source.list(&question).ok()?
    };
    DEFAULT_SOURCES.iter().take(2).filter_map(open).filter_map(list).flatten().collect()
}

/// True if other users can read a file according to its mode. A closed directory above it is not taken into account.
pub fn others_can_read(file: &Path) -> bool {
    mode_of(file).is_some_and(is_open)
}

fn is_open(mode: u32) -> bool {
    mode & 0o044 != 0
}

#[cfg(unix)]
fn mode_of(file: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().ok().map(|metadata| metadata.mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode_of(_: &Path) -> Option<u32> {
    None
}
