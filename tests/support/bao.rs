//! A real OpenBao on loopback addresses, in a separate folder.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::keyring::command;

/// The token of the administrator.
pub const ROOT: &str = "root-of-the-tests";

/// A server. It is stopped when it is dropped, or when the test process ends.
pub struct Bao {
    pub port: u16,
    /// The administrator's token: the first token of an initialised server.
    pub root: String,
    folder: PathBuf,
    arguments: Vec<String>,
    child: Child,
}

/// `bao`, which `tests/run` installs.
pub fn program() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-openbao/bao");
    std::env::var_os("MODELFORGE_TEST_BAO").map_or(installed, PathBuf::from)
}

/// `bao` with these arguments, and nothing of this process's environment.
pub fn bao(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = command(&program().to_string_lossy());
    command.args(arguments).env_clear().env("HOME", folder).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

/// A port that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

impl Bao {
    /// A server that tests share, each with its own engines and policies: in memory, without TLS.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Bao> = OnceLock::new();
        SHARED.get_or_init(Self::in_memory)
    }

    pub fn in_memory() -> Self {
        let port = free_port();
        let address = format!("-dev-listen-address=127.0.0.1:{port}");
        let root = format!("-dev-root-token-id={ROOT}");
        let server = Self::start(Path::new("/"), port, &["server", "-dev", "-dev-no-store-token", &root, &address]);
        server.waits_until(|server| server.ask("GET", "sys/health", Value::Null).0 == 200);
        server
    }

    /// Starts a server. It stops when its input ends, also if this process is killed.
    pub fn start(folder: &Path, port: u16, arguments: &[&str]) -> Self {
        assert!(program().exists(), "there is no `bao`: `sh tests/run` installs it");
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let child = spawn(folder, &arguments);
        Self { port, root: ROOT.to_owned(), folder: folder.to_owned(), arguments, child }
    }

    /// Kills it at once, as a power cut would, and starts it again.
    pub fn restart(&mut self) {
        self.end();
        self.child = spawn(&self.folder, &self.arguments);
    }

    #[track_caller]
    pub fn waits_until(&self, is_ready: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_ready(self) {
            assert!(start.elapsed() < Duration::from_secs(60), "the server does not get ready");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.host())
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends a request as administrator. Status 0: no answer.
    pub fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask_in("", method, path, body)
    }

    pub fn ask_in(&self, namespace: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} /v1/{path} HTTP/1.1\r\nHost: {}\r\nX-Vault-Token: {}\r\nX-Vault-Namespace: {namespace}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.host(),
            self.root,
            body.len()
        );
        let mut answer = Vec::new();
        let exchange = || {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            stream.write_all(request.as_bytes())?;
            stream.read_to_end(&mut answer)
        };
        let _ = { exchange }();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        // A long answer comes in chunks, each with its length.
        let start = body.find('{').unwrap_or(body.len());
        let text: String = match answer.to_lowercase().contains("transfer-encoding: chunked") {
            true => body.split("\r\n").skip(1).step_by(2).collect(),
            false => body[start..].to_owned(),
        };
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// The same, but it must succeed.
    #[track_caller]
    pub fn must(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// A new kv engine.
    #[track_caller]
    pub fn engine(&self, version: u8) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("engine-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        self.must(
            "POST",
            &format!("sys/mounts/{name}"),
            json!({ "type": "kv", "options": { "version": version.to_string() } }),
        );
        // Version 2 is prepared in the background.
        let probe = format!("{name}/{}", if version == 2 { "metadata/none" } else { "none" });
        self.waits_until(|server| server.ask("GET", &probe, Value::Null).0 == 404);
        name
    }

    /// A token with this policy, as text: `path "x/*" { capabilities = ["read"] }`.
    #[track_caller]
    pub fn token(&self, policy: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("policy-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.must("POST", &format!("sys/policies/acl/{name}"), json!({ "policy": policy }));
        let answer = self.must("POST", "auth/token/create", json!({ "policies": [name] }));
        answer["auth"]["client_token"].as_str().expect("a token").to_owned()
    }

    fn end(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Drop for Bao {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(folder: &Path, arguments: &[String]) -> Child {
    let mut command = command("/bin/sh");
    command.arg("-c").arg("\"$@\" </dev/null & server=$!; read end; kill -9 $server").arg("sh");
    command.arg(program()).args(arguments).env_clear().env("HOME", folder);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("a shell starts")
}

/// The output of `bao`, which must succeed, as JSON.
#[track_caller]
pub fn succeeds(command: &mut Command) -> Value {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("bao starts");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).unwrap_or_default()
}
