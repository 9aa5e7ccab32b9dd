//! One case at work: a home folder and names that nobody has used before, the requests, and the cleaning up.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::sync::Mutex;

use super::checked::{Broken, Checked, must};
use super::found::Found;
use super::{Nature, Subject, home};
use modelforge_credential_client::Finished;
use modelforge_credential_protocol::Error;

/// In 2100.
pub const LATER: &str = "4102444800";

/// A lower-case word that nobody can have given a meaning.
pub fn random_word() -> String {
    let mut number = std::collections::hash_map::RandomState::new().build_hasher().finish();
    let mut word = String::from("zq");
    for _ in 0..12 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

/// A helper in a home.
pub struct Session<'a> {
    subject: &'a Subject,
    nature: &'a Nature,
    home: Option<tempfile::TempDir>,
    /// Where something was stored: each `protocol`, `host` and perhaps `path`, as lines.
    places: Mutex<BTreeSet<String>>,
    /// A word in every name.
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
    pub fn new(subject: &'a Subject, nature: &'a Nature) -> Checked<Self> {
        let home = match subject.in_place() {
            true => None,
            false => Some(
                home::new(subject.home()).map_err(|problem| Broken::rule(no_room_for_a_home(&problem).to_string()))?,
            ),
        };
        let word = random_word();
        let name_of_host = format!("{word}.invalid");
        let host = format!("protocol=https\nhost={name_of_host}\n");
        let (name_of_ann, name_of_bob) = (format!("ann-{word}"), format!("bob-{word}"));
        Ok(Self {
            subject,
            nature,
            home,
            places: Mutex::default(),
            ann: format!("{host}username={name_of_ann}\n"),
            bob: format!("{host}username={name_of_bob}\n"),
            secret: format!("sk-{}{}", random_word(), random_word()),
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
        self.nature.keeps
    }

    /// Whether a request that a careless helper takes for "everything" can only meet entries of ours.
    pub fn may_risk(&self) -> bool {
        self.subject.may_risk() || (self.nature.keeps && !self.nature.shared)
    }

    /// Another host of this session.
    pub fn other_host(&self, name: &str) -> String {
        format!("{name}.{}", self.name_of_host)
    }

    /// Asks once, whatever comes of it.
    pub fn run(&self, operation: &str, input: impl AsRef<[u8]>) -> Checked<Finished> {
        if self.subject.is_interrupted() {
            return Err(Broken::Interrupted);
        }
        self.ask(operation, input.as_ref())
    }

    fn ask(&self, operation: &str, input: &[u8]) -> Checked<Finished> {
        if operation == "store"
            && let Ok(mut places) = self.places.lock()
        {
            places.insert(place_of(input));
        }
        let finished = self.subject.run(self.home(), operation, input);
        let finished = finished.map_err(|problem| Broken::rule(format!("`{operation}`: {problem}")))?;
        let said = String::from_utf8_lossy(&finished.said);
        must(!said.contains(&self.secret), format!("`{operation}` shows the secret on standard error (A1)"))?;
        Ok(finished)
    }

    /// How it ended, and what it gave as its reason.
    pub fn said(&self, finished: &Finished) -> String {
        let status = finished.status.code().map_or("a signal".to_owned(), |code| format!("exit status {code}"));
        let said = String::from_utf8_lossy(&finished.said);
        let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().replace(&self.secret, "…");
        let shown: String = line.chars().take(200).collect();
        if shown.is_empty() { status } else { format!("{status}: {shown}") }
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

    /// Succeeds, and prints nothing.
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

    /// A `get` finds this password.
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
        // One that keeps nothing may say nothing instead.
        let is_silent = !self.keeps() && finished.output.is_empty();
        must(is_silent || !finished.status.success(), format!("`{operation}` of {shown} is not refused"))?;
        must(finished.output.is_empty(), format!("`{operation}` of {shown} is refused, but something is printed"))
    }

    /// Ann's key, which most cases begin with.
    pub fn with_ann(&self) -> Checked<&Self> {
        self.stores(format!("{}password={}\n", self.ann, self.secret))?;
        Ok(self)
    }

    /// Erases what the case stored. Returns what is there all the same.
    pub fn clean_up(&self) -> Vec<String> {
        if self.home.is_some() && !self.nature.shared {
            // It goes with the home.
            return Vec::new();
        }
        self.erase_all()
    }

    /// Erases each place that something was stored at. Returns those that still answer.
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

    /// Whether a file in the home holds the secret as it is.
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

fn no_room_for_a_home(problem: &std::io::Error) -> Error {
    Error::new(format!("no folder can be made for the test: {problem}"))
}
