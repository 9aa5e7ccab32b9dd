//! The [`Test`] builder: a program that runs in a separate home, and exact expectations.

pub mod bao;
mod counting;
mod elsewhere;
mod home;
pub mod keyring;
mod programs;
pub mod server;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
pub mod strace;

use std::collections::BTreeSet;
use std::env::consts::EXE_SUFFIX;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use elsewhere::{CHAIN, WITHOUT_A_KEYRING};
pub use elsewhere::{as_elsewhere, as_word};
use programs::place_if_not_there;
pub use programs::{files_below, place, program, programs, system};

/// The key that tests store and get. It may be on standard output and in encrypted files. A test fails if it is anywhere else: on standard
/// error, in arguments, or in a file that the test did not write itself.
pub const SECRET: &str = "sk-sentinel-5f0c9a7e41d84b1f";

/// Commands that tests start and Windows does not have.
const COMMANDS: [&str; 6] = ["cat", "env", "grep", "printenv", "sh", "true"];

/// A home folder, a PATH, a cleared environment, and runs of programs in it.
///
/// ```ignore
/// Test::new().script("full", "exit 1").helpers("full").args(["get"]).stdin("provider=openai\n").stderr("…").failure();
/// ```
///
/// Standard output and standard error are compared exactly, and are empty unless expected otherwise. `~` in an expectation is the home
/// folder, `BIN` the folder of the programs under test.
///
/// A run that was prepared but not started also fails the test.
pub struct Test {
    folder: tempfile::TempDir,
    own_files: BTreeSet<PathBuf>,
    environment: Vec<(String, String)>,
    program: PathBuf,
    arguments: Vec<String>,
    stdin: Vec<u8>,
    stdout: Option<String>,
    stderr: Option<String>,
    pending: AtomicBool,
}

impl Drop for Test {
    fn drop(&mut self) {
        let forgotten = self.pending.load(Ordering::Relaxed) && !std::thread::panicking();
        assert!(!forgotten, "nothing runs before `success`, `failure`, `status`, `output` or `command`");
    }
}

impl Test {
    #[track_caller]
    pub fn new() -> Self {
        #[cfg(unix)]
        signals::restore();
        let folder = tempfile::tempdir().expect("a folder for the test");
        for name in ["bin", "home", "work"] {
            fs::create_dir(folder.path().join(name)).expect("a folder for the test");
        }
        for name in COMMANDS.iter().filter(|_| cfg!(windows)) {
            place("tests-sh", &folder.path().join(format!("bin/{name}.exe")));
        }
        Self {
            folder,
            own_files: BTreeSet::new(),
            environment: elsewhere::variables(),
            program: program("modelforge-credential"),
            arguments: Vec::new(),
            stdin: Vec::new(),
            stdout: Some(String::new()),
            stderr: Some(String::new()),
            pending: AtomicBool::new(false),
        }
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The working directory of the program. It stands for a repository that somebody else made.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The folder on PATH with the test's own scripts.
    pub fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// Writes `config.toml`.
    #[track_caller]
    pub fn config(mut self, text: &str) -> Self {
        if text.contains("helpers") {
            self.environment.retain(|(name, value)| name != CHAIN || value != WITHOUT_A_KEYRING);
        }
        self.file(".config/modelforge-credential/config.toml", text)
    }

    /// Sets the chain. Entries are separated by newlines.
    pub fn helpers(self, entries: &str) -> Self {
        self.env(CHAIN, entries)
    }

    /// Writes a helper in three lines of shell: `modelforge-credential-NAME`, on PATH. `$1` is the operation. If there is no shell, a
    /// program of ours runs the lines (`tests/sh`).
    #[track_caller]
    pub fn script(self, name: &str, body: &str) -> Self {
        self.shell_program(&format!("modelforge-credential-{name}"), body)
    }

    /// Writes any program as lines of shell, on PATH.
    #[track_caller]
    pub fn shell_program(self, name: &str, body: &str) -> Self {
        if cfg!(windows) {
            place_if_not_there("tests-sh", &self.bin().join(format!("{name}.exe")));
            return self.on_path(&format!("{name}.sh"), body);
        }
        self.on_path(name, format!("#!/bin/sh\n{body}\n"))
    }

    /// The program of such a helper.
    pub fn script_path(&self, name: &str) -> PathBuf {
        self.bin().join(format!("modelforge-credential-{name}{EXE_SUFFIX}"))
    }

    /// Writes a program, on PATH.
    #[track_caller]
    pub fn on_path(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.bin().join(name);
        self.write(&path, content, 0o755);
        self
    }

    /// Writes a file in the home folder.
    #[track_caller]
    pub fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.home().join(name);
        self.write(&path, content, 0o600);
        self
    }

    #[track_caller]
    fn write(&mut self, path: &Path, content: impl AsRef<[u8]>, mode: u32) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
        fs::write(path, content).expect("a file can be written");
        #[cfg(unix)]
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("a mode can be set");
        #[cfg(not(unix))]
        let _ = mode;
        self.own_files.insert(path.to_path_buf());
    }

    /// Sets a variable. For `HOME`, the system's other variables for folders are set as well.
    pub fn env(mut self, name: &str, value: impl AsRef<str>) -> Self {
        if cfg!(windows) && name == "HOME" {
            let home = Path::new(value.as_ref());
            for folder in home::FOLDERS {
                let value = if value.as_ref().is_empty() { "".into() } else { home::folder(home, folder) };
                self = self.env(folder.0, value.to_string_lossy());
            }
        }
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.into(), value.as_ref().into()));
        self
    }

    /// Runs another program than the core: one of ours by name, or any by path.
    #[track_caller]
    pub fn program(mut self, name: impl AsRef<OsStr>) -> Self {
        let placed = self.placed(Path::new(name.as_ref()));
        let name = placed.as_deref().unwrap_or(Path::new(name.as_ref()));
        self.program = if name.is_absolute() { name.into() } else { program(&name.to_string_lossy()) };
        self
    }

    /// The replacement for a Unix program (`/bin/sh`) on Windows.
    fn placed(&self, program: &Path) -> Option<PathBuf> {
        let is_of_unix = cfg!(windows) && (program.starts_with("/bin") || program.starts_with("/usr/bin"));
        let name = program.file_name().filter(|_| is_of_unix)?.to_str()?;
        COMMANDS.contains(&name).then(|| self.bin().join(format!("{name}.exe")))
    }

    pub fn args<S: AsRef<str>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        self.pending.store(true, Ordering::Relaxed);
        self
    }

    pub fn stdin(mut self, input: impl AsRef<[u8]>) -> Self {
        self.stdin = input.as_ref().to_vec();
        self
    }

    pub fn stdout(mut self, expected: &str) -> Self {
        self.stdout = Some(expected.to_owned());
        self
    }

    pub fn any_stdout(mut self) -> Self {
        self.stdout = None;
        self
    }

    pub fn stderr(mut self, expected: &str) -> Self {
        self.stderr = Some(expected.to_owned());
        self
    }

    /// Does not check standard error, except that it must not contain the sentinel.
    pub fn any_stderr(mut self) -> Self {
        self.stderr = None;
        self
    }

    #[track_caller]
    pub fn success(self) -> Self {
        self.status(0)
    }

    #[track_caller]
    pub fn failure(self) -> Self {
        self.status(1)
    }

    /// Runs, compares, and clears arguments, input and expectations. The home stays for the next run.
    #[track_caller]
    pub fn status(mut self, expected: i32) -> Self {
        let output = self.output();
        let shown = |bytes: &[u8]| {
            let place = |path: &Path| as_elsewhere(path.display().to_string());
            let text = as_elsewhere(String::from_utf8_lossy(bytes).into_owned());
            let text = text.replace(&place(&programs()), "BIN").replace(&place(&self.home()), "~");
            text.replace(&place(self.folder.path()), "TEST")
        };
        let (stdout, stderr) = (shown(&output.stdout), shown(&output.stderr));
        let seen = format!("{:?}\nstdout:\n{stdout}\nstderr:\n{stderr}", self.arguments);
        assert_eq!(output.status.code(), Some(expected), "exit status of {seen}");
        if let Some(wanted) = &self.stdout {
            assert_eq!(stdout, *wanted, "standard output of {seen}");
        }
        if let Some(wanted) = &self.stderr {
            assert_eq!(stderr, *wanted, "standard error of {seen}");
        }
        self.arguments.clear();
        self.stdin.clear();
        (self.stdout, self.stderr) = (Some(String::new()), Some(String::new()));
        self
    }

    /// The command, for tests that start it in another way.
    pub fn command(&self) -> Command {
        self.pending.store(false, Ordering::Relaxed);
        let mut command = self.command_of(&self.program);
        command.args(&self.arguments);
        command
    }

    /// Another program in this home, for tests that check the files themselves.
    #[expect(clippy::disallowed_methods, reason = "tests start the programs that they test")]
    pub fn command_of(&self, program: &Path) -> Command {
        let placed = self.placed(program);
        let mut command = Command::new(placed.as_deref().unwrap_or(program));
        let path = std::env::join_paths([self.bin()].into_iter().chain(home::programs_of_the_system()))
            .expect("folders without a separator");
        command.current_dir(self.work()).env_clear();
        command.envs(home::variables(&self.home())).env("PATH", path).env("LC_ALL", "C.UTF-8");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it, and checks that the sentinel is nowhere else.
    #[track_caller]
    pub fn output(&self) -> Output {
        assert!(!self.arguments.iter().any(|argument| argument.contains(SECRET)), "an argument shows the secret");
        self.finish(self.command(), &self.stdin)
    }

    /// Runs any other program in this home, and checks the same.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, program_and_arguments: &[S], input: impl AsRef<[u8]>) -> Output {
        let (program, arguments) = program_and_arguments.split_first().expect("a program");
        let shows = |word: &S| word.as_ref().to_string_lossy().contains(SECRET);
        assert!(!arguments.iter().any(shows), "an argument shows the secret");
        let mut command = self.command_of(Path::new(program.as_ref()));
        command.args(arguments);
        self.finish(command, input.as_ref())
    }

    #[track_caller]
    fn finish(&self, mut command: Command, input: &[u8]) -> Output {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|problem| {
            panic!("{:?} does not start ({problem}): `sh tests/run` installs what tests need", command.get_program())
        });
        let mut stdin = child.stdin.take().expect("it has an input");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // A program may not read all of its input.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().expect("the program ends");
        writer.join().expect("the input was written");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(SECRET), "standard error shows the secret");
        self.check_files();
        output
    }

    /// Checks that no file of a program contains the sentinel.
    #[track_caller]
    pub fn check_files(&self) {
        // If these are programs, they are large, and the tested program does not write them.
        let is_placed = |path: &Path| cfg!(windows) && path.extension() == Some("exe".as_ref());
        for path in files_below(self.folder.path()) {
            if self.own_files.contains(&path) || is_placed(&path) {
                continue;
            }
            let content = fs::read(&path).unwrap_or_default();
            let holds = content.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!holds, "{} holds the secret", path.display());
        }
    }

    /// Allows the sentinel in a file, such as one that another project's plain-text helper writes.
    pub fn may_hold_the_secret(mut self, path: PathBuf) -> Self {
        self.own_files.insert(path);
        self
    }
}
