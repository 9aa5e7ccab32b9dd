use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::{stdout, visible};

/// What a helper's program says about itself.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The name of its program, `modelforge-credential-NAME`.
    pub program: &'static str,
    /// Its version, without the name.
    pub version: &'static str,
    /// The text of `--help`, with a trailing newline.
    pub help: &'static str,
}

impl About {
    /// Reads the command line of a helper that has only switches: options without a value. Answers `--help` (`-h`) and
    /// `--version` (`-V`), refuses what starts with `-` and is not in `known`, and leaves the operation to
    /// [`serve`](crate::serve).
    ///
    /// ```no_run
    /// # use modelforge_credential_protocol::{About, Helper, Record, Result, serve};
    /// # struct Mine { quick: bool }
    /// # impl Helper for Mine { fn get(&self, _: &Record) -> Result<Option<Record>> { Ok(None) } }
    /// fn main() -> std::process::ExitCode {
    ///     let help = "Keeps keys.\n\nUsage: modelforge-credential-mine [--quick] get|store|erase|list|capability\n";
    ///     let about = About { program: "modelforge-credential-mine", version: "1.0.0", help };
    ///     match about.switches(&["--quick"]) {
    ///         Ok(given) => serve(Mine { quick: given.contains(&"--quick") }),
    ///         Err(ended) => ended,
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// The exit status of a program that is done: 0 after help and version, 1 if they could not be written, 2 for an unknown option.
    pub fn switches(&self, known: &[&'static str]) -> Result<Vec<&'static str>, ExitCode> {
        let mut given = Vec::new();
        for word in std::env::args_os().skip(1) {
            match &*word.to_string_lossy() {
                "--help" | "-h" => return Err(print(self.help)),
                "--version" | "-V" => return Err(print(&format!("{} {}\n", self.program, self.version))),
                option if option.starts_with('-') => match known.iter().find(|known| **known == option) {
                    Some(switch) => given.push(*switch),
                    None => return Err(self.refuse(option)),
                },
                _ => {}
            }
        }
        Ok(given)
    }

    /// Reads the command line of a helper whose options have values: `--name value` or `--name=value`, before the operation, which is left
    /// to [`serve`](crate::serve). They are returned in their order. A value that is not UTF-8, such as the name of a file, must be an
    /// argument of its own: `--name value`.
    ///
    /// # Errors
    /// As [`switches`](Self::switches); also for an option without its value, a word that is not an option, and a missing operation.
    pub fn values(&self, known: &[&'static str]) -> Result<Vec<(&'static str, OsString)>, ExitCode> {
        let mut given = Vec::new();
        let mut words = std::env::args_os().skip(1).peekable();
        while let Some(word) = words.next() {
            let word = word.to_string_lossy();
            let (option, inline) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value.into())),
                None => (&*word, None),
            };
            match option {
                "--help" | "-h" => return Err(print(self.help)),
                "--version" | "-V" => return Err(print(&format!("{} {}\n", self.program, self.version))),
                option if option.starts_with('-') => {
                    let known = known.iter().find(|known| **known == option).ok_or_else(|| self.refuse(option))?;
                    let value = inline.or_else(|| words.next());
                    given.push((*known, value.ok_or_else(|| self.explain(&format!("`{known}` needs a value")))?));
                }
                // Do not show it: it may be a misplaced key.
                _ if words.peek().is_some() => {
                    return Err(self.explain("a word before the operation is not an option"));
                }
                _ => return Ok(given),
            }
        }
        Err(self.explain("no operation"))
    }

    /// Prints on standard error what is wrong with the command line. Returns exit status 2.
    pub fn explain(&self, message: &str) -> ExitCode {
        let _ = writeln!(io::stderr(), "error: {message}\nhint: {} --help", self.program);
        ExitCode::from(2)
    }

    fn refuse(&self, option: &str) -> ExitCode {
        // The text after a `=` may be a key.
        let option = visible(option.split('=').next().unwrap_or_default());
        self.explain(&format!("unknown option `{option}`"))
    }
}

fn print(text: &str) -> ExitCode {
    match stdout().and_then(|mut stdout| stdout.write_all(text.as_bytes())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
