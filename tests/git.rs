//! The real git: as a client of our programs, and with its helpers in our chain.

use std::path::PathBuf;

use crate::support::{SECRET, Test, program, system};

const HOST: &str = "protocol=https\nhost=example.com\n";
const ANN: &str = "protocol=https\nhost=example.com\nusername=ann\n";

/// A home in which git is told of these helpers, and of nothing else.
fn git(lines: &str) -> Test {
    let test = Test::new().env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0").helpers("age");
    test.file(".gitconfig", lines).program(system("git", "git"))
}

fn core() -> String {
    program("modelforge-credential").display().to_string()
}

fn age() -> String {
    program("modelforge-credential-age").display().to_string()
}

const ASKED: &str = "fatal: could not read Username for 'https://example.com': terminal prompts disabled\n";

#[test]
fn the_line_of_the_readme_lets_git_ask_the_core_also_where_its_path_has_a_blank() {
    let readme = include_str!("../README.md");
    let (_, value) = readme.split_once("git config --global credential.helper ").expect("the line for git");
    let value = value.split('`').next().expect("its end");
    for folder in ["tools", "My Tools"] {
        let script = format!(
            "mkdir \"$HOME/{folder}\" && printf '#!/bin/sh\\nexec \"%s\" \"$@\"\\n' '{}' > \"$HOME/{folder}/modelforge-credential\" &&\n\
             chmod 755 \"$HOME/{folder}/modelforge-credential\" && PATH=\"$HOME/{folder}:$PATH\" &&\n\
             git config --global credential.helper {value} &&\n\
             printf '{}password=p\\n\\n' | git credential approve && printf '{}\\n' | git credential fill",
            core(),
            ANN.replace('\n', "\\n"),
            HOST.replace('\n', "\\n"),
        );
        system("git", "git");
        git("").program("/bin/sh").args(["-c", &script]).stdout(&format!("{ANN}password=p\n")).success();
    }
}

#[test]
fn git_keeps_finds_and_erases_through_the_core() {
    let test = git(&format!("[credential]\nhelper = {}\n", core()));
    let test = test.args(["credential", "fill"]).stdin(HOST).stderr(ASKED).status(128);
    let test = test.args(["credential", "approve"]).stdin(format!("{ANN}password={SECRET}\n")).success();
    let found = format!("{ANN}password={SECRET}\n");
    let test = test.args(["credential", "fill"]).stdin(HOST).stdout(&found).success();
    let test = test.args(["credential", "fill"]).stdin("url=https://ann@example.com/a/b\n").stdout(&found).success();
    let asked = "fatal: could not read Password for 'https://bob@example.com': terminal prompts disabled\n";
    let test = test.args(["credential", "fill"]).stdin("url=https://bob@example.com/\n").stderr(asked).status(128);
    let test = test.args(["credential", "reject"]).stdin(&found).success();
    test.args(["credential", "fill"]).stdin(HOST).stderr(ASKED).status(128);
}

#[test]
fn git_keeps_an_empty_user_name_and_an_empty_password_as_it_does_with_its_own_helpers() {
    for helper in [core(), age()] {
        let test = git(&format!("[credential]\nhelper = {helper}\n"));
        let empty = "protocol=https\nhost=sso.example\nusername=\npassword=\n";
        let test = test.args(["credential", "approve"]).stdin(empty).success();
        let test =
            test.args(["credential", "fill"]).stdin("protocol=https\nhost=sso.example\n").stdout(empty).success();
        let test = test.args(["credential", "reject"]).stdin(empty).success();
        let asked = "fatal: could not read Username for 'https://sso.example': terminal prompts disabled\n";
        test.args(["credential", "fill"]).stdin("protocol=https\nhost=sso.example\n").stderr(asked).status(128);
    }
}

#[test]
fn git_gets_the_key_of_a_provider_that_was_stored_by_its_name() {
    let test = git(&format!("[credential]\nhelper = {}\n", core()));
    let git = system("git", "git");
    let test = test.program("modelforge-credential").args(["approve"]);
    let test = test.stdin(format!("provider=openai\npassword={SECRET}\n")).success().program(git);
    test.args(["credential", "fill"])
        .stdin("url=https://api.openai.com/v1/models\n")
        .stdout(&format!("protocol=https\nhost=api.openai.com\nusername=default\npassword={SECRET}\n"))
        .success();
}

#[test]
fn git_asks_a_helper_of_ours_by_its_short_name_too() {
    let test = git("[credential]\nhelper = mf\n");
    let path = test.bin().join("git-credential-mf");
    std::os::unix::fs::symlink(core(), path).expect("a link can be made");
    let test = test.args(["credential", "approve"]).stdin(format!("{ANN}password={SECRET}\n")).success();
    test.args(["credential", "fill"]).stdin(HOST).stdout(&format!("{ANN}password={SECRET}\n")).success();
}

#[test]
fn git_asks_several_helpers_in_order_and_stores_in_all_of_them() {
    let kept = "cat >> \"$HOME/kept\"; echo \"$1\" >> \"$HOME/asked\"";
    let first = "[ $1 = get ] && exit 0; echo \"$1\" >> \"$HOME/asked\"";
    let test = git("").script("first", first).script("last", kept);
    let (first, last) = (test.bin().join("modelforge-credential-first"), test.bin().join("modelforge-credential-last"));
    let config =
        format!("[credential]\nhelper = {}\nhelper = {}\nhelper = {}\n", first.display(), core(), last.display());
    let test = test.file(".gitconfig", config);
    let kept = test.home().join("kept");
    let test = test.may_hold_the_secret(kept);
    let test = test.args(["credential", "approve"]).stdin(format!("{ANN}password={SECRET}\n")).success();
    let asked = || std::fs::read_to_string(test.home().join("asked")).expect("the helpers were asked");
    assert_eq!(asked(), "store\nstore\n");
    let found = format!("{ANN}password={SECRET}\n");
    let test = test.args(["credential", "fill"]).stdin(HOST).stdout(&found).success();
    let asked = std::fs::read_to_string(test.home().join("asked")).expect("the helpers were asked");
    assert_eq!(asked, "store\nstore\n", "the core's answer was complete, so the last one was not asked");
    test.helpers("age").program(PathBuf::from(age())).args(["get"]).stdin(HOST).stdout(&found).success();
}

#[test]
fn two_repositories_of_one_host_have_two_credentials_where_git_is_told_to_use_the_path() {
    for helper in [core(), age()] {
        let mut test = git(&format!("[credential]\nhelper = {helper}\nuseHttpPath = true\n"));
        for path in ["team/one.git", "team/two.git"] {
            let credential = format!("url=https://example.com/{path}\nusername=ann\npassword=key of {path}\n");
            test = test.args(["credential", "approve"]).stdin(credential).success();
        }
        for path in ["team/one.git", "team/two.git"] {
            let found = format!("{HOST}path={path}\nusername=ann\npassword=key of {path}\n");
            let request = format!("url=https://example.com/{path}\n");
            test = test.args(["credential", "fill"]).stdin(request).stdout(&found).success();
        }
        let request = "url=https://ann@example.com/team/one.git\n";
        test = test.args(["credential", "reject"]).stdin(request).success();
        test = test.args(["credential", "fill"]).stdin(request).any_stderr().status(128);
        let found = format!("{HOST}path=team/two.git\nusername=ann\npassword=key of team/two.git\n");
        test.args(["credential", "fill"]).stdin("url=https://example.com/team/two.git\n").stdout(&found).success();
    }
}

#[test]
#[ignore = "needs git 2.46"]
fn git_and_the_core_name_the_same_capabilities() {
    let test = git("").args(["credential", "capability"]);
    let said = "version 0\ncapability authtype\ncapability state\n";
    let test = test.stdout(said).success();
    test.program("modelforge-credential").args(["capability"]).stdout(said).success();
}

#[test]
fn a_request_that_git_cuts_off_before_its_host_erases_nothing() {
    let test = git(&format!("[credential]\nhelper = {}\n", core()));
    let test = test.args(["credential", "approve"]).stdin(format!("{ANN}password={SECRET}\n")).success();
    // git starts its helpers before it looks at the values, and dies while it writes to them. What it wrote before a bad user name
    // is a request for the whole host, which may be meant: nobody can tell, so it is not among these.
    let mut test = test;
    for request in [
        "protocol=https\nhost=exa\rmple.com\n",
        "protocol=https\n",
        "host=example.com\n",
        "url=https://evil?%0ahost=example.com\n",
    ] {
        test = test.args(["credential", "reject"]).stdin(request).any_stderr().status(128);
    }
    test.args(["credential", "fill"]).stdin(HOST).stdout(&format!("{ANN}password={SECRET}\n")).success();
}

#[test]
fn a_helper_that_dies_makes_git_ask_the_next_one() {
    let test = git("").script("dies", "kill -9 $$");
    let dies = test.bin().join("modelforge-credential-dies");
    let test = test.file(".gitconfig", format!("[credential]\nhelper = {}\nhelper = {}\n", dies.display(), core()));
    let test = test.args(["credential", "approve"]).stdin(format!("{ANN}password={SECRET}\n")).any_stderr().success();
    test.args(["credential", "fill"]).stdin(HOST).stdout(&format!("{ANN}password={SECRET}\n")).any_stderr().success();
}

/// git's plain-text helper as a link of our chain.
fn with_credential_store(after: &str) -> Test {
    let test = Test::new();
    system("git", "git");
    let file = test.home().join("plain");
    let command = format!("{{ command = ['git', 'credential-store', '--file', '{}'] }}", file.display());
    test.env("GIT_CONFIG_NOSYSTEM", "1").config(&format!("helpers = [{command}{after}]")).may_hold_the_secret(file)
}

#[test]
#[ignore = "needs git 2.46"]
fn credential_store_is_a_link_of_the_chain() {
    let test = with_credential_store("");
    let plain = test.home().join("plain");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let kept = std::fs::read_to_string(&plain).expect("git wrote its file");
    assert_eq!(kept, format!("https://default:{SECRET}@api.openai.com\n"));
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["reject"]).stdin("provider=openai\npassword=other\n").success();
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["reject"]).stdin("provider=openai\n").success();
    let test = test.args(["get"]).stdin("provider=openai\n").success();
    assert_eq!(std::fs::read_to_string(plain).expect("the file is there"), "");
    drop(test);
}

#[test]
fn what_git_wrote_with_credential_store_is_found_by_the_chain() {
    let test = with_credential_store("");
    let plain = test.home().join("plain").display().to_string();
    let git = system("git", "git");
    let test = test.program(&git).args(["credential-store", "--file", &plain, "store"]);
    let test = test.stdin(format!("{ANN}password={SECRET}\n")).success().program("modelforge-credential");
    test.args(["fill"]).stdin(HOST).stdout(&format!("{ANN}password={SECRET}\n")).success();
}

#[test]
fn credential_store_loses_the_expiry_so_it_did_not_keep_the_credential() {
    let test = with_credential_store(", 'age'");
    let token = format!("{ANN}password={SECRET}\noauth_refresh_token=r\npassword_expiry_utc=4102444800\n");
    let test = test.args(["approve"]).stdin(&token).any_stderr().success();
    let test = test.args(["get"]).stdin(HOST).stdout(&token).success();
    let plain = std::fs::read_to_string(test.home().join("plain")).unwrap_or_default();
    assert_eq!(plain, "", "the copy without its expiry was left, and answers first");
}

#[test]
fn credential_store_alone_did_not_keep_a_token_that_expires() {
    let test = with_credential_store("");
    let token = format!("{ANN}password={SECRET}\npassword_expiry_utc=4102444800\n");
    test.args(["approve"]).stdin(token).any_stderr().failure();
}

/// Ends the daemon that git's cache leaves behind, however the test ends.
struct Cache {
    socket: PathBuf,
    folder: tempfile::TempDir,
}

impl Cache {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        // The path of a socket may have 108 bytes, and git wants its folder private.
        let folder = tempfile::Builder::new().prefix("mf").tempdir_in("/tmp").expect("a folder for the socket");
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder.path(), private).expect("a mode can be set");
        Self { socket: folder.path().join("socket"), folder }
    }

    fn stop(&self) {
        let socket = self.socket.display().to_string();
        let git = system("git", "git").display().to_string();
        Test::new().run(&[&*git, "credential-cache", "--socket", &socket, "exit"], "");
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.stop();
        assert!(self.folder.path().exists() || std::thread::panicking(), "the folder outlives the daemon");
    }
}

#[test]
#[ignore = "needs git 2.46"]
fn credential_cache_is_a_link_of_the_chain_and_what_it_forgot_is_not_found() {
    let cache = Cache::new();
    let socket = cache.socket.display();
    let command = format!("{{ command = ['git', 'credential-cache', '--socket', '{socket}'] }}");
    let test = Test::new().env("GIT_CONFIG_NOSYSTEM", "1").config(&format!("helpers = [{command}]"));
    let test = test.args(["get"]).stdin("provider=openai\n").success();
    let token = format!("password={SECRET}\noauth_refresh_token=r\npassword_expiry_utc=4102444800\n");
    let test = test.args(["approve"]).stdin(format!("provider=openai\n{token}")).success();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\n{token}");
    let output = test.args(["get"]).stdin("provider=openai\n");
    let seen = String::from_utf8(output.output().stdout).expect("text");
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&seen), sorted(&found));
    let test = output.args(["reject"]).stdin("provider=openai\n").success();
    let test = test.args(["get"]).stdin("provider=openai\n").success();
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    cache.stop();
    test.args(["get"]).stdin("provider=openai\n").success();
}

#[test]
fn the_cache_in_front_of_age_answers_first_and_age_answers_when_it_has_forgotten() {
    let cache = Cache::new();
    let socket = cache.socket.display();
    let command = format!("{{ command = ['git', 'credential-cache', '--socket', '{socket}'] }}");
    let test = Test::new().env("GIT_CONFIG_NOSYSTEM", "1");
    let test = test.config(&format!("store = 'all'\nhelpers = [{command}, 'age']"));
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    cache.stop();
    test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
}
