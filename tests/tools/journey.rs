//! A migration of a tool: it works with the key in its file, the key is moved, it works as the plan says, and after the rollback it works
//! as before.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::services::{SAID, Services, keys};
use crate::support::{SECRET, Test, files_below, program};

/// Another key, which replaces the first while a tool is at work.
const NEXT: &str = "sk-next-71b0c4d29e8f4a6db3";

/// A home in which one of the tools is installed that `tests/tools/run` got.
pub struct Journey {
    test: Test,
    tool: &'static str,
    /// As it is called for one question.
    words: Vec<String>,
    pub services: Services,
}

impl Journey {
    pub fn new(tool: &'static str, words: &[&str]) -> Self {
        let path = installed(tool);
        let starts = |program: &Path| format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display());
        let test = Test::new().helpers("age").on_path(tool, starts(&path));
        let test = test.on_path("modelforge-credential", starts(&program("modelforge-credential")));
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        // It talks to nothing but the services of the test.
        let journey = Self { test, tool, words, services: Services::start(SECRET) };
        let nothing_else =
            ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "CI"];
        nothing_else.iter().fold(journey, |journey, name| journey.env(name, "1"))
    }

    pub fn env(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.test = self.test.env(name, value);
        self
    }

    /// A variable with the URL of the services, and what follows it.
    pub fn url_in(self, name: &str, path: &str) -> Self {
        let url = self.services.url() + path;
        self.env(name, url)
    }

    pub fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.test = self.test.file(name, content);
        self
    }

    /// Writes a program of the test's own, on PATH.
    pub fn script(mut self, name: &str, body: &str) -> Self {
        self.test = self.test.on_path(name, format!("#!/bin/sh\n{body}\n"));
        self
    }

    /// Other words for one question.
    pub fn called_with(mut self, words: &[&str]) -> Self {
        self.words = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// A script takes the tool's place: it starts it, and asks it.
    pub fn asked_by(self, name: &'static str, body: &str) -> Self {
        Self { tool: name, words: Vec::new(), ..self.script(name, body) }
    }

    /// Changes a file of the tool, as a person would.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{text}");
        fs::write(self.test.home().join(name), text.replace(from, to)).expect("it can be written");
    }

    /// Another program of the environment that a tool is installed in.
    pub fn beside(&self, tool: &str, name: &str) -> String {
        let folder = installed(tool).read_link().expect("a link to the program");
        let folder = installed("").join(folder).with_file_name(name);
        folder.display().to_string()
    }

    /// The path of a file in its home.
    pub fn home(&self, name: &str) -> String {
        self.test.home().join(name).display().to_string()
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.test.home().join(name);
        fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
    }

    /// Runs something in its home, and returns what it said.
    #[track_caller]
    pub fn run<S: AsRef<str>>(&self, words: &[S], input: &str) -> String {
        let mut command = self.test.command_of(Path::new("timeout"));
        command.arg("300").args(words.iter().map(AsRef::as_ref));
        let from = tempfile::NamedTempFile::new().expect("a file");
        fs::write(from.path(), input).expect("it can be written");
        let output = command.stdin(File::open(from.path()).expect("it is there")).output().expect("it starts");
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).into_owned());
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        assert!(output.status.success(), "{words:?}:\n{stdout}\n{stderr}\n{:#?}", self.services.asked());
        format!("{stdout}{stderr}")
    }

    /// Asks a question by means of the tool, which sends just these keys, in this order.
    #[track_caller]
    pub fn asks<S: AsRef<str>>(&self, words: &[S], wanted: &[&str]) {
        let before = self.services.asked().len();
        let said = self.run(words, "");
        assert!(said.contains(SAID), "{said}\n{:?}", self.services.asked());
        let asked = self.services.asked().split_off(before);
        let mut sent: Vec<String> = asked.iter().flat_map(keys).collect();
        assert!(asked.iter().all(|request| !keys(request).is_empty()), "without a key: {asked:#?}");
        sent.dedup();
        assert_eq!(sent, wanted);
    }

    /// The tool by itself.
    #[track_caller]
    pub fn works(&self) {
        let words: Vec<&str> = [self.tool].into_iter().chain(self.words.iter().map(String::as_str)).collect();
        self.asks(&words, &[SECRET]);
    }

    /// Moves its keys, starts it as the plan says, puts the keys back. What it was told, and its files in between.
    #[track_caller]
    pub fn travels(self) {
        self.works();
        let before = self.with_keys();
        assert!(!before.is_empty(), "no file of it holds the key");
        let words = self.moved(&[]);
        self.asks(&words, &[SECRET]);
        self.returns(before);
    }

    /// The files that hold the key, as they are.
    pub fn with_keys(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = files_below(&self.test.home()).into_iter().filter_map(|path| Some((fs::read(&path).ok()?, path)));
        let holds = |content: &[u8]| content.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        files.filter(|(content, _)| holds(content)).map(|(content, path)| (path, content)).collect()
    }

    /// Moves its keys. No file holds one then. Returns the words that the tool is started with from now on.
    #[track_caller]
    pub fn moved(&self, options: &[&str]) -> Vec<String> {
        let core = program("modelforge-credential").display().to_string();
        let said = self.run(&[&[core.as_str(), "migrate", "--yes"], options].concat(), "");
        let left: Vec<PathBuf> = self.with_keys().into_keys().collect();
        assert!(left.is_empty(), "{left:?}\n{said}");
        let line = said.lines().find(|line| line.contains("start it with") || line.contains("asks `"));
        let line = line.unwrap_or_else(|| panic!("no word of how it is started: {said}"));
        let quoted = line.split('`').nth(1).expect("a command");
        let start = if line.contains("start it with") { quoted.to_owned() } else { self.tool.to_owned() };
        let start = start.replace("COMMAND", self.tool);
        start.split(' ').map(str::to_owned).chain(self.words.iter().cloned()).collect()
    }

    /// While it is at work, its key is refused, and another one stored: it asks again, and goes on with that.
    #[track_caller]
    pub fn asks_again(&self, words: &[String], provider: &str) {
        let mut store = self.test.command_of(&program("modelforge-credential"));
        let key = tempfile::NamedTempFile::new().expect("a file");
        fs::write(key.path(), NEXT).expect("it can be written");
        store.args(["login", provider, "--force"]).stdin(File::open(key.path()).expect("it is there"));
        self.services.accept(NEXT, silent(store));
        self.asks(words, &[SECRET, NEXT]);
        let mut store = self.test.command_of(&program("modelforge-credential"));
        fs::write(key.path(), SECRET).expect("it can be written");
        store.args(["login", provider, "--force"]).stdin(File::open(key.path()).expect("it is there"));
        let mut store = silent(store);
        assert!(store.status().expect("it starts").success());
        self.services.accept(SECRET, store);
    }

    /// Puts everything back, and it works as before.
    #[track_caller]
    pub fn returns(self, before: BTreeMap<PathBuf, Vec<u8>>) {
        self.puts_back(before);
        self.works();
    }

    /// Puts everything back: the files are what they were, if nobody has written to them.
    #[track_caller]
    pub fn puts_back(&self, before: BTreeMap<PathBuf, Vec<u8>>) {
        let core = program("modelforge-credential").display().to_string();
        let said = self.run(&[core.as_str(), "migrate", "--rollback", "--yes"], "");
        for (path, content) in before {
            let now = fs::read(&path).expect("it is there again");
            let name = path.strip_prefix(self.test.home()).expect("it is in the home").display().to_string();
            let is_same = said.contains(&format!("restored `~/{name}`, byte for byte"));
            assert!(self.with_keys().contains_key(&path), "{name} has no key again: {said}");
            assert!(!is_same || now == content, "{name}");
        }
    }
}

/// A tool that `tests/tools/run` installed.
fn installed(name: &str) -> PathBuf {
    let folder =
        std::env::var_os("MODELFORGE_TEST_TOOLS").expect("MODELFORGE_TEST_TOOLS is not set: run `sh tests/tools/run`");
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} is not there: run `sh tests/tools/run`", path.display());
    path
}

fn silent(mut command: Command) -> Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}
