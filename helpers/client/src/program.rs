//! A helper that is a program: a process behind the interface of a [`Helper`](modelforge_credential_protocol::Helper).

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::slice;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use modelforge_credential_protocol::{
    Capabilities, Error, Interactive, MAX_RECORD, Operation, Reason, Record, encode_batch,
};
use zeroize::Zeroizing;

use crate::caller::{Caller, DEPTH, Hop, Outcome, Silent, next_depth};
use crate::find::{search, trusted};
use crate::process::{Moment, Running, command};
use crate::said::Said;
use crate::{Entry, Failure, PREFIX, answer, git, on_path};

/// The time limit of a helper when there is nobody whom it could prompt.
const LIMIT: Duration = Duration::from_secs(10);
/// The time limit when it may prompt a person.
const LIMIT_WITH_A_PERSON: Duration = Duration::from_secs(120);
/// The time that a person has to confirm a code in a browser. The codes themselves expire sooner.
const LIMIT_WITH_A_BROWSER: Duration = Duration::from_secs(20 * 60);
/// The time limit for work on the whole store: every credential may have to be encrypted again or sent over a slow network, and a person
/// may have to answer several questions.
const LIMIT_OF_ALL: Duration = Duration::from_secs(20 * 60);
/// The additional time for each of several requests.
const MORE_FOR_EACH: Duration = Duration::from_secs(1);
/// After this time, the person is told which helper they are waiting for.
const LONG: Duration = Duration::from_secs(2);
/// The largest list that a helper may send, in bytes.
pub(crate) const MAX_LIST: usize = 64 << 20;

/// A helper program that was found. Each operation starts it again. If it ran into its time limit, or took more than two seconds to fail
/// without prompting anybody, it is not asked any more, except to erase: each further operation fails at once with the same [`Failure`].
#[derive(Clone)]
pub struct Program {
    name: String,
    path: PathBuf,
    arguments: Vec<String>,
    limit: Option<Duration>,
    may_ask: bool,
    environment: Vec<(&'static str, &'static str)>,
    caller: Arc<dyn Caller>,
    capabilities: Arc<OnceLock<Result<Capabilities, Failure>>>,
    /// The failure after which it is not asked again. All copies of this value share it.
    given_up: Arc<OnceLock<Failure>>,
}

impl Program {
    /// Looks for the program of an entry: a helper's name first next to this program, everything else on `PATH`.
    ///
    /// # Errors
    /// If it does not exist or must not be started.
    pub fn find(entry: &Entry) -> Result<Self, Failure> {
        let Some((first, arguments)) = entry.words.split_first() else {
            return Err(Error::new("an entry is empty").into());
        };
        let (path, arguments) = match git::helper(entry) {
            Some(found) => found?,
            None if Path::new(first).is_absolute() => (trusted(Path::new(first))?, arguments.to_vec()),
            None if entry.is_command => (on_path(OsStr::new(first))?, arguments.to_vec()),
            None => {
                let file = format!("{PREFIX}-{first}");
                (search(OsStr::new(&file), true, || Failure::helper_missing(first))?, arguments.to_vec())
            }
        };
        Ok(Self {
            name: entry.name(),
            path,
            arguments,
            limit: entry.timeout,
            may_ask: false,
            environment: Vec::new(),
            caller: Arc::new(Silent),
            capabilities: Arc::default(),
            given_up: Arc::default(),
        })
    }

    /// The same program with this caller.
    #[must_use]
    pub fn called_by(mut self, caller: Arc<dyn Caller>) -> Self {
        self.caller = caller;
        self
    }

    /// The same program, which may now prompt a person at the terminal that it shares with this process.
    #[must_use]
    pub fn attended(&self) -> Self {
        Self { may_ask: true, ..self.clone() }
    }

    /// The same program with one more variable in its environment.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// True if it is not asked any more, except to erase.
    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.get().is_some()
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of the program.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The arguments before the operation.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The time limit of an operation.
    pub fn limit(&self) -> Duration {
        self.limit.unwrap_or_else(|| match self.may_ask {
            true if self.capabilities().generates => LIMIT_WITH_A_BROWSER,
            true => LIMIT_WITH_A_PERSON,
            false => LIMIT,
        })
    }

    /// What the helper says of itself; nothing if it does not know the operation or could not be asked. It is asked once.
    pub fn capabilities(&self) -> Capabilities {
        self.known_capabilities().unwrap_or_default()
    }

    /// The same, for operations that need a certain answer, such as an erase that could change another program's file.
    ///
    /// # Errors
    /// If it could not be asked. It is not asked again.
    pub fn known_capabilities(&self) -> Result<Capabilities, Failure> {
        self.capabilities.get_or_init(|| self.ask_for_capabilities()).clone()
    }

    fn ask_for_capabilities(&self) -> Result<Capabilities, Failure> {
        // A helper that only failed slowly can still be told to erase.
        if let Some(failure @ Failure::TooSlow(_)) = self.given_up.get() {
            return Err(failure.clone());
        }
        let said = self.run_raw(&[Operation::Capability.name()], &[], b"", self.limit.unwrap_or(LIMIT));
        if let Err(failure @ Failure::TooSlow(_)) = &said {
            let _ = self.given_up.set(failure.clone());
        }
        let said = said?;
        match said.status.code() {
            Some(0) => Ok(Capabilities::from_lines(&said.output)),
            Some(_) => Ok(Capabilities::default()),
            None => Err(Failure::Failed { reason: said.reason(), hint: None, kind: Reason::Failed }),
        }
    }

    /// True if both start the same program with the same arguments, whatever their names are.
    pub fn is_same(&self, other: &Self) -> bool {
        let real = |program: &Self| program.path.canonicalize().unwrap_or_else(|_| program.path.clone());
        self.arguments == other.arguments && real(self) == real(other)
    }

    /// Asks for a credential, like [`Helper::get`](modelforge_credential_protocol::Helper::get), but with a typed failure.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn get(&self, request: &Record) -> Result<Option<Record>, Failure> {
        let start = Instant::now();
        let answer = self.run(Operation::Get, request, MAX_RECORD);
        let found = answer.and_then(|output| answer::found(&output, request));
        let (outcome, record) = match &found {
            Ok(Some(found)) => (Outcome::Found, found),
            Ok(None) => (Outcome::FoundNothing, request),
            Err(failure) => (Outcome::Failed(failure), request),
        };
        self.tell(Operation::Get, start.elapsed(), outcome, record);
        found
    }

    /// Stores a credential, like [`Helper::store`](modelforge_credential_protocol::Helper::store), but with a typed failure. Read it back:
    /// a helper may be unable to store, and say nothing.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn store(&self, credential: &Record) -> Result<(), Failure> {
        self.run_and_tell(Operation::Store, credential, MAX_RECORD).map(drop)
    }

    /// Erases credentials, like [`Helper::erase`](modelforge_credential_protocol::Helper::erase), but with a typed failure.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn erase(&self, description: &Record) -> Result<(), Failure> {
        self.run_and_tell(Operation::Erase, description, MAX_RECORD).map(drop)
    }

    /// Lists the stored credentials, like [`Helper::list`](modelforge_credential_protocol::Helper::list), but with a typed failure.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn list(&self, request: &Record) -> Result<Option<Vec<Record>>, Failure> {
        answer::listed(&self.run_and_tell(Operation::List, request, MAX_LIST)?)
    }

    /// Shows or changes the identity, like [`Helper::identity`](modelforge_credential_protocol::Helper::identity), but with a typed
    /// failure. [`capabilities`](Self::capabilities) says whether the helper has one.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn identity(&self, request: &Record) -> Result<Option<Record>, Failure> {
        self.ask_patiently(Operation::Identity, request)
    }

    /// Shows or changes the members of a shared store, like [`Helper::members`](modelforge_credential_protocol::Helper::members), but with
    /// a typed failure. [`capabilities`](Self::capabilities) says whether the helper knows this operation.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn members(&self, request: &Record) -> Result<Option<Record>, Failure> {
        self.ask_patiently(Operation::Members, request)
    }

    /// Exchanges credentials with other machines, like [`Helper::sync`](modelforge_credential_protocol::Helper::sync), but with a typed
    /// failure. [`capabilities`](Self::capabilities) says whether the helper knows this operation.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn sync(&self, request: &Record) -> Result<Option<Record>, Failure> {
        self.ask_patiently(Operation::Sync, request)
    }

    fn ask_patiently(&self, operation: Operation, request: &Record) -> Result<Option<Record>, Failure> {
        let limit = match request.text("action") {
            Some("show" | "list") => self.limit,
            _ => Some(self.limit().max(LIMIT_OF_ALL)),
        };
        let patient = Self { limit, ..self.clone() };
        let answer = Record::read_from(&patient.run_and_tell(operation, request, MAX_RECORD)?[..]);
        let answer = answer.map_err(|problem| Failure::Malformed(problem.to_string()))?;
        Ok(if answer.is_empty() { None } else { Some(answer) })
    }

    fn run_and_tell(&self, operation: Operation, request: &Record, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let start = Instant::now();
        let output = self.run(operation, request, most);
        let elapsed = start.elapsed();
        self.tell(operation, elapsed, output.as_ref().map_or_else(Outcome::Failed, |_| Outcome::Done), request);
        output
    }

    pub(crate) fn tell(&self, operation: Operation, elapsed: Duration, outcome: Outcome, record: &Record) {
        let (helper, program) = (self.name.as_str(), self.path.as_path());
        self.caller.hop(&Hop { helper, program, operation, outcome, elapsed, record });
    }

    fn run(&self, operation: Operation, request: &Record, most: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
        // `erase` is still sent: the helper may hold the secret.
        if let Some(failure) = self.given_up.get().filter(|_| operation != Operation::Erase) {
            return Err(failure.clone());
        }
        let start = Instant::now();
        let outcome = self.exchange(operation, request.to_lines(), slice::from_ref(request), most);
        if let Err(failure) = &outcome
            && (matches!(failure, Failure::TooSlow(_)) || !self.may_ask && start.elapsed() >= LONG)
        {
            let _ = self.given_up.set(failure.clone());
        }
        outcome
    }

    /// The same for several requests. Each adds one second to the limit. That is enough for a distant server, and a helper that hangs is
    /// stopped sooner than with separate requests.
    pub(crate) fn exchange_each(
        &self,
        operation: Operation,
        requests: &[Record],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let many = u32::try_from(requests.len()).unwrap_or(u32::MAX);
        let limit = self.limit() + MORE_FOR_EACH.saturating_mul(many);
        let patient = Self { limit: Some(limit), ..self.clone() };
        let outcome = patient.exchange(operation, encode_batch(requests), requests, MAX_LIST);
        if let Err(failure @ Failure::TooSlow(_)) = &outcome {
            let _ = self.given_up.set(failure.clone());
        }
        outcome
    }

    /// Starts the program, writes the input, and reads the output. `requests` are the requests in the input.
    fn exchange(
        &self,
        operation: Operation,
        input: Zeroizing<Vec<u8>>,
        requests: &[Record],
        most: usize,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let depth = next_depth()?;
        let mut command = command(&self.path);
        command
            .args(&self.arguments)
            .arg(operation.name())
            .env(Interactive::VARIABLE, if self.may_ask { Interactive::Yes } else { Interactive::Never }.value())
            .env(DEPTH, depth.to_string())
            .envs(self.caller.environment())
            .envs(self.environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = Running::start(command, !self.may_ask, self.limit())?;
        running.write(input)?;
        let mut said = Said::new(operation, requests);
        let finished = running.finish_watched(most, &mut |moment| self.watch(&mut said, moment))?;
        self.pass_on(said.rest(&finished));
        match finished.status.success() {
            true => Ok(finished.output),
            false => Err(Failure::Failed {
                kind: Reason::from_lines(&finished.output),
                reason: said.reason.unwrap_or_else(|| finished.reason()),
                hint: said.hint,
            }),
        }
    }

    /// At a terminal, shows what the helper says while it waits for the person, and which helper it is.
    fn watch(&self, said: &mut Said, moment: &Moment) {
        if self.may_ask {
            self.pass_on(said.so_far(moment));
        } else if moment.elapsed >= LONG && said.is_first_wait() {
            self.caller.waits(&self.name, self.limit().saturating_sub(moment.elapsed));
        }
    }

    fn pass_on(&self, lines: Vec<String>) {
        if !lines.is_empty() {
            self.caller.said(&self.name, &lines);
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("name", &self.name).field("path", &self.path).finish_non_exhaustive()
    }
}
