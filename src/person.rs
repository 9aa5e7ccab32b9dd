//! The person who may be asked for a key: at the terminal, through a program, or not at all.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use modelforge_credential_client::{Failure, Running, command, on_path, trusted};
use modelforge_credential_protocol::{Error, MAX_RECORD, Record, Result, visible};
use zeroize::Zeroizing;

use crate::error;
use crate::terminal;

/// How long a person may take to answer a program that asks.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who may be asked.
pub enum Person {
    /// Nobody: there is no terminal, or the caller forbade it.
    Nobody,
    /// Through this program (`ssh-askpass` and its like).
    Askpass(OsString),
    /// At the terminal.
    Terminal,
}

/// Finds out who may be asked: `MODELFORGE_CREDENTIAL_ASKPASS`, `SSH_ASKPASS`, then the terminal.
pub fn person() -> Person {
    let forbidden = std::env::var("MODELFORGE_CREDENTIAL_INTERACTIVE")
        .is_ok_and(|value| matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off" | "never"));
    if forbidden {
        return Person::Nobody;
    }
    let askpass = ["MODELFORGE_CREDENTIAL_ASKPASS", "SSH_ASKPASS"]
        .into_iter()
        .find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
    match askpass {
        Some(program) => Person::Askpass(program),
        None if terminal_is_there() => Person::Terminal,
        None => Person::Nobody,
    }
}

fn terminal_is_there() -> bool {
    let name = if cfg!(windows) { "CONIN$" } else { "/dev/tty" };
    std::fs::File::open(name).is_ok_and(|terminal| terminal.is_terminal())
}

impl Person {
    /// Asks for what `request` lacks, its user name where that is needed and the secret, and sets it.
    pub fn complete(&self, request: &mut Record, wants_username: bool) -> Result<()> {
        if wants_username && !request.has("username") {
            let username = self.ask(&format!("Username for '{}': ", request.url()), true)?;
            request.set("username", username.as_bytes())?;
        }
        let secret = self.secret(request)?;
        request.set("password", secret.as_bytes())
    }

    /// Asks for the secret of what `request` describes.
    pub fn secret(&self, request: &Record) -> Result<Zeroizing<String>> {
        let prompt = match (request.text("provider"), request.text("username")) {
            (Some(_), _) => format!("API key for {}: ", error::name_of(request).replace('`', "")),
            (None, Some(username)) => {
                let url = request.url();
                let (protocol, rest) = url.split_once("://").unwrap_or(("", &url));
                format!("Password for '{protocol}://{}@{rest}': ", visible(username))
            }
            (None, None) => format!("Password for '{}': ", request.url()),
        };
        self.ask(&prompt, false)
    }

    fn ask(&self, prompt: &str, echo: bool) -> Result<Zeroizing<String>> {
        let entered = match self {
            Self::Nobody => return Err(nobody_to_ask()),
            Self::Askpass(program) => match askpass(program, prompt) {
                Ok(entered) => entered,
                Err(problem) if terminal_is_there() => {
                    terminal::warning(&problem);
                    Self::Terminal.ask(prompt, echo)?
                }
                Err(problem) => return Err(problem),
            },
            Self::Terminal if echo => terminal::read_line(prompt)?,
            Self::Terminal => terminal::read_hidden(prompt)?,
        };
        if entered.trim().is_empty() {
            return Err(error::nothing_entered());
        }
        Ok(entered)
    }
}

/// Lets a program ask: `ssh-askpass` and its like. The prompt is its argument, the first line it prints the answer.
fn askpass(program: &OsStr, prompt: &str) -> Result<Zeroizing<String>> {
    let path = match Path::new(program) {
        path if path.is_absolute() => trusted(path)?,
        path if path.components().count() == 1 => on_path(program)?,
        path => return Err(Failure::Unusable(path.to_owned()).into()),
    };
    let mut command = command(&path);
    command.arg(visible(prompt)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let finished = Running::start(command, false, PATIENCE)?.finish(MAX_RECORD)?;
    if !finished.status.success() {
        let failure = Failure::Failed { reason: finished.reason(), hint: None };
        return Err(error::helper_failed(&program.to_string_lossy(), &failure));
    }
    let line = finished.output.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| error::nothing_entered())?;
    Ok(Zeroizing::new(line.to_owned()))
}

fn nobody_to_ask() -> Error {
    Error::new("cannot ask for the key: there is no terminal")
        .hint("set MODELFORGE_CREDENTIAL_ASKPASS, or store the key first")
}
