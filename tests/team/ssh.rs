//! The connection over ssh: a real OpenSSH server on this machine.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use super::{Person, Remote, synchronised};
use crate::support::{SECRET, Test, keyring::command};

/// A server that lets one key in, and ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_key(test: &Test, path: &Path) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let made = test.run(&["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", &path.display().to_string()], "");
    assert!(made.status.success());
}

impl Server {
    fn start(test: &Test, lets_in: &Path) -> Self {
        let folder = test.work();
        make_key(test, &folder.join("host"));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nPidFile none\nAuthorizedKeysFile {1}.pub\nStrictModes no\n\
             PasswordAuthentication no\nUsePAM no\nPermitRootLogin prohibit-password\n",
            folder.display(),
            lets_in.display()
        );
        std::fs::write(folder.join("sshd_config"), config).expect("a file");
        // Debian makes it when the machine starts. Only root needs it.
        let _ = std::fs::create_dir_all("/run/sshd");
        let mut sshd = command("/usr/sbin/sshd");
        sshd.args(["-D", "-e", "-f"]).arg(folder.join("sshd_config"));
        let log = std::fs::File::create(folder.join("log")).expect("a file");
        let spawned = sshd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let server = Self { child: spawned.expect("`sh tests/run` installs sshd"), port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }
}

/// Lets a person in by the key, as the settings of their git say.
fn with_key(person: Person, server: &Test, key: &Path) -> Person {
    let host = std::fs::read_to_string(server.work().join("host.pub")).expect("a key");
    let home = person.test.home();
    let ssh = format!(
        "ssh -i {} -o UserKnownHostsFile={}/hosts -o IdentitiesOnly=yes -o BatchMode=yes",
        key.display(),
        home.display()
    );
    let hosts = format!("* {host}");
    let test = person.test.file("hosts", hosts).file(".gitconfig", format!("[core]\n\tsshCommand = {ssh}\n"));
    Person { test, ..person }
}

/// A remote that is reached over ssh with one key.
struct Reached {
    /// It is there as long as this is.
    _remote: Remote,
    server: Test,
    key: PathBuf,
    running: Server,
    url: String,
}

impl Reached {
    fn new() -> Self {
        let (remote, server) = (Remote::new(), Test::new());
        let key = server.work().join("login");
        make_key(&server, &key);
        let running = Server::start(&server, &key);
        let url = format!("ssh://127.0.0.1:{}{}", running.port, remote.path());
        Self { _remote: remote, server, key, running, url }
    }
}

#[test]
#[ignore = "needs sshd (openssh-server)"]
fn a_store_is_synchronised_over_ssh() {
    let reached = Reached::new();
    let [ann, ben] = ["ann", "ben"].map(|name| with_key(Person::new(name), &reached.server, &reached.key));
    ann.does(&["members", "add", "ann"]);
    ann.stores("openai", SECRET);
    assert_eq!(ann.does(&["sync", "--remote", &reached.url]), synchronised(0, 2));
    let line = ben.does(&["members", "join", "ben"]);
    ann.does(&line.trim_end().split(' ').skip(1).collect::<Vec<_>>());
    ann.does(&["sync"]);
    ben.fails(&["sync", "--remote", &reached.url]);
    ben.does(&["members", "accept", &ann.fingerprint()]);
    assert_eq!(ben.key("openai").as_deref(), Some(SECRET));
    ben.stores("mistral", "sk-0123456789abcdef012345");
    assert_eq!(ben.does(&["sync"]), synchronised(0, 1));
    assert_eq!(ann.does(&["sync"]), synchronised(1, 0));
    drop(reached.running);
    let said = ann.fails(&["sync"]);
    assert!(said.starts_with("error: the remote cannot be read: "), "{said}");
    assert_eq!(ann.key("mistral").as_deref(), Some("sk-0123456789abcdef012345"));
}

#[test]
#[ignore = "needs sshd (openssh-server) and script (util-linux)"]
fn ssh_asks_nothing_at_the_terminal_where_nobody_is_to_be_asked() {
    let reached = Reached::new();
    let ann = Person::new("ann");
    let hosts = ann.test.home().join("hosts").display().to_string();
    // ssh does not know the server, and would ask.
    let ssh = format!("ssh -i {} -o UserKnownHostsFile={hosts} -o IdentitiesOnly=yes", reached.key.display());
    let test = ann.test.file(".gitconfig", format!("[core]\n\tsshCommand = {ssh}\n"));
    let ann = Person { test: test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0"), ..ann };
    ann.does(&["members", "add", "ann"]);
    let core = crate::support::program("modelforge-credential").display().to_string();
    let output = ann.test.run(&["script", "-qec", &format!("{core} sync --remote {}", reached.url), "/dev/null"], "");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(!shown.contains("Are you sure"), "{shown}");
    assert!(shown.starts_with("error: the remote cannot be read: "), "{shown}");
}
