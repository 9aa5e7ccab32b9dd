//! Askpass programs: `ssh-askpass` and the like.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use modelforge_credential_client::{Failure, Moment, Running, command, on_path, trusted, without_keys};
use modelforge_credential_protocol::{Error, MAX_RECORD, Secrets, visible};
use zeroize::Zeroizing;

/// How long a person may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long it has to be silent before its lines are passed on. A script with `set -x` prints the answer on standard error a moment before
/// it sends it.
const SILENCE: Duration = Duration::from_millis(200);

/// The askpass program that the user chose: `MODELFORGE_CREDENTIAL_ASKPASS`, otherwise `SSH_ASKPASS`.
pub fn chosen_program() -> Option<OsString> {
    let variables = ["MODELFORGE_CREDENTIAL_ASKPASS", "SSH_ASKPASS"];
    variables.into_iter().find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

/// Prompts with a program. Its argument is the prompt, and its first line of output is the answer; empty if there is none. `said` gets each
/// line of its standard error, visible and without the answer.
///
/// # Errors
/// If it cannot be found, is not safe to start (as for a helper), fails, or nobody answers in time.
pub fn program(program: &OsStr, prompt: &str, said: &mut dyn FnMut(&str)) -> Result<Zeroizing<String>, Failure> {
    let path = match Path::new(program) {
        path if path.is_absolute() => trusted(path)?,
        path if path.components().count() == 1 => on_path(program)?,
        path => return Err(Failure::Unusable(path.to_owned())),
    };
    let mut command = command(&path);
    command.arg(visible(prompt)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut remarks = Remarks { passed_on: 0, heard: 0, at: Instant::now(), said };
    let finished =
        Running::start(command, false, PATIENCE)?.finish_watched(MAX_RECORD, &mut |now| remarks.watch(now))?;
    remarks.pass_on(&finished.said, &finished.output, |line| Some(line.to_owned()));
    if !finished.status.success() {
        return Err(Error::new(finished.reason()).into());
    }
    Ok(Zeroizing::new(std::str::from_utf8(answer(&finished.output)).unwrap_or_default().to_owned()))
}

fn answer(output: &[u8]) -> &[u8] {
    output.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default()
}

/// Its standard error.
struct Remarks<'a> {
    /// How many bytes were passed on and read, and when the last of them came.
    passed_on: usize,
    heard: usize,
    at: Instant,
    said: &'a mut dyn FnMut(&str),
}

impl Remarks<'_> {
    /// Shows the person what it says while they wait for it.
    fn watch(&mut self, now: &Moment) {
        if now.said.len() != self.heard {
            (self.heard, self.at) = (now.said.len(), Instant::now());
        }
        if self.at.elapsed() >= SILENCE {
            let whole = now.said.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
            // The answer is not known yet.
            self.pass_on(&now.said[..whole], now.output, without_keys);
        }
    }

    fn pass_on(&mut self, said: &[u8], output: &[u8], shown: impl Fn(&str) -> Option<String>) {
        let Some(new) = said.get(self.passed_on..).filter(|new| !new.is_empty()) else { return };
        self.passed_on = said.len();
        let secrets = Secrets::of([Zeroizing::new([b"password=", answer(output)].concat())]);
        let text = String::from_utf8_lossy(new);
        text.lines().filter_map(shown).for_each(|line| (self.said)(&secrets.redacted(&line)));
    }
}
