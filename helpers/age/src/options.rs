//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use modelforge_credential_protocol::About;

pub const ABOUT: About =
    About { program: "modelforge-credential-age", version: env!("CARGO_PKG_VERSION"), help: include_str!("help.txt") };

pub const NAMES: [&str; 4] = ["--identity", "--recipient", "--store", "--signing-key"];

#[derive(Default)]
pub struct Options {
    pub identities: Vec<PathBuf>,
    pub recipients: Vec<String>,
    /// The name of a shared store.
    pub store: Option<String>,
    pub signing_key: Option<PathBuf>,
}

impl Options {
    /// Parses the given options. The error is about the command line.
    pub fn of(given: Vec<(&'static str, OsString)>) -> Result<Self, String> {
        let mut options = Self::default();
        for (option, value) in given {
            options.take(option, value)?;
        }
        if options.store.is_some() && !options.recipients.is_empty() {
            return Err("`--recipient` cannot be used with `--store`: its members can read it".into());
        }
        Ok(options)
    }

    fn take(&mut self, option: &str, value: OsString) -> Result<(), String> {
        let file = |value: &OsString| std::path::absolute(value).map_err(|_| format!("`{option}` needs a file"));
        match option {
            "--identity" => self.identities.push(file(&value)?),
            "--signing-key" => self.signing_key = Some(file(&value)?),
            "--store" => {
                let is_allowed =
                    |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
                let name = value.into_string().unwrap_or_default();
                if name.is_empty() || name.len() > 40 || !name.bytes().all(is_allowed) {
                    return Err("`--store` needs a name, of a-z, 0-9, `-` and `_`".to_owned());
                }
                self.store = Some(name);
            }
            _ => self.recipients.push(value.into_string().map_err(|_| "`--recipient` needs a public key")?),
        }
        Ok(())
    }
}
