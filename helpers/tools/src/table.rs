//! The tools, as data: a further tool is a further row, a file with keys in it, and what must be left of that.

mod keys;
mod projects;
mod rows;

pub use keys::{Hook, Key, Match, Then, Whose};
pub use projects::{PROJECT, of_project};
pub use rows::TOOLS;

use crate::format::Format;

/// A program that keeps keys in files.
pub struct Tool {
    /// As an account is called that is only this tool's.
    pub name: &'static str,
    /// How a person starts it, where `exec` must hand it its key.
    pub command: Option<&'static str>,
    pub files: &'static [File],
}

/// A file of a tool.
pub struct File {
    /// Where it is: the first of these of which the variable is set, `~` is the person's own folder. `*` may stand in the last two parts.
    pub paths: &'static [&'static str],
    pub format: Format,
    pub keys: &'static [Key],
    /// True if the tool made it itself out of another of its files: it does not read it.
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
