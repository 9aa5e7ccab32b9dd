//! The helper against a real authorization server: npm's `oidc-provider`, with the device flow and refresh tokens that change with
//! each use.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(target_os = "linux")]

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use support::{Person, ask, attribute, complaint, request, text};

/// A folder below `target` with the server's packages in it.
fn installed() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("provider");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let packages = fs::read(source.join("package-lock.json")).unwrap();
    let done = folder.join("installed.json");
    if fs::read(&done).ok().as_ref() != Some(&packages) {
        for name in ["package.json", "package-lock.json"] {
            fs::copy(source.join(name), folder.join(name)).unwrap();
        }
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        let output = node("npm").args(arguments).current_dir(&folder).output();
        let output = output.expect("npm is not installed: run `sh tests/run`, or `apt-get install nodejs npm`");
        assert!(output.status.success(), "`npm ci` failed: {}", text(&output.stderr));
        fs::write(done, packages).unwrap();
    }
    for name in ["server.js", "browser.js"] {
        fs::copy(source.join(name), folder.join(name)).unwrap();
    }
    folder
}

/// With the environment of the test run: it may say where node is, and where packages come from.
#[expect(clippy::disallowed_methods, reason = "a test may start what it likes")]
fn node(program: &str) -> Command {
    Command::new(program)
}

struct Provider {
    folder: PathBuf,
    url: String,
    said: Arc<Mutex<Vec<String>>>,
    server: Child,
}

impl Provider {
    fn starts() -> Self {
        let folder = installed();
        let mut command = node("node");
        command.arg(folder.join("server.js")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let server = command.spawn();
        let mut server = server.expect("node is not installed: run `sh tests/run`, or `apt-get install nodejs npm`");
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines.by_ref().find(|line| line.starts_with("http://")).expect("the server starts");
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        std::thread::spawn(move || lines.for_each(|line| heard.lock().unwrap().push(line)));
        Self { folder, url, said, server }
    }

    fn request(&self, more: &str) -> String {
        let url = &self.url;
        let request = request(&format!("{url}/device/auth"), &format!("{url}/token"), more);
        request.replace("scope=read:user", "scope=openid offline_access")
    }

    /// Does in the browser what the person would, with the code that the terminal shows.
    fn browse(&self, person: &Person, choice: &str) -> String {
        person.sees("waiting for you");
        let seen = person.seen();
        let mut shown = seen.lines().filter_map(|line| line.strip_prefix("    "));
        let (url, code) = (shown.next().unwrap(), shown.next().unwrap());
        let output = node("node").arg(self.folder.join("browser.js")).args([url, code, choice]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    fn said(&self, what: &str) -> usize {
        self.said.lock().unwrap().iter().filter(|line| line.starts_with(what)).count()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
#[ignore = "needs nodejs and npm"]
fn a_person_signs_in_and_the_token_is_renewed_again_and_again() {
    let provider = Provider::starts();
    let person = Person::starts(&[], &provider.request(""));
    assert_eq!(provider.browse(&person, "confirm"), "Sign-in Success\n");
    let first = person.gets();
    assert_eq!(attribute(&first, "token_type"), Some("bearer"));
    assert_eq!(attribute(&first, "scope"), Some("openid offline_access"));
    assert!(works(&provider, &first), "{first}");

    let old = attribute(&first, "oauth_refresh_token").unwrap();
    let second = ask(&provider.request(&format!("oauth_refresh_token={old}\n")));
    let new = attribute(&second, "oauth_refresh_token").unwrap();
    assert_ne!(old, new);
    assert_ne!(attribute(&first, "password"), attribute(&second, "password"));
    assert!(attribute(&second, "password_expiry_utc").is_some());
    assert!(works(&provider, &second), "{second}");
    let third = ask(&provider.request(&format!("oauth_refresh_token={new}\n")));
    assert!(works(&provider, &third), "{third}");
    assert_eq!((provider.said("granted refresh_token"), provider.said("refused")), (2, 0));

    // The old one was used up; a client that shows it again may have stolen it.
    let said = complaint(&provider.request(&format!("oauth_refresh_token={old}\n")));
    let expected = "error: the sign-in for `example` is no longer valid\nhint: modelforge-credential login example\n";
    assert_eq!(said, expected);
    assert!(!said.contains(old));
}

#[test]
#[ignore = "needs nodejs and npm"]
fn a_person_who_says_no_is_believed() {
    let provider = Provider::starts();
    let person = Person::starts(&[], &provider.request(""));
    provider.browse(&person, "abort");
    let told = person.fails();
    assert_eq!(told, "error: the sign-in to `example` was denied\nhint: modelforge-credential login example\n");
}

#[test]
#[ignore = "needs nodejs and npm"]
fn a_client_that_the_server_does_not_know_is_said_to_be_that() {
    let provider = Provider::starts();
    let other = |request: String| request.replace("client_id=modelforge", "client_id=somebody");
    let host = provider.url.trim_start_matches("http://");
    let expected = format!("error: `{host}` does not know the `client_id` of `example`\n");
    assert_eq!(Person::starts(&[], &other(provider.request(""))).fails(), expected);
    assert_eq!(complaint(&other(provider.request("oauth_refresh_token=r\n"))), expected);
}

/// True if the server takes the token.
fn works(provider: &Provider, answer: &str) -> bool {
    let token = attribute(answer, "password").unwrap();
    let script = format!(
        "const r = await fetch('{}/me', {{ headers: {{ authorization: 'Bearer ' + process.env.TOKEN }} }}); console.log(r.status)",
        provider.url
    );
    let mut node = node("node");
    let output = node.args(["--input-type=module", "-e", &script]).env("TOKEN", token).output().unwrap();
    text(&output.stdout) == "200\n"
}
