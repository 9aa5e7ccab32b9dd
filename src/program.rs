//! Finds helper programs and starts them: the only file that knows PATH and spawning. A [`Program`] is a process on one side and
//! a [`Helper`] on the other.

mod find;
mod installed;
mod process;
mod raw;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use modelforge_credential_protocol::{Error, Helper, MAX_RECORD, Nature, Operation, Reader, Record, Result, visible};
use zeroize::Zeroizing;

use crate::audit;
use crate::config::Entry;
use crate::error::{self, PROGRAM};
use crate::lock;
use crate::terminal;
use find::{search, trusted};
pub use installed::installed;
use process::Running;
pub use process::{Finished, expect_children, names_no_interpreter};

/// How long a helper may take when nobody is there who might have to unlock something.
const LIMIT: Duration = Duration::from_secs(10);
/// How long it may take when it may ask a person.
const LIMIT_WITH_A_PERSON: Duration = Duration::from_secs(120);
/// How long a person may take to confirm a code in a browser; the codes themselves end sooner.
pub const LIMIT_OF_A_DEVICE_FLOW: Duration = Duration::from_secs(20 * 60);
/// The most attributes of an answer.
const MAX_ANSWER: usize = 128;
/// The longest list of a helper, in bytes.
const MAX_LIST: usize = 8 << 20;
/// The most credentials that a helper may list.
const MAX_LISTED: usize = 50_000;
/// Says how often this program is its own helper's helper.
pub const DEPTH: &str = "MODELFORGE_CREDENTIAL_DEPTH";
/// How often it may be.
const MAX_DEPTH: u32 = 4;

/// A helper program that was found.
#[derive(Debug, Clone)]
pub struct Program {
    name: String,
    path: PathBuf,
    arguments: Vec<String>,
    limit: Option<Duration>,
    attended: bool,
    environment: Vec<(&'static str, &'static str)>,
    /// Asked for once, and never for a mere `get`.
    nature: Arc<OnceLock<Nature>>,
}

impl Program {
    /// Looks for the program of an entry: beside this program, then on PATH.
    pub fn find(entry: &Entry) -> Result<Self> {
        let (first, arguments) = entry.words.split_first().ok_or("an entry is empty")?;
        let name = entry.words.join(" ");
        let path = match entry.is_command {
            _ if Path::new(first).is_absolute() => trusted(Path::new(first))?,
            true => search(OsStr::new(first), false, || error::program_missing(first))?,
            false => search(OsStr::new(&format!("{PROGRAM}-{first}")), true, || error::helper_missing(first))?,
        };
        let name = if entry.is_command { name } else { first.clone() };
        Ok(Self {
            name,
            path,
            arguments: arguments.to_vec(),
            limit: entry.timeout,
            attended: false,
            environment: Vec::new(),
            nature: Arc::default(),
        })
    }

    /// What is started.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether both start the same, whatever they are called.
    pub fn is_same(&self, other: &Self) -> bool {
        let real = |program: &Self| program.path.canonicalize().unwrap_or_else(|_| program.path.clone());
        self.arguments == other.arguments && real(self) == real(other)
    }

    /// The same program, told that it may ask a person.
    pub fn attended(&self) -> Self {
        Self { attended: true, ..self.clone() }
    }

    /// The same program with a variable in its environment.
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// How long it may take.
    pub fn limit(&self) -> Duration {
        self.limit.unwrap_or_else(|| match self.attended {
            true if self.nature().generates => LIMIT_OF_A_DEVICE_FLOW,
            true => LIMIT_WITH_A_PERSON,
            false => LIMIT,
        })
    }

    fn run(&self, operation: Operation, request: &Record, most: usize) -> Result<Zeroizing<Vec<u8>>> {
        let start = Instant::now();
        let outcome = self.run_untraced(operation, request, most);
        self.trace(operation, start, outcome.as_ref().map(|_| ("done", request)), request);
        outcome
    }

    /// One line for a hop: what came of it and, of all that is known by then, what may be shown.
    fn trace(
        &self,
        operation: Operation,
        start: Instant,
        outcome: std::result::Result<(&str, &Record), &Error>,
        request: &Record,
    ) {
        if !terminal::is_verbose() {
            return;
        }
        let (outcome, record) = match outcome {
            Ok((outcome, record)) => (outcome.to_owned(), record),
            Err(problem) => (format!("failed: {problem}"), request),
        };
        let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
        let (name, operation, path) = (&self.name, operation.name(), error::tilde(&self.path));
        let line = format!("{name} {operation}: {outcome} in {milliseconds:.1} ms ({path}) {record:?}");
        terminal::trace(line.trim_end());
    }

    fn run_untraced(&self, operation: Operation, request: &Record, most: usize) -> Result<Zeroizing<Vec<u8>>> {
        let depth = depth();
        if depth >= MAX_DEPTH {
            return Err(error::too_deep());
        }
        let mut command = command(&self.path);
        command
            .args(&self.arguments)
            .arg(operation.name())
            .env("MODELFORGE_CREDENTIAL_INTERACTIVE", if self.attended { "1" } else { "0" })
            .env(DEPTH, (depth + 1).to_string())
            .env(lock::HELD, lock::held().unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(if self.attended { Stdio::inherit() } else { Stdio::piped() });
        command.envs(self.environment.iter().copied());
        let mut running = Running::start(command, !self.attended, self.limit())?;
        running.write(request.to_lines());
        audit::get_ready();
        let finished = running.finish(most)?;
        let (reason, hint) = self.pass_on(&finished, request);
        if finished.status.success() {
            return Ok(finished.output);
        }
        let failure = Error::new(reason.unwrap_or_else(|| ended(finished.status)));
        Err(match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }

    /// Passes on what the helper said, without the secrets of the request and of the answer, should it have repeated them (a
    /// script with `set -x` does); what it gave as its reason for failing, and its hint, become part of our own message.
    fn pass_on(&self, finished: &Finished, request: &Record) -> (Option<String>, Option<String>) {
        let (mut reason, mut hint) = (None, None);
        let said = String::from_utf8_lossy(&finished.said);
        let answered = finished.output.split(|b| matches!(b, b'\n' | b'\r')).filter_map(|line| {
            let split = line.iter().position(|b| *b == b'=')?;
            Some((std::str::from_utf8(&line[..split]).unwrap_or_default(), &line[split + 1..]))
        });
        let mut secrets: Vec<&str> = match said.trim().is_empty() {
            true => Vec::new(),
            false => (request.iter().chain(answered))
                .filter(|(key, value)| value.len() > 3 && !modelforge_credential_protocol::is_public(key))
                .filter_map(|(_, value)| std::str::from_utf8(value).ok())
                .collect(),
        };
        // The longest first: one may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let lines: Vec<String> = said
            .lines()
            .map(|line| {
                visible(&secrets.iter().fold(line.to_owned(), |line, secret| line.replace(secret, "<redacted>")))
            })
            .collect();
        // A helper that is asked more than once may say the same each time.
        let is_news = !lines.is_empty() && terminal::is_news(&format!("{}: {}", self.name, lines.join("\n")));
        for line in &lines {
            if let Some(text) = line.strip_prefix("error: ").or(line.strip_prefix("fatal: ")) {
                reason = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("hint: ").filter(|_| reason.is_some()) {
                hint = Some(text.to_owned());
            } else if !line.trim().is_empty() {
                let is_kind = line.starts_with("warning: ") || line.starts_with("hint: ");
                if is_news && (!is_kind || terminal::is_news(line)) {
                    terminal::remark(line);
                }
            }
        }
        (reason, hint)
    }
}

impl Helper for Program {
    fn nature(&self) -> Nature {
        *self.nature.get_or_init(|| {
            let said = self.run_raw(&[Operation::Capability.name()], &[], b"", self.limit.unwrap_or(LIMIT));
            // One that does not know the operation is none of these.
            let said = said.ok().filter(|said| said.status.success());
            said.map(|said| Nature::from_lines(&said.output)).unwrap_or_default()
        })
    }

    fn get(&self, request: &Record) -> Result<Option<Record>> {
        let start = Instant::now();
        let outcome = self.run_untraced(Operation::Get, request, MAX_RECORD).and_then(|output| found(&output, request));
        let shown = outcome.as_ref().map(|found| match found {
            Some(found) => ("found", found),
            None => ("found nothing", request),
        });
        self.trace(Operation::Get, start, shown, request);
        outcome
    }

    fn store(&self, credential: &Record) -> Result<()> {
        self.run(Operation::Store, credential, MAX_RECORD).map(drop)
    }

    fn erase(&self, description: &Record) -> Result<()> {
        self.run(Operation::Erase, description, MAX_RECORD).map(drop)
    }

    fn list(&self, request: &Record) -> Result<Option<Vec<Record>>> {
        let output = self.run(Operation::List, request, MAX_LIST)?;
        let mut reader = Reader::new(output.as_slice());
        let mut records = Vec::new();
        while let Some(mut record) = reader.record().map_err(|problem| error::malformed(&problem))? {
            if let Some(count) = record.text("count") {
                return if count == records.len().to_string() {
                    Ok(Some(records))
                } else {
                    Err(error::list_cut_short())
                };
            }
            if records.len() == MAX_LISTED {
                return Err(Error::new(format!("it listed more than {MAX_LISTED} credentials")));
            }
            record.retain(modelforge_credential_protocol::is_public);
            records.push(record);
        }
        if records.is_empty() { Ok(None) } else { Err(error::list_cut_short()) }
    }
}

/// Every program that an entry may mean, in the order in which they are looked at: the first that may be started is.
pub fn candidates(entry: &Entry) -> Vec<PathBuf> {
    let Some(first) = entry.words.first() else { return Vec::new() };
    match entry.is_command {
        _ if Path::new(first).is_absolute() => vec![PathBuf::from(first)],
        true => find::candidates(OsStr::new(first), false),
        false => find::candidates(OsStr::new(&format!("{PROGRAM}-{first}")), true),
    }
}

/// The answer to a `get`, if it is one to this request.
fn found(output: &[u8], request: &Record) -> Result<Option<Record>> {
    let mut found = Record::read_from(output).map_err(|problem| error::malformed(&problem))?;
    // What answers say adds up along the chain, and a record holds only so much.
    if found.len() > MAX_ANSWER {
        return Err(Error::new(format!("it answered with more than {MAX_ANSWER} attributes")));
    }
    found.refuse_empty_secrets().map_err(|problem| error::malformed(&problem))?;
    // They would send whoever reads the answer elsewhere: git takes a `url` for all the rest, an `oauth` helper these for its own.
    found.retain(|key| {
        !matches!(key, "url" | "env[]" | "consent" | "client_id" | "device_code_url" | "token_url" | "sign_in")
    });
    let differs =
        |key| matches!((request.get(key), found.get(key)), (Some(asked), Some(answered)) if asked != answered);
    if found.has("path") && !request.has("path") && differs("provider") {
        // To a helper, no path means any. What it found is kept for another provider of the same host.
        return Ok(None);
    }
    for key in ["protocol", "host", "path", "provider", "username"] {
        if let (Some(asked), Some(answered)) = (request.get(key), found.get(key))
            && asked != answered
        {
            return Err(error::changed(key));
        }
    }
    // A pre-encoded credential counts only from a helper that says it knows what that is.
    if !found.announces("authtype") {
        found.retain(|key| !matches!(key, "authtype" | "credential"));
    }
    if !found.announces("state") {
        found.retain(|key| !matches!(key, "state[]" | "continue"));
    }
    Ok(if found.is_empty() { None } else { Some(found) })
}

/// Lets a program ask a person: `ssh-askpass` and its like. The prompt is its argument, the first line it prints the answer.
pub fn askpass(program: &OsStr, prompt: &str) -> Result<Zeroizing<String>> {
    let name = program.to_string_lossy();
    let path = match Path::new(program) {
        path if path.is_absolute() => trusted(path)?,
        path if path.components().count() == 1 => search(program, false, || error::program_missing(&name))?,
        path => return Err(error::program_unusable(path)),
    };
    let mut command = command(&path);
    command.arg(visible(prompt)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let finished = Running::start(command, false, LIMIT_WITH_A_PERSON)?.finish(MAX_RECORD)?;
    if !finished.status.success() {
        return Err(error::helper_failed(&name, &Error::new(ended(finished.status))));
    }
    let line = finished.output.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| error::nothing_entered())?;
    Ok(Zeroizing::new(line.to_owned()))
}

/// Looks on PATH for a program that a person named, as carefully as for a helper.
pub fn on_path(name: &OsStr) -> Result<PathBuf> {
    search(name, false, || error::program_missing(&name.to_string_lossy()))
}

#[expect(clippy::disallowed_methods, reason = "this is the file that starts helpers")]
fn command(path: &Path) -> Command {
    Command::new(path)
}

/// How many times this program was its own helper, as its caller says.
pub fn depth() -> u32 {
    std::env::var(DEPTH).ok().and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("it was ended by signal {signal}");
    }
    format!("exit status {}", status.code().unwrap_or(-1))
}
