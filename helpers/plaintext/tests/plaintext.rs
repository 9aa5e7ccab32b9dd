//! The program itself, in a home folder that holds nothing but what the test says.

#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

#[path = "plaintext/whole.rs"]
mod whole;

const OPENAI: &str = "protocol=https\nhost=api.openai.com\n";
const COPILOT: &str = "protocol=https\nhost=api.githubcopilot.com\n";
const FOUR: &str = include_str!("fixtures/four-providers.json");
const LOGGED_IN: &str = include_str!("fixtures/logged-in.json");
const HAND_EDITED: &str = include_str!("fixtures/hand-edited.json");
/// Part of every made-up key; it must never be seen on standard error.
const SENTINEL: &str = "sk-SENTINEL";
const GLOBAL: &str = ".config/model-forge/config.json";
const OLD: &str = ".config/model-forge/models.json";
const KEYRING: &str = ".local/share/python_keyring/keyring_pass.cfg";

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
        self.home.path().join(name)
    }

    #[track_caller]
    fn content(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    #[track_caller]
    fn run(&self, words: &[&str], stdin: &str) -> Answer {
        self.run_in(self.home.path(), words, stdin)
    }

    #[track_caller]
    fn run_in(&self, folder: &Path, words: &[&str], stdin: &str) -> Answer {
        #[expect(clippy::disallowed_methods, reason = "it starts the program under test")]
        let mut child = Command::new(env!("CARGO_BIN_EXE_modelforge-credential-plaintext"))
            .args(words)
            .current_dir(folder)
            .env_clear()
            .env("HOME", self.home.path())
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
        Answer {
            stdout: stdout.replace(home, "HOME"),
            stderr: stderr.replace(home, "HOME"),
            code: output.status.code().unwrap(),
        }
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
            "username=default\npassword=sk-zA1k9HcOmxPF8MOpoLquDjRFfMNNiSyHOv99eC5xWPOgyTZ3\nstorage=PLAIN TEXT\n\
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
         password_expiry_utc=1935656430\nscope=read:user\ntoken_type=bearer\nstorage=PLAIN TEXT\n\
         file=HOME/.config/model-forge/config.json\n",
    );
}

#[test]
fn a_list_names_what_is_there_and_no_secret() {
    let answer = Test::with(GLOBAL, HAND_EDITED).run(&["list"], "");
    answer.success().stderr("").stdout(
        "protocol=https\nhost=api.githubcopilot.com\nusername=default\nprovider=github_copilot\npassword_expiry_utc=1704067200\n\
         storage=PLAIN TEXT\nfile=HOME/.config/model-forge/config.json\n\n\
         protocol=https\nhost=llm.firma.example:8443\nusername=default\nprovider=mein_anbieter\nstorage=PLAIN TEXT\n\
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
        "warning: `~/.config/model-forge/config.json`: the key in `$.providers.Mein_Anbieter` has white space around it, \
         which is left out\n",
    );
    let erase = format!("{request}password=E56yUhQqg0eyN1ygQdvpSfF5PH5nLZjMeI8cFSmj\n");
    test.run(&["erase"], &erase).nothing();
    assert!(!test.content(GLOBAL).contains("E56y"));
}

#[test]
fn a_key_goes_to_the_url_of_its_entry_and_never_to_that_of_its_name() {
    let entry =
        format!("{{\"base_url\": \"https://proxy.example/v1\", {}", key("sk-SENTINEL-1").trim_start_matches('{'));
    let test = Test::with(GLOBAL, &one("openai", &entry));
    test.run(&["get"], &format!("{OPENAI}provider=openai\n")).nothing();
    test.run(&["get"], "protocol=http\nhost=proxy.example\n").nothing();
    test.run(&["get"], "protocol=https\nhost=proxy.example:443\n").nothing();
    test.run(&["get"], "protocol=https\nhost=proxy.example\npath=v2\n").password("sk-SENTINEL-1");
    test.run(&["list"], "").stdout(
        "protocol=https\nhost=proxy.example\nusername=default\nstorage=PLAIN TEXT\n\
         file=HOME/.config/model-forge/config.json\n\ncount=1\n",
    );
}

#[test]
fn a_known_url_under_another_name_is_the_known_provider() {
    let entry =
        format!("{{\"base_url\": \"https://api.openai.com/v1\", {}", key("sk-SENTINEL-1").trim_start_matches('{'));
    let test = Test::with(GLOBAL, &one("my_own", &entry));
    test.run(&["get"], OPENAI).password("sk-SENTINEL-1");
}

#[test]
fn a_path_counts_where_it_tells_two_apart() {
    let entry = |path: &str, n: u8| {
        format!(
            "\"p{n}\": {{\"base_url\": \"https://gateway/{path}\", \"auth_data\": {{\"api_key\": \"sk-SENTINEL-{n}\"}}}}"
        )
    };
    let test = Test::with(GLOBAL, &format!("{{\"providers\": {{{}, {}}}}}", entry("a", 1), entry("b", 2)));
    test.run(&["get"], "protocol=https\nhost=gateway\npath=b/v1\n").password("sk-SENTINEL-2");
    test.run(&["get"], "protocol=https\nhost=gateway\npath=a/../b\n").nothing();
    test.run(&["get"], "protocol=https\nhost=gateway\n").nothing();
    let zai = one("zai", &key("sk-SENTINEL-3"));
    let test = Test::with(GLOBAL, &zai);
    test.run(&["get"], "protocol=https\nhost=api.z.ai\n").nothing();
    test.run(&["get"], "protocol=https\nhost=api.z.ai\npath=api/paas/v4\n").password("sk-SENTINEL-3");
}

/// ModelForge's file with entries of one host.
fn at_one_host(entries: &[(&str, &str)]) -> String {
    let entry = |(name, path): &(&str, &str)| {
        format!(
            "\"{name}\": {{\"auth_data\": {{\"api_key\": \"sk-SENTINEL-{name}\"}}, \"base_url\": \"https://x.example/{path}\"}}"
        )
    };
    format!("{{\"providers\": {{{}}}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
}

const TEAM: &str = "protocol=https\nhost=x.example\npath=v1/teamb\n";
const MAIN: &str = "protocol=https\nhost=x.example\npath=v1\n";

#[test]
fn of_two_entries_one_below_the_other_each_has_its_own_key_in_either_order() {
    let (team, main) = (("teamb", "v1/teamb"), ("main", "v1"));
    for entries in [[team, main], [main, team]] {
        for (taken, left, taken_name, left_name) in [(TEAM, MAIN, "teamb", "main"), (MAIN, TEAM, "main", "teamb")] {
            let text = at_one_host(&entries);
            let test = Test::with(GLOBAL, &text).env("MODELFORGE_CREDENTIAL_MIGRATION", "1");
            test.run(&["get"], &format!("{TEAM}provider=main\n")).password("sk-SENTINEL-teamb");
            test.run(&["get"], &TEAM.replace("teamb", "teamb/chat")).password("sk-SENTINEL-teamb");
            test.run(&["get"], &TEAM.replace("teamb", "teamc")).password("sk-SENTINEL-main");
            test.run(&["get"], taken).password(&format!("sk-SENTINEL-{taken_name}"));
            for password in [String::new(), format!("password=sk-SENTINEL-{taken_name}\n")] {
                fs::write(test.path(GLOBAL), &text).unwrap();
                for _ in 0..2 {
                    test.run(&["erase"], &format!("{taken}{password}")).nothing();
                    let gone = format!("\"auth_data\": {{\"api_key\": \"sk-SENTINEL-{taken_name}\"}}, ");
                    assert_eq!(test.content(GLOBAL), text.replace(&gone, ""));
                }
                test.run(&["get"], taken).nothing();
                test.run(&["get"], left).password(&format!("sk-SENTINEL-{left_name}"));
            }
            let credential = format!("{taken}password=sk-SENTINEL-{taken_name}\n");
            test.run(&["store"], &credential).nothing();
            test.run(&["get"], taken).password(&format!("sk-SENTINEL-{taken_name}"));
        }
    }
}

#[test]
fn two_entries_one_below_the_other_with_the_same_key_lose_it_one_by_one() {
    let text = at_one_host(&[("teamb", "v1/teamb"), ("main", "v1")]).replace("SENTINEL-main", "SENTINEL-teamb");
    let test = Test::with(GLOBAL, &text);
    test.run(&["erase"], &format!("{TEAM}password=sk-SENTINEL-teamb\n")).nothing();
    test.run(&["get"], TEAM).nothing();
    test.run(&["get"], MAIN).password("sk-SENTINEL-teamb");
}

#[test]
fn an_erase_of_a_whole_host_takes_what_is_below_it_too() {
    let test = Test::with(GLOBAL, &at_one_host(&[("teamb", "v1/teamb"), ("main", "v1")]));
    test.run(&["erase"], "protocol=https\nhost=x.example\n").nothing();
    assert!(!test.content(GLOBAL).contains("SENTINEL"));
}

#[test]
fn of_entries_in_two_files_the_closer_one_answers_and_of_two_as_close_the_first() {
    let (main, team, other) = (("main", "v1"), ("teamb", "v1/teamb"), ("other", "v2"));
    for (global, old) in [([main, other], [team, other]), ([team, other], [main, other])] {
        let test = Test::with(GLOBAL, &at_one_host(&global)).file(OLD, &at_one_host(&old));
        test.run(&["get"], TEAM).password("sk-SENTINEL-teamb");
        test.run(&["get"], MAIN).password("sk-SENTINEL-main");
    }
    let old = at_one_host(&[team, main]).replace("SENTINEL", "SENTINEL-old");
    let test = Test::with(GLOBAL, &at_one_host(&[main, team])).file(OLD, &old);
    test.run(&["get"], TEAM).password("sk-SENTINEL-teamb");
}

#[test]
fn a_key_of_which_nobody_knows_whose_it_is_is_reported_by_its_place() {
    for (entry, problem) in [
        (key("sk-SENTINEL"), "is missing"),
        ("{\"base_url\": \"sk-SENTINEL\", \"auth_data\": {\"api_key\": \"k\"}}".into(), "is no base URL"),
        ("{\"base_url\": 7, \"auth_data\": {\"api_key\": \"k\"}}".into(), "is not a string"),
    ] {
        let test = Test::with(GLOBAL, &one("mine", &entry));
        test.run(&["list"], "").success().stdout("count=0\n").stderr(&format!(
            "warning: `~/.config/model-forge/config.json`: `$.providers.mine.base_url` {problem}, so it is not known whom its \
             key is for\n"
        ));
        test.run(&["get"], OPENAI).nothing();
    }
}

#[test]
fn of_two_spellings_the_one_that_modelforge_uses_wins_and_the_other_is_reported() {
    for (first, second) in [("github-copilot", "github_copilot"), ("github_copilot", "github-copilot")] {
        let entry = |name: &str| format!("\"{name}\": {{\"auth_data\": {{\"access_token\": \"sk-SENTINEL-{name}\"}}}}");
        let text = format!("{{\"providers\": {{{}, {}}}}}", entry(first), entry(second));
        let test = Test::with(GLOBAL, &text).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
        let remark = "warning: `~/.config/model-forge/config.json`: `$.providers.github-copilot` is another key for \
                      `https://api.githubcopilot.com`; that of `$.providers.github_copilot` is used\n";
        test.run(&["get"], COPILOT).password("sk-SENTINEL-github_copilot").stderr(remark);
        let listed = test.run(&["list"], "").success().stderr(remark);
        assert!(listed.stdout.ends_with("count=1\n"));
        test.run(&["erase"], &format!("{COPILOT}password=sk-SENTINEL-github_copilot\n")).nothing();
        test.run(&["get"], COPILOT).password("sk-SENTINEL-github-copilot").stderr("");
        test.run(&["erase"], COPILOT).nothing();
        assert!(!test.content(GLOBAL).contains("SENTINEL"));
    }
}

#[test]
fn a_name_that_the_request_uses_tells_two_keys_of_one_place_apart() {
    let entry = |name: &str| {
        format!(
            "\"{name}\": {{\"base_url\": \"https://h/v1\", \"auth_data\": {{\"api_key\": \"sk-SENTINEL-{name}\"}}}}"
        )
    };
    let test = Test::with(GLOBAL, &format!("{{\"providers\": {{{}, {}}}}}", entry("work"), entry("home")));
    for name in ["work", "home"] {
        let request = format!("protocol=https\nhost=h\nprovider={name}\n");
        test.run(&["get"], &request).password(&format!("sk-SENTINEL-{name}"));
    }
}

#[test]
fn a_value_that_cannot_be_a_key_is_an_error_of_its_place_alone() {
    for (data, problem) in [
        (r#"{"api_key": "sk-SENTINEL\n1"}"#, ".api_key` holds a line break or another character that cannot be seen"),
        (
            r#"{"api_key": "sk-SENTINEL\u0000"}"#,
            ".api_key` holds a line break or another character that cannot be seen",
        ),
        (r#"{"api_key": ["sk-SENTINEL"]}"#, ".api_key` is not a string"),
        (r#"{"api_key": "sk-SENTINEL\ud800"}"#, ".api_key` is not a string"),
        ("7", "` is neither an object nor a string"),
        (r#"{"access_token": "sk-SENTINEL", "expires_at": "soon"}"#, ".expires_at` is not a time"),
        (r#"{"access_token": "sk-SENTINEL", "expires_at": 1795462445}"#, ".expires_at` is not a string"),
    ] {
        let google = "\"google\": {\"auth_data\": {\"api_key\": \"sk-SENTINEL-g\"}}";
        let text = format!("{{\"providers\": {{\"openai\": {{\"auth_data\": {data}}}, {google}}}}}");
        let test = Test::with(GLOBAL, &text).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
        let line = format!("`~/.config/model-forge/config.json`: `$.providers.openai.auth_data{problem}\n");
        test.run(&["get"], OPENAI).failure(&format!("error: {line}"));
        let host = "protocol=https\nhost=generativelanguage.googleapis.com\n";
        test.run(&["get"], host).password("sk-SENTINEL-g").stderr("");
        let listed = test.run(&["list"], "").success().stderr(&format!("warning: {line}"));
        assert!(listed.stdout.ends_with("count=1\n"));
        // It is a secret all the same, and can be taken out.
        test.run(&["erase"], OPENAI).nothing();
        assert_eq!(test.content(GLOBAL), format!("{{\"providers\": {{\"openai\": {{}}, {google}}}}}"));
    }
}

#[test]
fn what_is_empty_is_not_there() {
    for data in ["{}", "null", r#"{"api_key": ""}"#, r#"{"api_key": "  "}"#, r#"{"api_key": null}"#, r#"{"x": 1}"#] {
        let test = Test::with(GLOBAL, &one("openai", &format!("{{\"auth_data\": {data}}}")));
        test.run(&["get"], OPENAI).nothing();
        test.run(&["list"], "").success().stdout("count=0\n").stderr("");
        test.run(&["erase"], OPENAI).nothing();
        assert!(test.content(GLOBAL).contains(data));
    }
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    for (bad, problem) in [
        ("{\n  \"sk-SENTINEL", "`, line 2, column 14: this is not JSON"),
        ("", "`, line 1, column 0: this is not JSON"),
        ("[\"sk-SENTINEL\"]", "`: `$` is not an object"),
        ("{\"providers\": [\"sk-SENTINEL\"]}", "`: `$.providers` is not an object"),
    ] {
        let test = Test::with(OLD, bad).file(GLOBAL, &one("openai", &key("sk-SENTINEL-1")));
        let line = format!("`~/.config/model-forge/models.json{problem}\n");
        test.run(&["get"], OPENAI).password("sk-SENTINEL-1");
        test.run(&["get"], COPILOT).failure(&format!("error: {line}"));
        let listed = test.run(&["list"], "").success().stderr(&format!("warning: {line}"));
        assert!(listed.stdout.ends_with("count=1\n"));
        test.run(&["erase"], OPENAI).failure(&format!("error: {line}"));
        assert_eq!((test.content(OLD), test.content(GLOBAL)), (bad.to_owned(), one("openai", "{}")));
    }
}

#[test]
fn the_old_file_is_found_after_the_new_one() {
    let test = Test::with(OLD, &one("openai", &key("sk-SENTINEL-old")));
    test.run(&["get"], OPENAI).password("sk-SENTINEL-old");
    let test = test.file(GLOBAL, &one("openai", &key("sk-SENTINEL-new")));
    test.run(&["get"], OPENAI).password("sk-SENTINEL-new");
    // Each copy is listed, and can be asked for by its file.
    let listed = test.run(&["list"], "").success();
    assert!(listed.stdout.ends_with("models.json\n\ncount=2\n"), "{}", listed.stdout);
    let old = format!("{OPENAI}file={}\n", test.path(OLD).display());
    test.run(&["get"], &old).password("sk-SENTINEL-old");
    test.run(&["erase"], &old).nothing();
    assert_eq!(test.content(OLD), one("openai", "{}"));
    test.run(&["get"], OPENAI).password("sk-SENTINEL-new");
    test.run(&["get"], &format!("{OPENAI}file=/etc/passwd\n")).nothing();
}

#[test]
fn erase_leaves_every_other_byte() {
    let test = Test::with(GLOBAL, HAND_EDITED);
    test.run(&["erase"], COPILOT).nothing();
    let gone = "\n      \"auth_data\": {\"access_token\": \"ghu_ox9yimTcfipZGnzPbDFDyFKm51zfFoWbSrHA\", \
                \"expires_at\": \"2024-01-01T00:00:00+00:00\"},";
    assert_eq!(test.content(GLOBAL), HAND_EDITED.replace(gone, ""));
    let test = Test::with(GLOBAL, LOGGED_IN);
    test.run(&["erase"], OPENAI).nothing();
    let gone = ",\n            \"auth_data\": {\n                \
                \"api_key\": \"sk-zA1k9HcOmxPF8MOpoLquDjRFfMNNiSyHOv99eC5xWPOgyTZ3\"\n            }";
    assert_eq!(test.content(GLOBAL), LOGGED_IN.replace(gone, ""));
}

#[test]
fn erase_takes_only_what_is_described() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    for request in [
        format!("{OPENAI}username=work\n"),
        format!("{OPENAI}password=sk-SENTINEL\n"),
        "protocol=http\nhost=api.openai.com\n".into(),
        "protocol=https\nhost=api.openai.com:443\nprovider=openai\n".into(),
    ] {
        test.run(&["erase"], &request).nothing();
    }
    test.run(&["erase"], "host=api.openai.com\n").failure("error: the request has no `protocol`\n");
    test.run(&["erase"], "protocol=https\n").failure("error: the request has no `host`\n");
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
}

#[test]
fn a_second_member_of_the_same_name_goes_along_and_does_not_come_to_life() {
    let data = |n: u8| format!("\"auth_data\": {{\"api_key\": \"sk-SENTINEL-{n}\"}}");
    let text = one("openai", &format!("{{{}, \"auth\\u005fdata\": {{\"api_key\": \"sk-SENTINEL-2\"}}}}", data(1)));
    let test = Test::with(GLOBAL, &text);
    test.run(&["get"], OPENAI).password("sk-SENTINEL-2");
    test.run(&["erase"], &format!("{OPENAI}password=sk-SENTINEL-2\n")).nothing();
    assert_eq!(test.content(GLOBAL), one("openai", "{}"));
}

#[test]
fn a_second_key_of_one_entry_that_goes_along_is_mentioned() {
    for (entry, remark) in [
        (
            r#"{"auth_data": {"api_key": "sk-SENTINEL-0"}, "auth_data": {"api_key": "sk-SENTINEL-1"}}"#,
            "` is there more than once; the last is used, and all are taken out",
        ),
        (
            r#"{"auth_data": {"access_token": "sk-SENTINEL-0", "api_key": "sk-SENTINEL-1"}}"#,
            ".access_token` is another key, which is not used, and is taken out too",
        ),
        (r#"{"auth_data": {"access_token": "sk-SENTINEL-1", "api_key": "sk-SENTINEL-1"}}"#, ""),
        (r#"{"auth_data": {"access_token": "sk-SENTINEL-1", "api_key": ""}}"#, ""),
        (r#"{"auth_data": {"access_token": 7, "api_key": "sk-SENTINEL-1"}}"#, ""),
        (r#"{"auth_data": {}, "auth_data": {"api_key": "sk-SENTINEL-1"}}"#, ""),
    ] {
        let test = Test::with(GLOBAL, &one("openai", entry)).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
        let place = "warning: `~/.config/model-forge/config.json`: `$.providers.openai.auth_data";
        let remark = if remark.is_empty() { String::new() } else { format!("{place}{remark}\n") };
        test.run(&["get"], OPENAI).password("sk-SENTINEL-1").stderr(&remark);
        test.run(&["list"], "").success().stderr(&remark);
    }
}

#[test]
fn a_file_as_an_editor_of_windows_writes_it_stays_one() {
    let text = "\u{feff}{\r\n\t\"providers\": {\r\n\t\t\"openai\": {\r\n\t\t\t\"auth_data\": {\"api_key\": \"sk-SENTINEL\"}\r\n\t\t}\r\n\t}\r\n}\r\n";
    let test = Test::with(GLOBAL, text);
    test.run(&["get"], OPENAI).password("sk-SENTINEL");
    test.run(&["erase"], OPENAI).nothing();
    assert_eq!(test.content(GLOBAL), "\u{feff}{\r\n\t\"providers\": {\r\n\t\t\"openai\": {}\r\n\t}\r\n}\r\n");
}

#[test]
fn a_hundred_thousand_brackets_neither_hang_nor_crash() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!("{{\"x\": {deep}, {}", one("openai", &key("sk-SENTINEL")).trim_start_matches('{'));
    let test = Test::with(GLOBAL, &text);
    test.run(&["get"], OPENAI).password("sk-SENTINEL");
    test.run(&["erase"], OPENAI).nothing();
    assert!(test.content(GLOBAL).starts_with(&format!("{{\"x\": {deep}, ")));
}

#[test]
fn the_file_of_a_folder_answers_only_for_the_account_that_is_named_after_it() {
    let test = Test::with("project/.model-forge/config.json", &one("openai", &key("sk-SENTINEL-local")));
    let folder = test.path("project");
    // A folder that somebody else made must not say with whose key one works.
    test.run_in(&folder, &["get"], OPENAI).nothing();
    test.run_in(&folder, &["get"], &format!("{OPENAI}username=default\n")).nothing();
    let named = format!("{OPENAI}username=project\n");
    let answer = test.run_in(&folder, &["get"], &named).password("sk-SENTINEL-local");
    assert!(answer.stdout.starts_with("username=project\n"));
    test.run(&["get"], &named).nothing();
    let listed = test.run_in(&folder, &["list"], "").success();
    assert!(listed.stdout.contains("\nusername=project\n"));
    let test = test.file(GLOBAL, &one("openai", &key("sk-SENTINEL-global")));
    test.run_in(&folder, &["get"], OPENAI).password("sk-SENTINEL-global");
    test.run_in(&folder, &["erase"], &named).nothing();
    assert_eq!(test.content("project/.model-forge/config.json"), one("openai", "{}"));
    assert!(test.content(GLOBAL).contains("SENTINEL"));
}

#[test]
fn a_folder_named_default_is_not_the_default_account() {
    let test = Test::with("default/.model-forge/config.json", &one("openai", &key("sk-SENTINEL")));
    let folder = test.path("default");
    test.run_in(&folder, &["get"], &format!("{OPENAI}username=default\n")).nothing();
    test.run_in(&folder, &["get"], &format!("{OPENAI}username=./default\n")).password("sk-SENTINEL");
}

#[test]
fn a_broken_file_in_the_folder_does_not_matter_to_who_names_no_account() {
    let test = Test::with("project/.model-forge/config.json", "{");
    test.run_in(&test.path("project"), &["get"], OPENAI).nothing();
}

#[test]
fn the_plain_text_keyring_of_python_is_read_and_edited() {
    // printf sk-SENTINEL-1 | base64
    let one = "c2stU0VOVElORUwtMQ==";
    let text = format!(
        "[https_3A_2F_2Fapi_2Eopenai_2Ecom]\nwork = \n\t{one}\n\t\nother = eA==\n\n[openai]\nopenai_5fuser = \n\tc2stU0VOVElO\n\tRUwtMg==\n\t\n\n\
         [https_3A_2F_2Fupload_2Epackages_2Eexample_2Flegacy_2F]\n__token__ = \n\t{one}\n\t\n\n"
    );
    let test = Test::with(KEYRING, &text).env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    // What ModelForge 0.2 kept is the default account's.
    test.run(&["get"], OPENAI).password("sk-SENTINEL-2").stderr("");
    test.run(&["get"], &format!("{OPENAI}username=work\n")).password("sk-SENTINEL-1");
    test.run(&["get"], "protocol=https\nhost=upload.packages.example\npath=legacy\n").nothing();
    let listed = test.run(&["list"], "").success().stderr("");
    assert!(listed.stdout.ends_with("count=3\n"));
    test.run(&["erase"], &format!("{OPENAI}username=work\n")).nothing();
    let gone = format!("work = \n\t{one}\n\t\n");
    assert_eq!(test.content(KEYRING), text.replacen(&gone, "", 1));
    test.run(&["erase"], &format!("{OPENAI}username=default\n")).nothing();
    let gone_too = "openai_5fuser = \n\tc2stU0VOVElO\n\tRUwtMg==\n\t\n";
    assert_eq!(test.content(KEYRING), text.replacen(&gone, "", 1).replacen(gone_too, "", 1));
}

#[test]
fn store_keeps_nothing_unless_it_is_a_rollback() {
    let test = Test::with(GLOBAL, LOGGED_IN);
    test.run(&["erase"], OPENAI).nothing();
    let without = test.content(GLOBAL);
    let credential = format!("{OPENAI}password=sk-zA1k9HcOmxPF8MOpoLquDjRFfMNNiSyHOv99eC5xWPOgyTZ3\n");
    test.run(&["store"], &credential).nothing();
    assert_eq!(test.content(GLOBAL), without);
    let test = test.env("MODELFORGE_CREDENTIAL_MIGRATION", "1");
    test.run(&["store"], &credential).nothing();
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
    // One that is there is newer than what would be put back.
    test.run(&["store"], &format!("{OPENAI}password=sk-SENTINEL\n")).nothing();
    test.run(&["store"], &format!("{OPENAI}username=work\npassword=sk-SENTINEL\n")).nothing();
    assert_eq!(test.content(GLOBAL), LOGGED_IN);
}

#[test]
fn a_rolled_back_token_is_the_same_token() {
    let test = Test::with(GLOBAL, LOGGED_IN)
        .env("MODELFORGE_CREDENTIAL_MIGRATION", "1")
        .env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0");
    let before = test.run(&["get"], COPILOT).success().stdout;
    test.run(&["erase"], COPILOT).nothing();
    test.run(&["get"], COPILOT).nothing();
    let (credential, _) = before.split_once("storage=").unwrap();
    test.run(&["store"], &format!("{COPILOT}{credential}")).nothing();
    assert_eq!(test.run(&["get"], COPILOT).success().stdout, before);
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

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn mode_and_owner_stay_and_nothing_is_left_beside_the_file() {
        let test = Test::with(GLOBAL, LOGGED_IN);
        let path = test.path(GLOBAL);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let is_root = chown(&path, None, Some(1234)).is_ok();
        // What a killed process left holds keys.
        let test = test.file(".config/model-forge/.config.json.modelforge-credential-a1b2c3", "sk-SENTINEL");
        test.run(&["erase"], OPENAI).nothing();
        assert_eq!(mode(&path), 0o640);
        assert!(!is_root || fs::metadata(&path).unwrap().gid() == 1234);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link_and_the_real_file_is_edited() {
        let test = Test::with("dotfiles/forge.json", LOGGED_IN);
        fs::create_dir_all(test.path(GLOBAL).parent().unwrap()).unwrap();
        symlink("../../dotfiles/forge.json", test.path(GLOBAL)).unwrap();
        symlink("config.json", test.path(OLD)).unwrap();
        assert!(test.run(&["list"], "").success().stdout.ends_with("count=3\n"));
        test.run(&["erase"], OPENAI).nothing();
        assert!(fs::symlink_metadata(test.path(GLOBAL)).unwrap().is_symlink());
        assert!(!test.content("dotfiles/forge.json").contains("sk-zA1k9"));
        assert_eq!(fs::read_dir(test.path("dotfiles")).unwrap().count(), 1);
    }

    #[test]
    fn a_link_out_of_the_folder_that_one_is_in_is_refused() {
        let test = Test::with(GLOBAL, LOGGED_IN);
        fs::create_dir_all(test.path("project/.model-forge")).unwrap();
        symlink(test.path(GLOBAL), test.path("project/.model-forge/config.json")).unwrap();
        let request = format!("{OPENAI}username=project\n");
        for operation in ["get", "erase"] {
            test.run_in(&test.path("project"), &[operation], &request)
                .failure("error: `~/project/.model-forge/config.json` is a link that leads out of its folder\n");
        }
        assert_eq!(test.content(GLOBAL), LOGGED_IN);
    }

    #[test]
    fn a_second_name_that_would_keep_the_key_is_refused() {
        let test = Test::with(GLOBAL, LOGGED_IN);
        fs::hard_link(test.path(GLOBAL), test.path("copy")).unwrap();
        let answer = test.run(&["erase"], OPENAI);
        assert_eq!(answer.code, 1);
        assert!(answer.stderr.contains("has a second name (a hard link) that would keep the key"), "{}", answer.stderr);
        assert_eq!(test.content(GLOBAL), LOGGED_IN);
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let test = Test::new();
        fs::create_dir_all(test.path(GLOBAL).parent().unwrap()).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, test.path(GLOBAL), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        test.run(&["get"], OPENAI).failure("error: `~/.config/model-forge/config.json` is not a file\n");
        fs::create_dir(test.path(OLD)).unwrap();
        test.run(&["list"], "").success().stdout("count=0\n").stderr(
            "warning: `~/.config/model-forge/config.json` is not a file\n\
             warning: `~/.config/model-forge/models.json` is not a file\n",
        );
        fs::remove_file(test.path(GLOBAL)).unwrap();
        symlink("/dev/zero", test.path(GLOBAL)).unwrap();
        test.run(&["get"], OPENAI).failure("error: `~/.config/model-forge/config.json` is not a file\n");
    }

    #[test]
    fn a_file_too_large_is_not_read() {
        let test = Test::with(GLOBAL, "");
        fs::File::options().write(true).open(test.path(GLOBAL)).unwrap().set_len(1 << 40).unwrap();
        test.run(&["get"], OPENAI).failure("error: `~/.config/model-forge/config.json` is larger than 4194304 bytes\n");
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        let test = Test::with(GLOBAL, LOGGED_IN);
        // Only root can give a file away.
        if chown(test.path(GLOBAL), Some(1234), None).is_ok() {
            test.run(&["get"], OPENAI).failure("error: `~/.config/model-forge/config.json` belongs to another user\n");
        }
    }

    #[test]
    fn who_else_can_read_it_is_said() {
        let test = Test::with(GLOBAL, LOGGED_IN);
        for (folder, file, readers) in [
            (0o755, 0o644, ", which any user of this machine can read (mode 0644)"),
            (0o755, 0o640, ", which its group can read (mode 0640)"),
            (0o755, 0o600, ""),
            (0o700, 0o644, ""),
        ] {
            fs::set_permissions(test.home.path(), PermissionsExt::from_mode(folder)).unwrap();
            fs::set_permissions(test.path(GLOBAL), PermissionsExt::from_mode(file)).unwrap();
            test.run(&["get"], OPENAI).success().stderr(&format!(
                "warning: the key for `openai` is in plain text in `~/.config/model-forge/config.json`{readers}\n\
                 hint: modelforge-credential migrate\n"
            ));
        }
    }

    #[test]
    fn erases_at_the_same_time_lose_none() {
        let entry = |n: usize| {
            format!(
                "\"p{n}\": {{\"base_url\": \"https://h{n}/v1\", \"auth_data\": {{\"api_key\": \"sk-SENTINEL-{n}\"}}}}"
            )
        };
        let entries: Vec<_> = (0..12).map(entry).collect();
        let test = Test::with(GLOBAL, &format!("{{\"providers\": {{{}}}}}", entries.join(", ")));
        std::thread::scope(|scope| {
            for n in 0..12 {
                let test = &test;
                scope.spawn(move || test.run(&["erase"], &format!("protocol=https\nhost=h{n}\n")).nothing());
            }
        });
        assert!(!test.content(GLOBAL).contains("SENTINEL"));
        assert_eq!(test.content(GLOBAL).matches("base_url").count(), 12);
        assert_eq!(fs::read_dir(test.path(GLOBAL).parent().unwrap()).unwrap().count(), 1);
    }
}
