//! A real GNOME Keyring on a separate session bus, in a separate directory. The person's session is not touched.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The path of the login keyring.
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";

/// A session bus, usually with GNOME Keyring on it. Both are stopped when it is dropped.
pub struct Keyring {
    directory: tempfile::TempDir,
    bus: Child,
    address: String,
    daemon: Option<Child>,
}

impl Keyring {
    /// An unlocked, empty keyring.
    pub fn start() -> Self {
        let mut keyring = Self::bus_alone();
        keyring.start_daemon(true, true);
        keyring
    }

    /// A keyring without a password, as distributions with automatic login create it: GNOME Keyring stores it as an INI file.
    pub fn without_password() -> Self {
        let mut keyring = Self::bus_alone();
        let folder = keyring.directory().join("home/.local/share/keyrings");
        fs::create_dir_all(&folder).unwrap();
        let settings = "display-name=Default keyring\nctime=0\nmtime=0\nlock-on-idle=false\nlock-after=false\n";
        fs::write(folder.join("Default_keyring.keyring"), format!("[keyring]\n{settings}")).unwrap();
        fs::write(folder.join("default"), "Default_keyring").unwrap();
        keyring.start_daemon(false, true);
        keyring
    }

    /// A daemon without a keyring to store in, as before the first login.
    pub fn without_login() -> Self {
        let mut keyring = Self::bus_alone();
        keyring.start_daemon(false, false);
        keyring
    }

    /// A session bus without a secret service, and without a way to start one.
    pub fn bus_alone() -> Self {
        Self::with_bus("")
    }

    /// A session bus that starts this program (absolute path and arguments) for the secret service.
    pub fn starting(program: &str) -> Self {
        Self::with_bus(program)
    }

    fn with_bus(service: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let services = directory.path().join("services");
        fs::create_dir_all(&services).unwrap();
        fs::create_dir_all(directory.path().join("run")).unwrap();
        if !service.is_empty() {
            let text = format!("[D-BUS Service]\nName=org.freedesktop.secrets\nExec={service}\n");
            fs::write(services.join("org.freedesktop.secrets.service"), text).unwrap();
        }
        let listen = format!("unix:dir={}", directory.path().join("run").display());
        let config = directory.path().join("bus.conf");
        fs::write(&config, configuration(&[listen], &format!("<servicedir>{}</servicedir>", services.display())))
            .unwrap();
        let mut command = command("dbus-daemon");
        command.arg("--nofork").arg("--print-address=1").arg("--config-file").arg(&config);
        let (bus, address) = start_bus(&mut command);
        Self { directory, bus, address, daemon: None }
    }

    /// Starts the daemon, unlocked (which creates a login keyring) or not, and waits until it has a login keyring or none.
    fn start_daemon(&mut self, unlocked: bool, login: bool) {
        let mut command = command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).env_clear().envs(self.env());
        if unlocked {
            command.arg("--unlock");
        }
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = spawn(&mut command, "gnome-keyring");
        // With an empty password, it creates no login keyring.
        let mut stdin = daemon.stdin.take().unwrap();
        if unlocked {
            stdin.write_all(b"password").unwrap();
        }
        drop(stdin);
        self.daemon = Some(daemon);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let reply = self.ask("ReadAlias", &["string:default"]);
            let text = String::from_utf8_lossy(&reply.stdout).into_owned();
            if reply.status.success() && text.contains("object path") && text.contains(r#""/""#) != login {
                return;
            }
            assert!(Instant::now() < deadline, "gnome-keyring-daemon did not start");
            sleep(Duration::from_millis(20));
        }
    }

    /// Locks the keyring, as at the end of a session.
    pub fn lock(&self) {
        let reply = self.ask("Lock", &[&format!("array:objpath:{COLLECTION}")]);
        assert!(reply.status.success(), "{}", String::from_utf8_lossy(&reply.stderr));
    }

    /// Stops the daemon and starts it again, as at the next login. A keyring with a password is then locked, and the names of its items are
    /// known only as hashes.
    pub fn restart(&mut self) {
        self.end_daemon();
        self.start_daemon(false, true);
    }

    /// Freezes the daemon: it keeps its name on the bus, but does not answer.
    pub fn freeze(&self) {
        let id = self.daemon.as_ref().unwrap().id();
        assert!(command("sh").arg("-c").arg(format!("kill -STOP {id}")).status().unwrap().success());
    }

    /// The address of the session bus.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The directory of all its files. It is removed at the end.
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// The variables that make a program use this keyring and no other.
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        let inside = |name: &str| self.directory.path().join(name).into_os_string();
        vec![
            ("HOME", inside("home")),
            ("XDG_DATA_HOME", inside("home/.local/share")),
            ("XDG_RUNTIME_DIR", inside("run")),
            ("DBUS_SESSION_BUS_ADDRESS", OsString::from(&self.address)),
        ]
    }

    /// The number of items in the keyring, of all programs.
    pub fn items(&self) -> usize {
        let reply = self.ask("SearchItems", &["dict:string:string:"]);
        assert!(reply.status.success(), "{}", String::from_utf8_lossy(&reply.stderr));
        String::from_utf8_lossy(&reply.stdout).matches("object path").count()
    }

    /// Makes the collection in memory the default for new items.
    pub fn default_to_the_session(&self) {
        let path = "objpath:/org/freedesktop/secrets/collection/session";
        let reply = self.ask("SetAlias", &["string:default", path]);
        assert!(reply.status.success(), "{}", String::from_utf8_lossy(&reply.stderr));
    }

    fn ask(&self, method: &str, arguments: &[&str]) -> Output {
        let mut command = command("dbus-send");
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"]);
        command.arg(format!("org.freedesktop.Secret.Service.{method}")).args(arguments);
        command.output().unwrap_or_else(|e| missing("dbus-bin", &e))
    }

    fn end_daemon(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        self.end_daemon();
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

/// A session bus of another user, which accepts everybody.
#[cfg(unix)]
pub fn bus_of(user: u32, directory: &std::path::Path, listen: &[String]) -> Child {
    let config = directory.join("bus.conf");
    fs::write(&config, configuration(listen, "<auth>ANONYMOUS</auth><allow_anonymous/>")).unwrap();
    let mut command = command("dbus-daemon");
    std::os::unix::process::CommandExt::uid(&mut command, user);
    command.arg("--nofork").arg("--print-address=1").arg("--config-file").arg(&config);
    start_bus(&mut command).0
}

/// The settings of a session bus: its addresses, and more.
fn configuration(listen: &[String], more: &str) -> String {
    let listen: String = listen.iter().map(|address| format!("<listen>{address}</listen>")).collect();
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  {listen}
  <auth>EXTERNAL</auth>
  {more}
  <policy context="default">
    <allow user="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
"#
    )
}

/// The bus, and its address.
fn start_bus(command: &mut Command) -> (Child, String) {
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut bus = spawn(command, "dbus-daemon");
    let mut address = String::new();
    BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let address = address.trim().to_owned();
    assert!(!address.is_empty(), "dbus-daemon did not start");
    (bus, address)
}

/// A program on PATH.
#[allow(clippy::disallowed_methods, reason = "tests start other programs")]
pub fn command(program: &str) -> Command {
    Command::new(program)
}

fn spawn(command: &mut Command, package: &str) -> Child {
    command.spawn().unwrap_or_else(|e| missing(package, &e))
}

/// Fails a test that needs a missing package: it is never skipped.
pub fn missing(package: &str, error: &dyn std::fmt::Display) -> ! {
    panic!("this test needs `{package}` ({error}): run tests/run, which installs it, or apt-get install {package}")
}
