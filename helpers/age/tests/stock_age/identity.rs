//! Identities: modes, SSH keys, passphrases, recipients, and lost ones.

use std::fs;

use super::{Home, SECRET, askpass, credential, set_mode, ssh_key, text};

#[test]
fn permissions_wider_than_the_owners_are_refused_with_the_command_that_fixes_them() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let request = "protocol=https\nhost=h\n";
    for (path, wide, right) in [(home.identity(), 0o640, "600"), (home.store(""), 0o701, "700")] {
        set_mode(&path, wide);
        let shown = path.display().to_string().replace(home.folder.path().to_str().unwrap(), "~");
        let shown = shown.trim_end_matches('/');
        let expected = format!("error: other users can access `{shown}`\nhint: chmod {right} {shown}\n");
        assert_eq!(home.complaint(&["get"], request), expected);
        assert_eq!(home.complaint(&["store"], &credential("h", "u")), expected);
        let hint = expected.lines().last().unwrap().trim_start_matches("hint: ");
        home.stock("sh", &["-c", &hint.replace('~', home.folder.path().to_str().unwrap())], "");
        assert_eq!(home.ask(&["get"], request), credential("h", "u"));
    }
}

#[test]
#[ignore = "needs age and openssh-client"]
fn ssh_keys_are_identities_for_stock_age_too() {
    for kind in ["ed25519", "rsa"] {
        let home = Home::new();
        let key = ssh_key(&home, &["-t", kind, "-N", ""]);
        home.ask(&["--identity", &key, "store"], &credential("h", "u"));
        assert!(!home.identity().exists());
        let file = home.store("https/h/u.age").to_str().unwrap().to_owned();
        assert_eq!(home.opened(&["-d", "-i", &key, &file]), credential("h", "u"));
        home.plant("https/g/u.age", &["-R", &format!("{key}.pub")], &credential("g", "u"));
        let identity = format!("--identity={key}");
        assert_eq!(home.ask(&[&identity, "get"], "protocol=https\nhost=g\n"), credential("g", "u"));
    }
}

#[test]
#[ignore = "needs openssh-client"]
fn a_protected_ssh_key_neither_stores_nor_gets_without_its_passphrase() {
    let home = Home::new();
    let key = ssh_key(&home, &["-t", "ed25519", "-N", "correct horse"]);
    let (get, store) = (["--identity", &key, "get"], ["--identity", &key, "store"]);
    let locked = "error: the SSH key `~/ssh` needs a passphrase, and nobody can be prompted for it\n";
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
    assert_eq!(home.complaint(&get, "protocol=https\nhost=h\n"), "error: wrong passphrase for the SSH key `~/ssh`\n");
    askpass(&home, "correct horse");
    let home = home.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0");
    assert!(home.complaint(&get, "protocol=https\nhost=h\n").starts_with(locked));
}

#[test]
#[ignore = "needs age"]
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
#[ignore = "needs age"]
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
    assert_eq!(home.opened(&["-d", "-i", "plain.txt", file.to_str().unwrap()]), credential("h", "u"));
    let get = ["--identity", "protected.age", "get"];
    assert_eq!(home.ask(&get, "protocol=https\nhost=h\n"), credential("h", "u"));
    askpass(&home, SECRET);
    let wrong = "error: wrong passphrase for the identity `~/protected.age`\n";
    assert_eq!(home.complaint(&get, "protocol=https\nhost=h\n"), wrong);
    // The first key that opens spares the question.
    let both = ["--identity", "plain.txt", "--identity", "protected.age", "get"];
    assert_eq!(home.ask(&both, "protocol=https\nhost=h\n"), credential("h", "u"));
    assert!(home.ask(&["--identity", "protected.age", "list"], "").ends_with("count=1\n"));
    let home = home.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "0");
    let locked = "error: the identity `~/protected.age` needs a passphrase, and nobody can be prompted for it\n";
    assert!(home.complaint(&get, "protocol=https\nhost=h\n").starts_with(locked));
}

#[test]
#[ignore = "needs age"]
fn recipients_can_read_what_is_stored() {
    let home = Home::new();
    home.stock("age-keygen", &["-o", "spare.txt"], "");
    let spare = home.stock("age-keygen", &["-y", "spare.txt"], "");
    let key = ssh_key(&home, &["-t", "ed25519", "-N", ""]);
    let public = fs::read_to_string(format!("{key}.pub")).unwrap();
    home.ask(&["--recipient", spare.trim(), "--recipient", public.trim(), "store"], &credential("h", "u"));
    let file = home.store("https/h/u.age").to_str().unwrap().to_owned();
    for identity in ["spare.txt", "ssh", home.identity().to_str().unwrap()] {
        assert_eq!(home.opened(&["-d", "-i", identity, &file]), credential("h", "u"));
    }
    let secret = fs::read_to_string(home.path("spare.txt")).unwrap();
    let complaint = home.complaint(&["--recipient", secret.lines().last().unwrap(), "store"], &credential("h", "u"));
    assert!(complaint.starts_with("error: recipient 1 is neither an age nor an SSH public key\n"), "{complaint}");
}

#[test]
#[ignore = "needs age"]
fn a_lost_identity_is_not_replaced_while_there_are_credentials_for_it() {
    let home = Home::new();
    home.ask(&["store"], &credential("h", "u"));
    let kept = home.path("kept");
    let lost = |held: &str| {
        let data = "~/data/modelforge-credential";
        format!(
            "error: the identity `{data}/identity.txt` is missing, and {held} encrypted for it\n\
             hint: restore its copy, or start again: mv {data}/age {data}/age.old\n"
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
    let fix = complaint.trim_end().rsplit(": ").next().unwrap();
    home.stock("sh", &["-c", &fix.replace('~', home.folder.path().to_str().unwrap())], "");
    home.ask(&["store"], &credential("new", "u"));
    assert_eq!(home.ask(&["get"], "protocol=https\nhost=new\n"), credential("new", "u"));
    let old = home.store("../age.old/https/h/u.age").to_str().unwrap().to_owned();
    assert_eq!(home.opened(&["-d", "-i", "kept", &old]), credential("h", "u"));
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

#[test]
fn an_askpass_that_anybody_could_have_put_there_is_not_started() {
    let home = Home::new();
    let mut recipient = age::scrypt::Recipient::new("correct horse".to_owned().into());
    recipient.set_work_factor(10);
    fs::write(home.path("protected.age"), age::encrypt(&recipient, b"AGE-SECRET-KEY-1").unwrap()).unwrap();
    set_mode(&home.path("protected.age"), 0o600);
    let program = askpass(&home, "correct horse");
    fs::write(&program, "#!/bin/sh\necho asked >> \"$HOME/asked\"\necho 'correct horse'\n").unwrap();
    set_mode(std::path::Path::new(&program), 0o757);
    let home = home.env("SSH_ASKPASS", &program).env("MODELFORGE_CREDENTIAL_INTERACTIVE", "1");
    let output = home.run(
        "setsid",
        &["-w", env!("CARGO_BIN_EXE_modelforge-credential-age"), "--identity", "protected.age", "store"],
        &credential("h", "u"),
    );
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).starts_with("warning: "), "{}", text(&output.stderr));
    assert!(!home.path("asked").exists());
}
