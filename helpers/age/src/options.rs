//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use modelforge_credential_protocol::visible;

const HELP: &str = include_str!("help.txt");

/// What the command line asks for.
pub enum Asked {
    /// An operation, which is the last word.
    Serve(Options),
    Print(&'static str),
}

#[derive(Default)]
pub struct Options {
    pub identities: Vec<PathBuf>,
    pub recipients: Vec<String>,
    /// The name of a shared store.
    pub store: Option<String>,
    pub signing_key: Option<PathBuf>,
}

impl Options {
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

/// Parses the options. The last word is the operation, which `serve` reads.
pub fn parse(words: impl Iterator<Item = OsString>) -> Result<Asked, String> {
    let mut options = Options::default();
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        let (option, inline) =
            text.split_once('=').map_or((text, None), |(option, value)| (option, Some(value.into())));
        match option {
            "--help" | "-h" => return Ok(Asked::Print(HELP)),
            "--version" | "-V" => {
                return Ok(Asked::Print(concat!("modelforge-credential-age ", env!("CARGO_PKG_VERSION"), "\n")));
            }
            "--identity" | "--recipient" | "--store" | "--signing-key" => {
                let value = inline.or_else(|| words.next()).ok_or_else(|| format!("`{option}` needs a value"))?;
                options.take(option, value)?;
            }
            _ if words.peek().is_some() || option.starts_with('-') => {
                // Do not show the option's value, or a word that is not an option: either may be a misplaced key.
                return Err(match option.starts_with('-') {
                    true => format!("`{}` is not an option", visible(option)),
                    false => "a word before the operation is not an option".into(),
                });
            }
            _ if options.store.is_some() && !options.recipients.is_empty() => {
                return Err("`--recipient` cannot be used with `--store`: its members can read it".into());
            }
            _ => return Ok(Asked::Serve(options)),
        }
    }
    Err(String::from("no operation"))
}
