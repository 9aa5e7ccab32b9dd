//! Servers that keep what they are told on a disk: TLS, sealed and standby ones, and one that is killed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};

use super::{OPENAI, credential, openai};
use crate::support::bao::{Bao, bao, free_port, succeeds};
use crate::support::{SECRET, Test};

/// A node of a cluster in a folder of its own.
struct Node {
    folder: PathBuf,
    port: u16,
    settings: PathBuf,
}

impl Node {
    /// `tls` is what its listener says about TLS, `join` what its storage says about others.
    fn new(root: &Path, name: &str, scheme: &str, tls: &str, join: &str) -> Self {
        let folder = root.join(name);
        std::fs::create_dir_all(folder.join("data")).expect("a folder");
        let (port, cluster) = (free_port(), free_port());
        let settings = folder.join("server.hcl");
        let text = format!(
            "storage \"raft\" {{\n  path = \"{}/data\"\n  node_id = \"{name}\"\n{join}\n}}\n\
             listener \"tcp\" {{\n  address = \"127.0.0.1:{port}\"\n  cluster_address = \"127.0.0.1:{cluster}\"\n{tls}\n}}\n\
             api_addr = \"{scheme}://127.0.0.1:{port}\"\ncluster_addr = \"https://127.0.0.1:{cluster}\"\n",
            folder.display()
        );
        std::fs::write(&settings, text).expect("settings can be written");
        Self { folder, port, settings }
    }

    fn start(&self) -> Bao {
        Bao::start(&self.folder, self.port, &["server", &format!("-config={}", self.settings.display())])
    }
}

/// The helper at this node.
fn vault(address: &str, token: &str) -> Test {
    Test::new().program("modelforge-credential-vault").env("VAULT_ADDR", address).env("VAULT_TOKEN", token)
}

fn is_listening(server: &Bao) -> bool {
    TcpStream::connect(("127.0.0.1", server.port)).is_ok()
}

#[test]
#[ignore = "needs OpenBao"]
fn a_cluster_with_a_certificate_of_its_own_is_asked_in_every_state() {
    let root = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| root.path().join(name));
    std::fs::write(&certificate, made.cert.pem()).expect("it can be written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("it can be written");
    let tls = format!("  tls_cert_file = \"{}\"\n  tls_key_file = \"{}\"", certificate.display(), key.display());
    let first = Node::new(root.path(), "first", "https", &tls, "");
    let server = first.start();
    server.waits_until(is_listening);
    let address = format!("https://127.0.0.1:{}", first.port);
    let host = server.host();
    let trusted =
        |address: &str, token: &str| vault(address, token).env("VAULT_CACERT", certificate.display().to_string());
    let get = |test: Test| test.args(["--kv", "2", "get"]).stdin(OPENAI);

    // Neither its certificate nor plain http.
    let said = format!("error: no secure connection to `{host}`: its certificate is not trusted\n");
    get(vault(&address, SECRET)).stderr(&said).failure();
    let said = format!("error: `{host}` does not speak plain http\nhint: set VAULT_ADDR to https://…\n");
    get(vault(&server.url(), SECRET)).stderr(&said).failure();
    let said = format!("error: `{host}` is not initialized\nhint: bao operator init\n");
    get(trusted(&address, SECRET)).stderr(&said).failure();

    let operator = |address: &str, arguments: &[&str]| {
        let mut command = bao(root.path(), arguments);
        command.env("BAO_ADDR", address).env("BAO_CACERT", &certificate).env("BAO_FORMAT", "json");
        command
    };
    let made = succeeds(&mut operator(&address, &["operator", "init", "-key-shares=1", "-key-threshold=1"]));
    let [unseal, token] = [&made["unseal_keys_b64"][0], &made["root_token"]].map(|text| text.as_str().expect("text"));
    let sealed = |host: &str| format!("error: `{host}` is sealed\nhint: bao operator unseal\n");
    get(trusted(&address, SECRET)).stderr(&sealed(&host)).failure();
    succeeds(&mut operator(&address, &["operator", "unseal", unseal]));
    let administer =
        |arguments: &[&str]| operator(&address, arguments).env("BAO_TOKEN", token).output().expect("bao starts");
    server.waits_until(|_| administer(&["secrets", "enable", "-version=2", "-path=secret", "kv"]).status.success());
    server.waits_until(|_| administer(&["kv", "put", "-mount=secret", "ready", "a=b"]).status.success());

    // Each way to name the authority.
    let found = credential(&openai());
    trusted(&address, token).args(["store"]).stdin(openai()).success();
    let folder = root.path().join("authorities");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::copy(&certificate, folder.join("one.pem")).expect("it can be copied");
    let pem = std::fs::read_to_string(&certificate).expect("it can be read");
    get(vault(&address, token).env("VAULT_CACERT_BYTES", pem)).stdout(&found).success();
    get(vault(&address, token).env("BAO_CAPATH", folder.display().to_string())).stdout(&found).success();
    let file = certificate.display().to_string();
    vault(&address, token).args(["--ca-cert", &file, "get"]).stdin(OPENAI).stdout(&found).success();
    let said = "error: there is no certificate in `VAULT_CACERT`\n";
    get(vault(&address, token).env("VAULT_CACERT", key.display().to_string())).stderr(said).failure();

    // Another node: sealed, and then a standby, which passes requests on.
    let join = format!(
        "  retry_join {{\n    leader_api_addr = \"{address}\"\n    leader_ca_cert_file = \"{}\"\n  }}",
        certificate.display()
    );
    let second = Node::new(root.path(), "second", "https", &tls, &join);
    let standby = second.start();
    standby.waits_until(is_listening);
    let other = format!("https://127.0.0.1:{}", second.port);
    standby.waits_until(|_| {
        operator(&other, &["operator", "unseal", unseal]).output().is_ok_and(|done| done.status.success())
    });
    let is_standby = || {
        let said = operator(&other, &["status"]).output().expect("bao starts");
        let said: Value = serde_json::from_slice(&said.stdout).unwrap_or_default();
        said["sealed"] == false && said["ha_enabled"] == true && said["leader_address"] == address.as_str()
    };
    standby.waits_until(|_| is_standby());
    standby.waits_until(|_| get(trusted(&other, token)).any_stdout().any_stderr().output().status.success());
    get(trusted(&other, token)).stdout(&found).success();
    let newer = openai().replace(SECRET, &format!("{SECRET}-newer"));
    trusted(&other, token).args(["store"]).stdin(&newer).success();
    get(trusted(&address, token)).stdout(&credential(&newer)).success();
}

/// Passes connections on to a server, and puts this header line into the first request of each. Ends with the process.
fn through_a_proxy(port: u16, line: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let own = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let pass_on = move || -> std::io::Result<()> {
                let (mut stream, mut server) = (stream, TcpStream::connect(("127.0.0.1", port))?);
                let (mut back, mut answers) = (stream.try_clone()?, server.try_clone()?);
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut answers, &mut back);
                    let _ = back.shutdown(std::net::Shutdown::Both);
                });
                let mut first = Vec::new();
                while !first.ends_with(b"\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte)?;
                    first.extend(byte);
                }
                server.write_all(&first)?;
                server.write_all(format!("{line}\r\n").as_bytes())?;
                std::io::copy(&mut stream, &mut server).map(drop)
            };
            std::thread::spawn(pass_on);
        }
    });
    own
}

#[test]
#[ignore = "needs OpenBao"]
fn a_standby_that_does_not_pass_requests_on_names_the_active_server_which_is_asked() {
    let root = tempfile::tempdir().expect("a folder");
    let first = Node::new(root.path(), "first", "http", "  tls_disable = true", "");
    let mut server = first.start();
    server.waits_until(is_listening);
    let made = server.must("PUT", "sys/init", json!({ "secret_shares": 1, "secret_threshold": 1 }));
    server.root = made["root_token"].as_str().expect("a token").to_owned();
    let unseal = json!({ "key": made["keys_base64"][0] });
    server.waits_until(|server| server.ask("PUT", "sys/unseal", unseal.clone()).0 == 200);
    server.waits_until(|server| server.ask("GET", "sys/health", Value::Null).0 == 200);
    server.must("POST", "sys/mounts/secret", json!({ "type": "kv", "options": { "version": "2" } }));
    server.waits_until(|server| server.ask("GET", "secret/metadata/none", Value::Null).0 == 404);
    let join = format!("  retry_join {{\n    leader_api_addr = \"{}\"\n  }}", server.url());
    let second = Node::new(root.path(), "second", "http", "  tls_disable = true", &join);
    let standby = second.start();
    standby.waits_until(is_listening);
    standby.waits_until(|standby| standby.ask("PUT", "sys/unseal", unseal.clone()).0 == 200);
    // As a standby in health says.
    standby.waits_until(|standby| matches!(standby.ask("GET", "sys/health", Value::Null).0, 429 | 473));

    let port = through_a_proxy(second.port, "X-Vault-No-Request-Forwarding: true");
    let address = format!("http://127.0.0.1:{port}");
    // It does answer so.
    let mut raw = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    // It reads by itself, and only writes go on.
    let body = r#"{"data":{"a":"b"}}"#;
    let request = format!(
        "POST /v1/secret/data/probe HTTP/1.1\r\nHost: x\r\nX-Vault-Token: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        server.root,
        body.len()
    );
    raw.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    raw.read_to_string(&mut answer).expect("an answer");
    let location = format!("location: {}/v1/secret/data/probe", server.url());
    assert!(answer.starts_with("HTTP/1.1 307") && answer.to_lowercase().contains(&location), "{answer}");

    let found = credential(&openai());
    vault(&address, &server.root).args(["store"]).stdin(openai()).success();
    vault(&address, &server.root).args(["get"]).stdin(OPENAI).stdout(&found).success();
    vault(&server.url(), &server.root).args(["get"]).stdin(OPENAI).stdout(&found).success();
    vault(&address, &server.root).args(["erase"]).stdin(OPENAI).success();
    vault(&server.url(), &server.root).args(["get"]).stdin(OPENAI).success();
}

#[test]
#[ignore = "needs OpenBao"]
fn a_server_that_asks_for_a_certificate_is_shown_one_of_its_clients_authority() {
    let root = tempfile::tempdir().expect("a folder");
    let of_the_server = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let [mine, another] =
        [(); 2].map(|()| rcgen::generate_simple_self_signed(["ann".to_owned()]).expect("a certificate"));
    let write = |name: &str, text: String, mode: u32| {
        let path = root.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("a mode");
        path.display().to_string()
    };
    let certificate = write("cert.pem", of_the_server.cert.pem(), 0o644);
    let key = write("key.pem", of_the_server.signing_key.serialize_pem(), 0o600);
    let [client, strange] = [("mine", &mine), ("another", &another)]
        .map(|(name, made)| write(&format!("{name}.pem"), made.cert.pem(), 0o644));
    let [client_key, strange_key] = [("mine", &mine), ("another", &another)]
        .map(|(name, made)| write(&format!("{name}.key"), made.signing_key.serialize_pem(), 0o600));
    let open_key = write("open.key", mine.signing_key.serialize_pem(), 0o644);
    let tls = format!(
        "  tls_cert_file = \"{certificate}\"\n  tls_key_file = \"{key}\"\n  \
         tls_require_and_verify_client_cert = true\n  tls_client_ca_file = \"{client}\""
    );
    let node = Node::new(root.path(), "first", "https", &tls, "");
    let server = node.start();
    server.waits_until(is_listening);
    let address = format!("https://127.0.0.1:{}", node.port);
    let host = server.host();
    let asked = |shown: &[(&str, &str)]| {
        let test = vault(&address, SECRET).env("VAULT_CACERT", &certificate);
        let test = shown.iter().fold(test, |test, (name, file)| test.env(name, file));
        test.args(["--kv", "2", "get"]).stdin(OPENAI)
    };
    let reached = format!("error: `{host}` is not initialized\nhint: bao operator init\n");
    asked(&[("VAULT_CLIENT_CERT", &client), ("VAULT_CLIENT_KEY", &client_key)]).stderr(&reached).failure();
    asked(&[("BAO_CLIENT_CERT", &client), ("BAO_CLIENT_KEY", &client_key)]).stderr(&reached).failure();
    // No certificate, and one of another authority.
    for shown in [&[][..], &[("VAULT_CLIENT_CERT", strange.as_str()), ("VAULT_CLIENT_KEY", &strange_key)]] {
        let output = asked(shown).any_stderr().output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.starts_with("error: ") && said.contains(&host), "{said}");
        assert!(!said.contains("is not initialized"), "{said}");
    }
    let half = "error: set both `VAULT_CLIENT_CERT` and `VAULT_CLIENT_KEY`, or neither\n";
    asked(&[("VAULT_CLIENT_CERT", &client)]).stderr(half).failure();
    asked(&[("VAULT_CLIENT_KEY", &client_key)]).stderr(half).failure();
    let output = asked(&[("VAULT_CLIENT_CERT", &client), ("VAULT_CLIENT_KEY", &open_key)]).any_stderr().output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("open.key") && said.starts_with("error: "), "{said}");
}

const WRITERS: u64 = 50;

/// Writes numbers that grow until it is told to end, and remembers the last one that was taken.
fn write(address: &str, token: &str, writer: u64, taken: &AtomicU64, is_over: &AtomicBool) {
    let test = vault(address, token);
    for number in 1.. {
        let stored = format!("protocol=https\nhost=h\nusername=writer-{writer}\npassword={number}\n");
        let program = crate::support::program("modelforge-credential-vault");
        let words = [program.as_os_str(), "--kv".as_ref(), "2".as_ref(), "store".as_ref()];
        if test.run(&words, stored).status.success() {
            taken.store(number, Ordering::SeqCst);
        }
        if is_over.load(Ordering::SeqCst) {
            return;
        }
    }
}

#[test]
#[ignore = "needs OpenBao"]
fn fifty_writers_and_a_server_that_is_killed_lose_nothing_that_was_taken() {
    let root = tempfile::tempdir().expect("a folder");
    let node = Node::new(root.path(), "one", "http", "  tls_disable = true", "");
    let mut server = node.start();
    server.waits_until(is_listening);
    let (status, made) = server.ask("PUT", "sys/init", json!({ "secret_shares": 1, "secret_threshold": 1 }));
    assert_eq!(status, 200, "{made}");
    let token = made["root_token"].as_str().expect("a token").to_owned();
    server.root.clone_from(&token);
    let unseal = |server: &Bao| {
        server.waits_until(|server| server.ask("PUT", "sys/unseal", json!({ "key": made["keys_base64"][0] })).0 == 200);
        server.waits_until(|server| server.ask("GET", "sys/health", Value::Null).0 == 200);
    };
    unseal(&server);
    server.must("POST", "sys/mounts/secret", json!({ "type": "kv", "options": { "version": "2" } }));
    server.waits_until(|server| server.ask("GET", "secret/metadata/none", Value::Null).0 == 404);

    let address = server.url();
    let is_over = AtomicBool::new(false);
    let taken: Vec<AtomicU64> = (0..WRITERS).map(|_| AtomicU64::new(0)).collect();
    let all = || taken.iter().map(|one| one.load(Ordering::SeqCst)).sum::<u64>();
    std::thread::scope(|scope| {
        for (writer, taken) in (0..).zip(&taken) {
            let (address, token, is_over) = (&address, &token, &is_over);
            scope.spawn(move || write(address, token, writer, taken, is_over));
        }
        // Killed while they write, twice.
        for _ in 0..2 {
            let before = all();
            server.waits_until(|_| all() > before + WRITERS);
            server.restart();
            unseal(&server);
        }
        let before = all();
        server.waits_until(|_| all() > before + WRITERS);
        is_over.store(true, Ordering::SeqCst);
    });
    for (writer, taken) in (0..).zip(&taken) {
        let path = format!("secret/data/modelforge/https/h/writer-{writer}");
        let held = server.must("GET", &path, Value::Null)["data"]["data"]["password"].take();
        let held: u64 = held.as_str().and_then(|held| held.parse().ok()).expect("a number");
        assert!(held >= taken.load(Ordering::SeqCst), "writer {writer} lost {}", taken.load(Ordering::SeqCst));
    }
}
