//! A running case: a new home directory, unused names, the requests, and the cleanup.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Mutex;

use modelforge_credential_client::Finished;

use crate::checked::{Broken, Checked, must};
use crate::exchange::{Exchange, remarks};
use crate::found::Found;
use crate::home;
use crate::kind::Kind;
use crate::subject::Subject;
use crate::throw_away::{ThrowAway, random_word};

/// How many requests of a broken case are kept.
const KEPT: usize = 3;

/// A time in the year 2100.
pub const LATER: &str = "4102444800";

/// A helper with a home directory.
pub struct Session<'a> {
    subject: &'a Subject,
    kind: &'a Kind,
    home: Option<tempfile::TempDir>,
    /// Where something was stored: each `protocol`, `host` and `path`, as lines.
    places: Mutex<BTreeSet<String>>,
    exchanges: Mutex<VecDeque<Exchange>>,
    /// A random word that is part of every name.
    pub word: String,
    /// `WORD.invalid`.
    pub name_of_host: String,
    /// The lines that name that host.
    pub host: String,
    /// The same host, and Ann.
    pub ann: String,
    pub bob: String,
    pub name_of_ann: String,
    pub name_of_bob: String,
    pub secret: String,
}

impl<'a> Session<'a> {
    pub fn new(subject: &'a Subject, kind: &'a Kind) -> Checked<Self> {
        let no_home = |problem| Broken::rule(format!("cannot create a directory for the test: {problem}"));
        let home = (!subject.in_place()).then(|| home::new(subject.home()).map_err(no_home)).transpose()?;
        let word = random_word();
        let ThrowAway { host: name_of_host, username: name_of_ann, password: secret } = ThrowAway::at(&word, "ann");
        let name_of_bob = name_of_ann.replacen("ann", "bob", 1);
        let host = format!("protocol=https\nhost={name_of_host}\n");
        Ok(Self {
            subject,
            kind,
            home,
            places: Mutex::default(),
            exchanges: Mutex::default(),
            ann: format!("{host}username={name_of_ann}\n"),
            bob: format!("{host}username={name_of_bob}\n"),
            secret,
            name_of_host,
            name_of_ann,
            name_of_bob,
            host,
            word,
        })
    }

    pub fn home(&self) -> Option<&Path> {
        self.home.as_ref().map(tempfile::TempDir::path)
    }

    pub fn keeps(&self) -> bool {
        self.kind.keeps
    }

    /// True if a request that a careless helper takes for "everything" can only affect our own entries.
    pub fn may_risk(&self) -> bool {
        self.subject.may_risk() || (self.kind.keeps && !self.kind.shared)
    }

    /// Another host of this session.
    pub fn other_host(&self, name: &str) -> String {
        format!("{name}.{}", self.name_of_host)
    }

    /// Sends one request, and checks that no secret is shown.
    pub fn run(&self, operation: &str, input: impl AsRef<[u8]>) -> Checked<Finished> {
        if self.subject.is_interrupted() {
            return Err(Broken::Interrupted);
        }
        let finished = self.ask(operation, input.as_ref())?;
        let said = String::from_utf8_lossy(&finished.said);
        must(!said.contains(&self.secret), format!("`{operation}` shows the secret on standard error (A1)"))?;
        Ok(finished)
    }

    /// Sends one request, also after an interruption, and checks nothing.
    pub fn ask(&self, operation: &str, input: &[u8]) -> Checked<Finished> {
        if operation == "store"
            && let Ok(mut places) = self.places.lock()
        {
            places.insert(place_of(input));
        }
        let finished = self.subject.run(self.home(), operation, input);
        self.note(match &finished {
            Ok(finished) => Exchange::new(operation, input, &finished.output, &finished.said, finished.reason()),
            Err(failure) => Exchange::new(operation, input, b"", b"", failure.to_string()),
        });
        finished.map_err(|problem| Broken::rule(format!("`{operation}`: {problem}")))
    }

    fn note(&self, exchange: Exchange) {
        let Ok(mut exchanges) = self.exchanges.lock() else { return };
        exchanges.push_back(exchange);
        if exchanges.len() > KEPT {
            exchanges.pop_front();
        }
    }

    /// The last requests, in order.
    pub fn last_exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().map(|exchanges| exchanges.iter().cloned().collect()).unwrap_or_default()
    }

    /// How it ended, and the reason that it gave.
    pub fn said(&self, finished: &Finished) -> String {
        let said = String::from_utf8_lossy(&finished.said);
        let line = remarks(&said).first().map(|line| line.replace(&self.secret, "…")).unwrap_or_default();
        let shown: String = line.chars().take(200).collect();
        if shown.is_empty() { finished.reason() } else { format!("{}: {shown}", finished.reason()) }
    }

    /// An answer, if there is one.
    pub fn get(&self, request: impl AsRef<[u8]>) -> Checked<Option<Found>> {
        let finished = self.run("get", request)?;
        if self.subject.through_git() && String::from_utf8_lossy(&finished.said).contains("terminal prompts disabled") {
            return Ok(None);
        }
        must(finished.status.success(), format!("`get` failed with {}", self.said(&finished)))?;
        let found = Found::parse(&finished.output)?;
        Ok(found.has_secret().then_some(found))
    }

    /// Fails unless the request succeeds and prints nothing.
    pub fn does(&self, operation: &str, input: impl AsRef<[u8]>) -> Checked {
        let finished = self.run(operation, input)?;
        must(finished.status.success(), format!("`{operation}` failed with {}", self.said(&finished)))?;
        must(finished.output.is_empty(), format!("`{operation}` printed something"))
    }

    pub fn stores(&self, credential: impl AsRef<[u8]>) -> Checked {
        self.does("store", credential)
    }

    pub fn erases(&self, description: impl AsRef<[u8]>) -> Checked {
        self.does("erase", description)
    }

    /// Fails unless a `get` finds this password.
    pub fn finds(&self, request: impl AsRef<[u8]>, password: &str) -> Checked<Found> {
        let found = self.get(request)?.ok_or_else(|| Broken::rule("what was stored is not found"))?;
        found.must_have("password", Some(password), "the password")?;
        Ok(found)
    }

    pub fn finds_nothing(&self, request: impl AsRef<[u8]>) -> Checked {
        let shown = shown(request.as_ref());
        must(self.get(request)?.is_none(), format!("`get` of {shown} is answered, and there is nothing to answer with"))
    }

    pub fn refuses(&self, operation: &str, input: impl AsRef<[u8]>) -> Checked {
        let shown = shown(input.as_ref());
        let finished = self.run(operation, input)?;
        // A helper that stores nothing may be silent instead.
        let is_silent = !self.keeps() && finished.output.is_empty();
        must(is_silent || !finished.status.success(), format!("`{operation}` of {shown} is not refused"))?;
        must(finished.output.is_empty(), format!("`{operation}` of {shown} is refused, but something is printed"))
    }

    /// Stores Ann's key, with which most cases begin.
    pub fn with_ann(&self) -> Checked<&Self> {
        self.stores(format!("{}password={}\n", self.ann, self.secret))?;
        Ok(self)
    }

    /// Erases what the case stored. Returns what is still there.
    pub fn clean_up(&self) -> Vec<String> {
        if self.home.is_some() && !self.kind.shared {
            // The home directory will be removed.
            return Vec::new();
        }
        self.erase_all()
    }

    /// Erases everything that was stored. Returns what still answers.
    pub fn erase_all(&self) -> Vec<String> {
        let places = self.places.lock().map(|places| places.clone()).unwrap_or_default();
        let mut left = Vec::new();
        for place in places.iter().filter(|place| place.contains(&self.word)) {
            let _ = self.ask("erase", place.as_bytes());
            let answer = self.ask("get", place.as_bytes()).ok().and_then(|said| Found::parse(&said.output).ok());
            if answer.is_some_and(|found| found.has_secret()) {
                left.push(place.trim_end().replace('\n', " "));
            }
        }
        left
    }

    /// True if a file in the home directory contains the secret in plain text.
    pub fn shows_the_secret_in_a_file(&self) -> bool {
        self.home().is_some_and(|home| home::holds(home, self.secret.as_bytes()))
    }
}

/// The description in a request, without its user name.
fn place_of(request: &[u8]) -> String {
    let part = |key: &[u8]| {
        let lines = request.split(|b| *b == b'\n').take_while(|line| !line.is_empty());
        let line = lines.filter(|line| line.starts_with(key)).last()?;
        let text = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).ok()?;
        (!text.contains(char::is_control)).then(|| format!("{text}\n"))
    };
    [part(b"protocol="), part(b"host="), part(b"path=")].into_iter().flatten().collect()
}

/// The beginning of a request, for a message.
fn shown(request: &[u8]) -> String {
    let start = String::from_utf8_lossy(&request[..request.len().min(70)]).into_owned();
    format!("{start:?}")
}
