use std::io::{self, Write};
use std::process::ExitCode;

use crate::{stdout, visible};

/// A helper's description of itself.
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
    /// With the exit status, where all is said: 0 after help and version, 1 if they could not be written, 2 for an unknown
    /// option.
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

    fn refuse(&self, option: &str) -> ExitCode {
        // The text after a `=` may be a key.
        let option = visible(option.split('=').next().unwrap_or_default());
        let _ = writeln!(io::stderr(), "error: unknown option `{option}`\nhint: {} --help", self.program);
        ExitCode::from(2)
    }
}

fn print(text: &str) -> ExitCode {
    match stdout().and_then(|mut stdout| stdout.write_all(text.as_bytes())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
