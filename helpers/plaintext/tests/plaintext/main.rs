//! The program itself, in a home folder that holds nothing but what the test says.

#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod entry;
mod erase;
mod odd;
mod other;
#[cfg(unix)]
mod unix;
mod whole;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const OPENAI: &str = "protocol=https\nhost=api.openai.com\n";
const COPILOT: &str = "protocol=https\nhost=api.githubcopilot.com\n";
const FOUR: &str = include_str!("../fixtures/four-providers.json");
const LOGGED_IN: &str = include_str!("../fixtures/logged-in.json");
const HAND_EDITED: &str = include_str!("../fixtures/hand-edited.json");
/// Part of every made-up key; it must never be seen on standard error.
const SENTINEL: &str = "sk-SENTINEL";
const GLOBAL: &str = ".config/model-forge/config.json";
const OLD: &str = ".config/model-forge/models.json";
const KEYRING: &str = match cfg!(windows) {
    true => "Python Keyring/keyring_pass.cfg",
    false => ".local/share/python_keyring/keyring_pass.cfg",
};

struct Test {
    home: TempDir,
    variables: Vec<(&'static str, &'static str)>,
}

struct Answer {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Test {
    fn new() -> Self {
        let home = tempfile::Builder::new().prefix("home-").tempdir().unwrap();
        #[cfg(unix)]
        fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        Self { home, variables: Vec::new() }
    }

    fn with(file: &str, content: &str) -> Self {
        Self::new().file(file, content)
    }

    fn file(self, name: &str, content: &str) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        name.split('/').fold(self.home.path().to_owned(), |path, part| path.join(part))
    }

    #[track_caller]
    fn content(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    #[track_caller]
    fn run(&self, words: &[&str], stdin: &str) -> Answer {
        self.run_in(self.home.path(), words, stdin)
    }

    /// An operation that a person asked for.
    #[track_caller]
    fn change(&self, operation: &str, request: &str) -> Answer {
        self.run(&[operation], &format!("consent=1\n{request}"))
    }

    #[track_caller]
    fn run_in(&self, folder: &Path, words: &[&str], stdin: &str) -> Answer {
        #[expect(clippy::disallowed_methods, reason = "it starts the program under test")]
        let mut child = Command::new(env!("CARGO_BIN_EXE_modelforge-credential-plaintext"))
            .args(words)
            .current_dir(folder)
            .env_clear()
            .envs(["HOME", "USERPROFILE", "LOCALAPPDATA"].map(|name| (name, self.home.path())))
            .envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)))
            .envs(self.variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may answer before it has read all.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        for secret in [SENTINEL, "sk-zA1k9", "gho_u8jz", "ghr_KLzd", "ghu_ox9y", "E56yUhQq", "AIzaTEST"] {
            assert!(!stderr.contains(secret), "{stderr}");
        }
        let home = self.home.path().to_str().unwrap();
        // Paths as they are written elsewhere.
        let shown = |text: String| match cfg!(windows) {
            true => {
                text.replace(home, "HOME").replace('\\', "/").replace("Python Keyring", ".local/share/python_keyring")
            }
            false => text.replace(home, "HOME"),
        };
        Answer { stdout: shown(stdout), stderr: shown(stderr), code: output.status.code().unwrap() }
    }
}

impl Answer {
    #[track_caller]
    fn stdout(self, expected: &str) -> Self {
        assert_eq!(self.stdout, expected, "{}", self.stderr);
        self
    }

    #[track_caller]
    fn stderr(self, expected: &str) -> Self {
        assert_eq!(self.stderr, expected);
        self
    }

    #[track_caller]
    fn password(self, expected: &str) -> Self {
        let password = self.stdout.lines().find_map(|line| line.strip_prefix("password="));
        assert_eq!(password.unwrap_or_default(), expected, "{}", self.stderr);
        self.success()
    }

    #[track_caller]
    fn success(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    #[track_caller]
    fn failure(self, stderr: &str) {
        assert_eq!((self.code, &*self.stdout, &*self.stderr), (1, "", stderr));
    }

    #[track_caller]
    fn nothing(self) {
        self.success().stdout("").stderr("");
    }
}

/// ModelForge's file with one provider.
fn one(name: &str, entry: &str) -> String {
    format!("{{\"providers\": {{\"{name}\": {entry}}}}}")
}

fn key(key: &str) -> String {
    format!("{{\"auth_data\": {{\"api_key\": \"{key}\"}}}}")
}

#[test]
fn a_key_of_modelforge_is_found_by_its_url_with_a_warning() {
    let test = Test::with(GLOBAL, FOUR);
    test.run(&["get"], OPENAI)
        .success()
        .stdout(
            "username=default\npassword=sk-zA1k9HcOmxPF8MOpoLquDjRFfMNNiSyHOv99eC5xWPOgyTZ3\nstorage=plain text\nplain_text=1\n\
             file=HOME/.config/model-forge/config.json\n",
        )
        .stderr(
            "warning: the key for `openai` is in plain text in `~/.config/model-forge/config.json`\n\
             hint: modelforge-credential migrate\n",
        );
    test.run(&["get"], "protocol=https\nhost=generativelanguage.googleapis.com\n").password("AIzaTESTKEY");
    test.run(&["get"], COPILOT).nothing();
}

#[test]
fn the_warning_can_be_silenced() {
    let test = Test::with(GLOBAL, FOUR).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    test.run(&["get"], OPENAI).password("sk-zA1k9HcOmxPF8MOpoLquDjRFfMNNiSyHOv99eC5xWPOgyTZ3").stderr("");
}

#[test]
fn a_token_comes_with_all_that_belongs_to_it() {
    let test = Test::with(GLOBAL, LOGGED_IN).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    test.run(&["get"], COPILOT).success().stderr("").stdout(
        "username=default\npassword=gho_u8jzPde0IgxLd6GncfBAepfJBd0Kh8oOOL8d\n\
         oauth_refresh_token=ghr_KLzdocJ2isAjIhKtJ0RlgLKOmxgJTeKdNnFRIBXuDL7DxtpYlSXpfKtHF4vUCsMehGAkWvj7FAc9\n\
         password_expiry_utc=1935656430\nscope=read:user\ntoken_type=bearer\nstorage=plain text\nplain_text=1\n\
         file=HOME/.config/model-forge/config.json\n",
    );
}

#[test]
fn a_list_names_what_is_there_and_no_secret() {
    let answer = Test::with(GLOBAL, HAND_EDITED).run(&["list"], "");
    answer.success().stderr("").stdout(
        "protocol=https\nhost=api.githubcopilot.com\nusername=default\nprovider=github_copilot\npassword_expiry_utc=1704067200\n\
         storage=plain text\nplain_text=1\nfile=HOME/.config/model-forge/config.json\n\n\
         protocol=https\nhost=llm.firma.example:8443\nusername=default\nprovider=mein_anbieter\nstorage=plain text\nplain_text=1\n\
         file=HOME/.config/model-forge/config.json\n\ncount=2\n",
    );
    Test::new().run(&["list"], "").success().stdout("count=0\n").stderr("");
}

#[test]
fn blanks_around_a_key_are_left_out_with_a_remark() {
    let test = Test::with(GLOBAL, HAND_EDITED).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    let request = "protocol=https\nhost=llm.firma.example:8443\n";
    let answer = test.run(&["get"], request).password("E56yUhQqg0eyN1ygQdvpSfF5PH5nLZjMeI8cFSmj");
    answer.stderr(
        "warning: `~/.config/model-forge/config.json`: the key in `$.providers.Mein_Anbieter` has whitespace around it, \
         which is removed\n",
    );
    let erase = format!("{request}password=E56yUhQqg0eyN1ygQdvpSfF5PH5nLZjMeI8cFSmj\n");
    test.change("erase", &erase).nothing();
    assert!(!test.content(GLOBAL).contains("E56y"));
}

#[test]
fn options_are_answered_or_refused() {
    let test = Test::new();
    assert!(test.run(&["--help"], "").success().stdout.contains("get|store|erase|list|capability"));
    assert!(test.run(&["--version"], "").success().stdout.starts_with("modelforge-credential-plaintext "));
    let answer = test.run(&["--key=sk-SENTINEL", "get"], OPENAI);
    assert_eq!(answer.code, 2);
    answer.stderr("error: unknown option `--key`\nhint: modelforge-credential-plaintext --help\n");
    test.run(&["unheard-of"], "sk-SENTINEL").nothing();
}
