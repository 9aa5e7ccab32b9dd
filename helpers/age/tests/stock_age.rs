//! The helper as a program, beside the stock `age` and `ssh-keygen`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SECRET: &str = "sk-sentinel-5f1e";
const OPENAI: &str = "protocol=https\nhost=api.openai.com\n";

/// A home of its own; whatever runs in it knows nothing else.
struct Home {
    folder: tempfile::TempDir,
    env: Vec<(&'static str, String)>,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").to_str().unwrap().to_owned();
        let home = folder.path().to_str().unwrap().to_owned();
        let path = String::from("/usr/local/bin:/usr/bin:/bin");
        Self { folder, env: vec![("HOME", home), ("XDG_DATA_HOME", data), ("PATH", path)] }
    }

    fn env(mut self, key: &'static str, value: &str) -> Self {
        self.env.retain(|(known, _)| *known != key);
        self.env.push((key, value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self, name: &str) -> PathBuf {
        self.path("data/modelforge-credential/age").join(name)
    }

    fn identity(&self) -> PathBuf {
        self.path("data/modelforge-credential/identity.txt")
    }

    fn command(&self, program: &str) -> Command {
        #[expect(clippy::disallowed_methods, reason = "a test may start what it likes")]
        let mut command = Command::new(program);
        command.env_clear().envs(self.env.iter().cloned()).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let started = self.command(program).args(arguments).spawn();
        let mut child = started.unwrap_or_else(|e| {
            panic!("`{program}` does not start ({e}): run `apt-get install age openssh-client`, or the tests through tests/run")
        });
        // Who does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs the helper; its standard error must never hold the secret.
    #[track_caller]
    fn helper(&self, arguments: &[&str], input: &str) -> Output {
        let output = self.run(env!("CARGO_BIN_EXE_modelforge-credential-age"), arguments, input);
        let said = text(&output.stderr);
        assert!(!said.contains("sentinel"), "{said}");
        output
    }

    /// What the helper answers, when it must succeed in silence.
    #[track_caller]
    fn ask(&self, arguments: &[&str], input: &str) -> String {
        let output = self.helper(arguments, input);
        assert_eq!(text(&output.stderr), "");
        assert!(output.status.success());
        text(&output.stdout)
    }

    /// What the helper complains about, when it must fail.
    #[track_caller]
    fn complaint(&self, arguments: &[&str], input: &str) -> String {
        let output = self.helper(arguments, input);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
        text(&output.stderr).replace(self.folder.path().to_str().unwrap(), "~")
    }

    #[track_caller]
    fn stock(&self, program: &str, arguments: &[&str], input: &str) -> String {
        let output = self.run(program, arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The public key of the helper's own identity.
    #[track_caller]
    fn public_key(&self) -> String {
        self.stock("age-keygen", &["-y", self.identity().to_str().unwrap()], "").trim().to_owned()
    }

    /// A file that stock age made, in the store.
    #[track_caller]
    fn plant(&self, name: &str, options: &[&str], content: &str) {
        let file = self.store(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let file = file.to_str().unwrap().to_owned();
        self.stock("age", &[&["-o", &file], options].concat(), content);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn credential(host: &str, username: &str) -> String {
    format!("protocol=https\nhost={host}\nusername={username}\npassword={SECRET}\n")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A program that answers every question with `answer`.
fn askpass(home: &Home, answer: &str) -> String {
    let program = home.path("askpass");
    fs::write(&program, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
    set_mode(&program, 0o700);
    program.to_str().unwrap().to_owned()
}

fn ssh_key(home: &Home, options: &[&str]) -> String {
    let file = home.path("ssh").to_str().unwrap().to_owned();
    home.stock("ssh-keygen", &[&["-q", "-C", "", "-f", &file], options].concat(), "");
    file
}

#[test]
fn stock_age_opens_every_file_with_the_identity_that_the_first_store_made() {
    let home = Home::new();
    let stored = format!("{OPENAI}provider=openai\npassword={SECRET}\nunknown=1\n");
    assert_eq!(home.ask(&["store"], &stored), "");
    let file = home.store("https/api.openai.com/default.age");
    let opened = home.stock("age", &["-d", "-i", home.identity().to_str().unwrap(), file.to_str().unwrap()], "");
    assert_eq!(opened, format!("{stored}username=default\n"));
    assert_eq!(home.ask(&["get"], OPENAI), opened);
    for (path, expected) in [(&file, 0o600), (&home.identity(), 0o600), (&home.store(""), 0o700)] {
        assert_eq!(mode(path), expected, "{}", path.display());
    }
    let identity = fs::read_to_string(home.identity()).unwrap();
    let lines: Vec<_> = identity.lines().collect();
    assert!(lines[0].starts_with("# created: 20") && lines[0].ends_with('Z'));
    assert_eq!(lines[1], format!("# public key: {}", home.public_key()));
    assert!(lines[2].starts_with("AGE-SECRET-KEY-1") && lines.len() == 3);
}

#[test]
fn a_file_that_stock_age_made_is_read_armored_or_not() {
    let home = Home::new();
    home.ask(&["store"], &credential("first", "u"));
    let key = home.public_key();
    home.plant("https/binary/u.age", &["-r", &key], &credential("binary", "u"));
    home.plant("https/armored/u.age", &["-a", "-r", &key], &credential("armored", "u"));
    home.plant("https/nameless/default.age", &["-r", &key], "protocol=https\nhost=nameless\npassword=p\n");
    for host in ["binary", "armored"] {
        assert_eq!(home.ask(&["get"], &format!("protocol=https\nhost={host}\n")), credential(host, "u"));
    }
    let nameless = "protocol=https\nhost=nameless\npassword=p\nusername=default\n";
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=nameless\n"), nameless);
}

#[test]
fn a_file_is_believed_only_if_it_holds_what_its_name_says() {
    let home = Home::new();
    home.ask(&["store"], &credential("first", "u"));
    let key = home.public_key();
    for (name, content) in [
        ("https/other/u.age", credential("first", "u")),
        ("https/other/u.age", credential("other", "v")),
        ("https/other/u.age", format!("path=p\n{}", credential("other", "u"))),
        ("https/other/p/u.age", credential("other", "u")),
        ("http/other/u.age", credential("other", "u")),
    ] {
        let _ = fs::remove_dir_all(home.store("https/other"));
        home.plant(name, &["-r", &key], &content);
        let protocol = name.split('/').next().unwrap();
        let complaint = home.complaint(&["get"], &format!("protocol={protocol}\nhost=other\n"));
        let file = format!("~/data/modelforge-credential/age/{name}");
        assert_eq!(complaint, format!("error: `{file}` holds another credential than its name says\n"));
    }
}

#[test]
fn a_damaged_or_foreign_file_is_one_error_and_hides_no_other_credential() {
    let home = Home::new();
    home.ask(&["store"], &credential("good", "u"));
    let strange = home.path("strange.txt");
    home.stock("age-keygen", &["-o", strange.to_str().unwrap()], "");
    let strange = home.stock("age-keygen", &["-y", strange.to_str().unwrap()], "");
    home.plant("https/foreign/u.age", &["-r", strange.trim()], &credential("foreign", "u"));
    home.plant("https/garbage/u.age", &["-r", &home.public_key()], SECRET);
    for (host, content) in [("empty", ""), ("plain", SECRET), ("armor", "-----BEGIN AGE ENCRYPTED FILE-----\nx\n")] {
        fs::create_dir_all(home.store("https").join(host)).unwrap();
        fs::write(home.store("https").join(host).join("u.age"), content).unwrap();
    }
    home.ask(&["store"], &credential("cut", "u"));
    let cut = home.store("https/cut/u.age");
    let content = fs::read(&cut).unwrap();
    fs::write(&cut, &content[..content.len() - 1]).unwrap();
    fs::create_dir_all(home.store("https/folder/u.age")).unwrap();
    fs::create_dir_all(home.store("https/fifo")).unwrap();
    home.stock("mkfifo", &[home.store("https/fifo/u.age").to_str().unwrap()], "");

    for (host, problem) in [
        ("foreign", "is encrypted for another identity than"),
        ("garbage", "holds no credential: line 1 has no `=`"),
        ("empty", "is damaged or not an age file"),
        ("plain", "is damaged or not an age file"),
        ("armor", "is damaged or not an age file"),
        ("cut", "is damaged or not an age file"),
        ("folder", "is not a file"),
        ("fifo", "is not a file"),
    ] {
        let complaint = home.complaint(&["get"], &format!("protocol=https\nhost={host}\nusername=u\n"));
        let file = format!("`~/data/modelforge-credential/age/https/{host}/u.age` {problem}");
        assert!(complaint.starts_with(&format!("error: {file}")), "{complaint}");
    }
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=good\n"), credential("good", "u"));
    assert!(home.ask(&["list"], "").ends_with("\n\ncount=8\n"));
}

#[test]
fn list_names_every_credential_without_opening_one() {
    let home = Home::new();
    assert_eq!(home.ask(&["list"], ""), "count=0\n");
    home.ask(&["store"], &format!("{}path=A/b\n", credential("h", "Me")));
    fs::write(home.store("https/h/A.age"), "foreign").unwrap();
    fs::write(home.store(".new-left"), "left over").unwrap();
    let file = home.store("https/h/%41%2fb/%4de.age");
    fs::remove_file(home.identity()).unwrap();
    let created = fs::metadata(&file).unwrap().mtime();
    let (identity, file) = (home.identity(), file.display().to_string());
    let expected = format!(
        "protocol=https\nhost=h\npath=A/b\nusername=Me\ncreated_utc={created}\nstorage=encrypted file\nidentity={}\nfile={file}\n\ncount=1\n",
        identity.display()
    );
    assert_eq!(home.ask(&["list"], ""), expected);
}

#[test]
fn get_prefers_no_path_and_the_default_account_and_then_the_first_name() {
    let home = Home::new();
    let ask = |request: &str| home.ask(&["get"], &format!("protocol=https\nhost=h\n{request}"));
    assert_eq!(ask(""), "");
    home.ask(&["store"], &format!("{}path=p\n", credential("h", "a")));
    assert_eq!(ask(""), format!("{}path=p\n", credential("h", "a")));
    assert_eq!(ask("username=a\n"), format!("{}path=p\n", credential("h", "a")));
    home.ask(&["store"], &credential("h", "c"));
    home.ask(&["store"], &credential("h", "b"));
    assert_eq!(ask(""), credential("h", "b"));
    home.ask(&["store"], &credential("h", ""));
    assert_eq!(ask(""), credential("h", ""));
    home.ask(&["store"], "protocol=https\nhost=h\npassword=p\n");
    assert_eq!(ask(""), "protocol=https\nhost=h\npassword=p\nusername=default\n");
    assert_eq!(ask("username=c\n"), credential("h", "c"));
    assert_eq!(ask("path=p\n"), format!("{}path=p\n", credential("h", "a")));
    assert_eq!(ask("path=\n"), "");
    assert_eq!(ask("username=d\n"), "");
}

#[test]
fn erase_takes_what_is_described_and_spares_another_secret() {
    let home = Home::new();
    home.ask(&["erase"], "protocol=https\nhost=h\n");
    assert!(!home.store("").exists());
    for (host, username) in [("h", "a"), ("h", "b"), ("other", "a")] {
        home.ask(&["store"], &credential(host, username));
    }
    home.ask(&["store"], &format!("{}path=p\n", credential("h", "a")));
    home.ask(&["erase"], "protocol=https\nhost=h\npassword=another\n");
    assert!(home.ask(&["list"], "").ends_with("count=4\n"));
    home.ask(&["erase"], &credential("h", "b"));
    assert!(home.ask(&["list"], "").ends_with("count=3\n"));
    home.ask(&["erase"], "protocol=https\nhost=h\n");
    assert!(home.ask(&["list"], "").ends_with("count=1\n"));
    assert!(!home.store("https/h").exists() && home.store("https/other/a.age").exists());
}

#[test]
fn an_erase_that_cannot_compare_the_secret_fails_and_erases_the_others() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "a"));
    home.ask(&["store"], &credential("h", "b"));
    fs::write(home.store("https/h/a.age"), "damaged").unwrap();
    let complaint = home.complaint(&["erase"], &format!("protocol=https\nhost=h\npassword={SECRET}\n"));
    assert!(complaint.ends_with("/a.age` is damaged or not an age file\n"), "{complaint}");
    assert!(home.store("https/h/a.age").exists() && !home.store("https/h/b.age").exists());
    home.ask(&["erase"], "protocol=https\nhost=h\n");
    assert!(!home.store("https/h").exists());
}

#[test]
fn permissions_wider_than_the_owners_are_refused_with_the_command_that_mends_them() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let request = "protocol=https\nhost=h\n";
    for (path, wide, right) in [(home.identity(), 0o640, "600"), (home.store(""), 0o701, "700")] {
        set_mode(&path, wide);
        let shown = path.display().to_string().replace(home.folder.path().to_str().unwrap(), "~");
        let shown = shown.trim_end_matches('/');
        let expected = format!("error: others than its owner can reach `{shown}`\nhint: chmod {right} {shown}\n");
        assert_eq!(home.complaint(&["get"], request), expected);
        assert_eq!(home.complaint(&["store"], &credential("h", "u")), expected);
        let hint = expected.lines().last().unwrap().trim_start_matches("hint: ");
        home.stock("sh", &["-c", &hint.replace('~', home.folder.path().to_str().unwrap())], "");
        assert_eq!(home.ask(&["get"], request), credential("h", "u"));
    }
}

#[test]
fn ssh_keys_are_identities_for_stock_age_too() {
    for kind in ["ed25519", "rsa"] {
        let home = Home::new();
        let key = ssh_key(&home, &["-t", kind, "-N", ""]);
        home.ask(&["--identity", &key, "store"], &credential("h", "u"));
        assert!(!home.identity().exists());
        let file = home.store("https/h/u.age").to_str().unwrap().to_owned();
        assert_eq!(home.stock("age", &["-d", "-i", &key, &file], ""), credential("h", "u"));
        home.plant("https/g/u.age", &["-R", &format!("{key}.pub")], &credential("g", "u"));
        let identity = format!("--identity={key}");
        assert_eq!(home.ask(&[&identity, "get"], "protocol=https\nhost=g\n"), credential("g", "u"));
    }
}

#[test]
fn a_protected_ssh_key_neither_stores_nor_gets_without_its_passphrase() {
    let home = Home::new();
    let key = ssh_key(&home, &["-t", "ed25519", "-N", "correct horse"]);
    let (get, store) = (["--identity", &key, "get"], ["--identity", &key, "store"]);
    let locked = "error: the SSH key `~/ssh` is protected by a passphrase and there is nobody to ask\n";
    assert!(home.complaint(&store, &credential("h", "u")).starts_with(locked));
    assert!(!home.store("").exists());
    let program = askpass(&home, "correct horse");
    let home = home.env("SSH_ASKPASS", &program);
    home.ask(&store, &credential("h", "u"));
    let home = home.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0");
    assert!(home.complaint(&get, "protocol=https\nhost=h\n").starts_with(locked));
    let newer = credential("h", "u").replace(SECRET, "newer");
    assert_eq!(home.complaint(&store, &newer), home.complaint(&get, "protocol=https\nhost=h\n"));
    let home = home.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1");
    assert_eq!(home.ask(&get, "protocol=https\nhost=h\n"), credential("h", "u"));
    home.ask(&store, &credential("h", "v"));
    fs::write(&program, "#!/bin/sh\necho asked >> \"$HOME/asked\"\necho 'correct horse'\n").unwrap();
    home.ask(&["--identity", &key, "erase"], "protocol=https\nhost=h\npassword=another\n");
    assert_eq!(fs::read_to_string(home.path("asked")).unwrap(), "asked\n");
    assert!(home.ask(&["list"], "").ends_with("count=2\n"));
    askpass(&home, SECRET);
    assert_eq!(
        home.complaint(&get, "protocol=https\nhost=h\n"),
        "error: that is not the passphrase of the SSH key `~/ssh`\n"
    );
    askpass(&home, "correct horse");
    let home = home.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0");
    assert!(home.complaint(&get, "protocol=https\nhost=h\n").starts_with(locked));
}

#[test]
fn a_protected_ssh_key_that_is_only_the_second_identity_is_not_asked_for_to_store() {
    let home = Home::new();
    home.stock("age-keygen", &["-o", "plain.txt"], "");
    let key = ssh_key(&home, &["-t", "ed25519", "-N", "correct horse"]);
    let both = ["--identity", "plain.txt", "--identity", &key];
    home.ask(&[&both[..], &["store"]].concat(), &credential("h", "u"));
    assert_eq!(home.ask(&[&both[..], &["get"]].concat(), "protocol=https\nhost=h\n"), credential("h", "u"));
    let program = askpass(&home, "correct horse");
    let home = home.env("SSH_ASKPASS", &program);
    assert_eq!(home.ask(&["--identity", &key, "get"], "protocol=https\nhost=h\n"), credential("h", "u"));
}

#[test]
fn a_protected_identity_asks_once_and_says_when_nobody_can_answer() {
    let home = Home::new();
    home.stock("age-keygen", &["-o", "plain.txt"], "");
    let mut recipient = age::scrypt::Recipient::new("correct horse".to_owned().into());
    recipient.set_work_factor(10);
    let identity = home.path("protected.age");
    fs::write(&identity, age::encrypt(&recipient, &fs::read(home.path("plain.txt")).unwrap()).unwrap()).unwrap();
    set_mode(&identity, 0o600);
    let program = askpass(&home, "correct horse");
    let home = home.env("MODELFORGE_CREDENTIAL_ASKPASS", &program);
    home.ask(&["--identity", "protected.age", "store"], &credential("h", "u"));
    let file = home.store("https/h/u.age");
    assert_eq!(home.stock("age", &["-d", "-i", "plain.txt", file.to_str().unwrap()], ""), credential("h", "u"));
    let get = ["--identity", "protected.age", "get"];
    assert_eq!(home.ask(&get, "protocol=https\nhost=h\n"), credential("h", "u"));
    askpass(&home, SECRET);
    let wrong = "error: that is not the passphrase of the identity `~/protected.age`\n";
    assert_eq!(home.complaint(&get, "protocol=https\nhost=h\n"), wrong);
    // The first key that opens spares the question.
    let both = ["--identity", "plain.txt", "--identity", "protected.age", "get"];
    assert_eq!(home.ask(&both, "protocol=https\nhost=h\n"), credential("h", "u"));
    assert!(home.ask(&["--identity", "protected.age", "list"], "").ends_with("count=1\n"));
    let home = home.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0");
    let locked = "error: the identity `~/protected.age` is protected by a passphrase and there is nobody to ask\n";
    assert!(home.complaint(&get, "protocol=https\nhost=h\n").starts_with(locked));
}

#[test]
fn recipients_can_read_what_is_stored() {
    let home = Home::new();
    home.stock("age-keygen", &["-o", "spare.txt"], "");
    let spare = home.stock("age-keygen", &["-y", "spare.txt"], "");
    let key = ssh_key(&home, &["-t", "ed25519", "-N", ""]);
    let public = fs::read_to_string(format!("{key}.pub")).unwrap();
    home.ask(&["--recipient", spare.trim(), "--recipient", public.trim(), "store"], &credential("h", "u"));
    let file = home.store("https/h/u.age").to_str().unwrap().to_owned();
    for identity in ["spare.txt", "ssh", home.identity().to_str().unwrap()] {
        assert_eq!(home.stock("age", &["-d", "-i", identity, &file], ""), credential("h", "u"));
    }
    let secret = fs::read_to_string(home.path("spare.txt")).unwrap();
    let complaint = home.complaint(&["--recipient", secret.lines().last().unwrap(), "store"], &credential("h", "u"));
    assert!(complaint.starts_with("error: recipient 1 is neither an age nor an SSH public key\n"), "{complaint}");
}

#[test]
fn fifty_first_stores_at_once_make_one_identity_and_lose_nothing() {
    let home = Home::new();
    let children: Vec<_> = (0..50)
        .map(|i| {
            let mut child = home.command(env!("CARGO_BIN_EXE_modelforge-credential-age")).arg("store").spawn().unwrap();
            let input = credential("h", &format!("user{}", i % 25));
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            child
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    for i in 0..25 {
        let request = format!("protocol=https\nhost=h\nusername=user{i}\n");
        assert_eq!(home.ask(&["get"], &request), credential("h", &format!("user{i}")));
    }
    assert!(home.ask(&["list"], "").ends_with("count=25\n"));
}

#[test]
fn what_a_killed_store_left_is_never_listed_and_is_removed_by_the_next() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let left = home.store(".new-Xyz123");
    fs::write(&left, "half").unwrap();
    assert!(home.ask(&["list"], "").ends_with("count=1\n"));
    home.ask(&["store"], &credential("g", "u"));
    assert!(!left.exists());
}

#[test]
fn a_store_that_fails_leaves_the_older_credential() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    fs::rename(home.identity(), home.path("kept")).unwrap();
    fs::write(home.identity(), "no identity").unwrap();
    set_mode(&home.identity(), 0o600);
    let complaint = home.complaint(&["store"], &credential("h", "u").replace(SECRET, "newer"));
    assert!(
        complaint
            .starts_with("error: `~/data/modelforge-credential/identity.txt` holds no identity that age can use\n")
    );
    fs::rename(home.path("kept"), home.identity()).unwrap();
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=h\n"), credential("h", "u"));
}

#[test]
fn a_lost_identity_is_not_replaced_while_there_are_credentials_for_it() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let kept = home.path("kept");
    let lost = |held: &str| {
        let data = "~/data/modelforge-credential";
        format!(
            "error: the identity `{data}/identity.txt` is not there, and {held} encrypted for it\n\
             hint: put its copy back, or begin anew: mv {data}/age {data}/age.old\n"
        )
    };
    fs::rename(home.identity(), &kept).unwrap();
    assert_eq!(home.complaint(&["store"], &credential("g", "u")), lost("1 credential is"));
    assert!(!home.identity().exists() && !home.store("https/g").exists());
    fs::rename(&kept, home.identity()).unwrap();
    home.ask(&["store"], &credential("g", "u"));
    fs::rename(home.identity(), &kept).unwrap();
    let complaint = home.complaint(&["store"], &credential("h", "u"));
    assert_eq!(complaint, lost("2 credentials are"));
    let mend = complaint.trim_end().rsplit(": ").next().unwrap();
    home.stock("sh", &["-c", &mend.replace('~', home.folder.path().to_str().unwrap())], "");
    home.ask(&["store"], &credential("new", "u"));
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=new\n"), credential("new", "u"));
    let old = home.store("../age.old/https/h/u.age").to_str().unwrap().to_owned();
    assert_eq!(home.stock("age", &["-d", "-i", "kept", &old], ""), credential("h", "u"));
}

#[test]
fn an_identity_of_its_own_is_made_where_everything_that_was_stored_is_erased() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    home.ask(&["erase"], "protocol=https\nhost=h\n");
    fs::remove_file(home.identity()).unwrap();
    home.ask(&["store"], &credential("g", "u"));
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=g\n"), credential("g", "u"));
}

/// An age plugin that wraps the file key in nothing, and leaves a mark that it ran.
const PLUGIN: &str = r#"#!/bin/sh
echo "$1" >> "$HOME/ran"
while read -r line; do
    case "$line" in
    "-> wrap-file-key"* | "-> recipient-stanza 0 witness"*) read -r key ;;
    "-> done"*) read -r _; break ;;
    esac
done
case "$1" in
*recipient-v1) printf -- '-> recipient-stanza 0 witness\n%s\n' "$key" ;;
*) printf -- '-> msg\nVG91Y2ggaXQ\n'; read -r _; read -r _; printf -- '-> file-key 0\n%s\n' "$key" ;;
esac
read -r _; read -r _
printf -- '-> done\n\n'
"#;

#[test]
fn an_age_plugin_opens_and_one_that_anybody_could_have_planted_is_not_started() {
    let home = Home::new();
    let bin = home.path("bin");
    fs::create_dir(&bin).unwrap();
    let program = bin.join("age-plugin-witness");
    fs::write(&program, PLUGIN).unwrap();
    let identity = home.path("plugin.txt");
    fs::write(&identity, age::plugin::Identity::default_for_plugin("witness").unwrap().to_string()).unwrap();
    for (path, mode) in [(&bin, 0o755), (&program, 0o755), (&identity, 0o600)] {
        set_mode(path, mode);
    }
    let ran = home.path("ran");
    let store = ["--identity", "plugin.txt", "store"];
    let get = ["--identity", "plugin.txt", "get"];
    let request = "protocol=https\nhost=h\n";

    assert_eq!(
        home.complaint(&store, &credential("h", "u")),
        "error: the age plugin `age-plugin-witness` is not on PATH\n"
    );
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let home = home.env("PATH", &path);
    home.ask(&store, &credential("h", "u"));
    let output = home.helper(&get, request);
    assert_eq!((text(&output.stdout), text(&output.stderr)), (credential("h", "u"), String::from("Touch it\n")));
    assert_eq!(fs::read_to_string(&ran).unwrap(), "--age-plugin=recipient-v1\n--age-plugin=identity-v1\n");

    fs::remove_file(&ran).unwrap();
    set_mode(&bin, 0o777);
    assert!(
        home.complaint(&get, request)
            .starts_with("error: the age plugin `~/bin/age-plugin-witness` may have been put there")
    );
    set_mode(&bin, 0o755);
    set_mode(&program, 0o757);
    assert!(
        home.complaint(&get, request)
            .starts_with("error: the age plugin `~/bin/age-plugin-witness` may have been put there")
    );
    set_mode(&program, 0o755);
    let home = home.env("PATH", "bin:/usr/bin:/bin");
    assert!(
        home.complaint(&get, request)
            .starts_with("error: the age plugin `bin/age-plugin-witness` may have been put there")
    );
    let home = home.env("PATH", &path).env("AGEDEBUG", "plugin");
    assert!(home.complaint(&get, request).starts_with("error: `AGEDEBUG` would print the keys"));
    assert!(!ran.exists());
}

#[test]
fn a_program_without_a_home_still_answers_what_needs_none() {
    let home = Home::new().env("HOME", "relative").env("XDG_DATA_HOME", "relative");
    assert!(home.ask(&["capability"], "").starts_with("version 0\n"));
    assert_eq!(home.ask(&["later"], "ignored"), "");
    let complaint = home.complaint(&["get"], OPENAI);
    assert_eq!(
        complaint,
        "error: there is no folder for the user's data\nhint: set HOME to a folder that exists, or XDG_DATA_HOME to an absolute path\n"
    );
}

#[test]
fn a_command_line_that_is_not_understood_ends_with_status_2() {
    let home = Home::new();
    for (arguments, problem) in [
        (&[][..], "no operation"),
        (&["--identity"], "`--identity` needs a value"),
        (&["--identity", "f"], "no operation"),
        (&["--identiy", "f", "get"], "`--identiy` is not an option"),
        (&["--identity=f"], "no operation"),
        (&["get", "store"], "there is a word before the operation that is no option"),
    ] {
        let output = home.helper(arguments, OPENAI);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stderr), format!("error: {problem}\nhint: modelforge-credential-age --help\n"));
    }
    assert!(home.ask(&["--help"], "").contains("--recipient KEY"));
    assert!(home.ask(&["--version"], "").starts_with("modelforge-credential-age "));
}

#[test]
fn a_link_planted_in_the_store_leads_nothing_out_of_it() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let outside = home.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("u.age"), "somebody's").unwrap();
    std::os::unix::fs::symlink(&outside, home.store("https/planted")).unwrap();
    let request = "protocol=https\nhost=planted\nusername=u\n";
    let store = credential("planted", "u");
    for (operation, request) in [("get", request), ("store", &*store), ("erase", request)] {
        let complaint = home.complaint(&[operation], request);
        let expected = "error: `~/data/modelforge-credential/age/https/planted` is a link\nhint: ls -l ";
        assert!(complaint.starts_with(expected), "{operation}: {complaint}");
    }
    assert_eq!(fs::read_to_string(outside.join("u.age")).unwrap(), "somebody's");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=h\n"), credential("h", "u"));
}
