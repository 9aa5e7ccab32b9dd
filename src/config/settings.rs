//! `config.toml` while this program changes it: only one process at a time, and never into something that it could not read.

use std::fs::File;
use std::path::PathBuf;

use modelforge_credential_files::{Own, Trust};
use modelforge_credential_protocol::{Error, Result};
use toml_edit::DocumentMut;
use zeroize::Zeroizing;

use super::{Config, path, read_text};
use crate::lock;

/// The file, locked until this is dropped. So if two processes add to it, no line is lost.
pub struct Settings {
    file: PathBuf,
    /// `None` if the file does not exist.
    text: Option<Zeroizing<String>>,
    _lock: Option<File>,
}

impl Settings {
    /// Reads the file; `purpose` says in messages what for. A missing file is empty.
    pub fn to_change(purpose: &str) -> Result<Self> {
        let lock = lock::one_change_of_settings()?;
        let (file, _) = path().ok_or_else(|| no_file(purpose))?;
        let text = read_text(&file, Trust::Believed)?;
        Ok(Self { file, text, _lock: lock })
    }

    /// The configuration in the file.
    pub fn parse(&self) -> Result<Config> {
        self.parse_as(self.text())
    }

    /// The configuration that another text would be.
    pub fn parse_as(&self, text: &str) -> Result<Config> {
        Config::parse(&self.file, text)
    }

    pub fn text(&self) -> &str {
        self.text.as_ref().map_or("", |text| text.as_str())
    }

    pub fn is_missing(&self) -> bool {
        self.text.is_none()
    }

    /// Its text, comments and layout included.
    pub fn document(&self) -> Option<DocumentMut> {
        self.text().parse().ok()
    }

    /// Writes the file if it can be read afterwards and says what it should. If the file is a link, it stays a link.
    pub fn write(
        self,
        document: &DocumentMut,
        is_as_wanted: impl FnOnce(&Config) -> bool,
        cannot: impl Fn() -> Error,
    ) -> Result<Config> {
        self.write_text(&document.to_string(), is_as_wanted, cannot)
    }

    /// The same with a text.
    pub fn write_text(
        self,
        text: &str,
        is_as_wanted: impl FnOnce(&Config) -> bool,
        cannot: impl Fn() -> Error,
    ) -> Result<Config> {
        let after = self.parse_as(text).map_err(|_| cannot())?;
        if !is_as_wanted(&after) {
            return Err(cannot());
        }
        let (folder, name) = self.place()?;
        Own::new(&folder).write_beside_others(name.as_ref(), text.as_bytes())?;
        Ok(after)
    }

    /// Removes the file. Use it if the file was created by a change that is now undone.
    pub fn remove(self) -> Result<()> {
        let (folder, name) = self.place()?;
        Own::new(&folder).remove(name.as_ref())
    }

    fn place(&self) -> Result<(PathBuf, PathBuf)> {
        let file = self.file.canonicalize().unwrap_or_else(|_| self.file.clone());
        let (folder, name) = (file.parent().map(PathBuf::from), file.file_name().map(PathBuf::from));
        folder.zip(name).ok_or_else(|| no_file("to change"))
    }
}

fn no_file(purpose: &str) -> Error {
    Error::new(format!("there is no configuration file {purpose}"))
        .hint("set MODELFORGE_CREDENTIAL_CONFIG to a file, or do not set it")
}
