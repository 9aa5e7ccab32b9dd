//! The tools, as data. To add a tool, add a row, and a fixture with its file before and after.

mod keys;
mod projects;
mod rows;

pub use keys::{Hook, Key, Match, Then, Whose};
pub use projects::{PROJECT, of_project};
pub use rows::TOOLS;

use crate::format::Format;

/// A program that stores keys in files.
pub struct Tool {
    /// The name of an account for this tool's own key.
    pub name: &'static str,
    /// The command that starts it, if `exec` has to set its key.
    pub command: Option<&'static str>,
    pub files: &'static [File],
}

/// A file of a tool.
pub struct File {
    /// Its path: the first of these whose variable is set; `~` is the home directory. `*` is allowed in the last two parts.
    pub paths: &'static [&'static str],
    pub format: Format,
    pub keys: &'static [Key],
    /// True if the tool made it as a copy of another of its files, and does not read it.
    pub is_copy: bool,
}

impl File {
    const fn new(paths: &'static [&'static str], format: Format, keys: &'static [Key]) -> Self {
        Self { paths, format, keys, is_copy: false }
    }

    const fn copy(self) -> Self {
        Self { is_copy: true, ..self }
    }
}
