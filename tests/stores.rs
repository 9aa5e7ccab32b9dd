//! Which bytes and names each store supports: what it accepts, it returns unchanged, also after it has read its files again.

use crate::support::keyring::Keyring;
use crate::support::{Test, program};

/// Values that a record can hold and some store may not keep.
fn secrets() -> Vec<Vec<u8>> {
    let mut secrets: Vec<Vec<u8>> = [
        "sk-plain",
        "two words",
        " before",
        "after ",
        "\tx",
        "x\u{a0}",
        r"a\b\n",
        "a=b",
        "#x",
        "[x]",
        "x;y",
        "%41",
        "\"x\"",
        "'x'",
        "schlüssel",
        "😀",
        "\u{feff}x",
        "\u{202e}x",
        "{\"k\":\"-----BEGIN-----\\nMIIB==\\n\"}",
        "modelforge-credential;base64,AAAA",
        "\u{1b}[2J",
        "x\u{7f}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    secrets.push((1..=255).filter(|byte| !matches!(byte, b'\n' | b'\r')).collect());
    // About the longest line that there can be.
    secrets.push(vec![b'x'; 65_500]);
    secrets.push((0..65_500).map(|at| 128 + (at % 100) as u8).collect());
    secrets
}

/// Lines that describe credentials, no two of which are the same.
fn names() -> Vec<String> {
    let accounts = [
        "a", "A", "a/b", "a%2fb", "A/B", "a\\b", "a.", "a..", ".", "..", "con", "nul.txt", "a:b", "a=b", " a", "a ",
        "ä", "a\u{308}", "😀", "a.age", "%_", "*", "~", "#a", "[a]",
    ];
    let paths = ["v1", "V1", "v1/x", "v1/../x", "v1%2fx", "v1.", "v1?a", "😀", "v 1"];
    let hosts = ["h.example.", "H.example", "h.example:8443", "[::1]:80", "ä.example"];
    let account = |name: &&str| format!("host=h.example\nusername={name}\n");
    let path = |path: &&str| format!("host=h.example\npath={path}\nusername=a\n");
    let host = |host: &&str| format!("host={host}\nusername=a\n");
    let long = format!("host=h.example\nusername={}\n", "long".repeat(100));
    let all = accounts.iter().map(account).chain(paths.iter().map(path)).chain(hosts.iter().map(host)).chain([long]);
    all.map(|name| format!("protocol=https\n{name}")).collect()
}

/// The helper's exit status and its answer.
#[track_caller]
fn run(test: &Test, helper: &str, operation: &str, input: &[u8]) -> (Option<i32>, Vec<u8>) {
    let output = test.run(&[program(helper).as_os_str(), operation.as_ref()], input);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{operation} {}", start_of(input));
    (output.status.code(), output.stdout)
}

fn start_of(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(120)]).into_owned()
}

fn password(answer: &[u8]) -> Option<&[u8]> {
    answer.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"password="))
}

/// Stores everything, lets the store read its files `again`, and gets everything; then erases all names but one.
#[track_caller]
fn keeps_everything(test: &Test, helper: &str, again: impl FnOnce()) {
    let (secrets, names) = (secrets(), names());
    let place = |at: usize| format!("protocol=https\nhost=s{at}.example\n");
    let named = |password: &[u8], name: &str| [name.as_bytes(), b"password=", password, b"\n"].concat();
    for (at, secret) in secrets.iter().enumerate() {
        assert_eq!(run(test, helper, "store", &named(secret, &place(at))), (Some(0), vec![]));
    }
    for (at, name) in names.iter().enumerate() {
        assert_eq!(run(test, helper, "store", &named(at.to_string().as_bytes(), name)), (Some(0), vec![]));
    }
    again();
    for (at, secret) in secrets.iter().enumerate() {
        let (_, answer) = run(test, helper, "get", place(at).as_bytes());
        assert!(password(&answer) == Some(secret), "{}", start_of(secret));
    }
    let found = |name: &str| password(&run(test, helper, "get", name.as_bytes()).1).map(<[u8]>::to_vec);
    for (at, name) in names.iter().enumerate() {
        assert_eq!(found(name), Some(at.to_string().into_bytes()), "{name}");
    }
    // One that names no path means any.
    for (at, name) in names.iter().enumerate().skip(1) {
        assert_eq!(run(test, helper, "erase", &named(at.to_string().as_bytes(), name)), (Some(0), vec![]));
        assert_eq!(found(&names[0]).as_deref(), Some(&b"0"[..]), "erasing {name} took another one");
    }
}

#[test]
fn the_encrypted_files_keep_every_byte_and_every_name() {
    keeps_everything(&Test::new(), "modelforge-credential-age", || {});
}

#[test]
#[ignore = "needs dbus and gnome-keyring"]
fn a_keyring_without_a_password_keeps_every_byte_and_every_name_through_a_restart() {
    let mut keyring = Keyring::without_password();
    let session = keyring.env().into_iter().filter(|(name, _)| *name != "HOME" && *name != "XDG_DATA_HOME");
    let test = session.fold(Test::new(), |test, (name, value)| test.env(name, value.to_string_lossy()));
    keeps_everything(&test, "modelforge-credential-keyring", || {
        // Any change makes the daemon write what it has read.
        for _ in 0..2 {
            keyring.restart();
            assert!(
                run(&test, "modelforge-credential-keyring", "store", b"protocol=https\nhost=z\npassword=z\n")
                    .1
                    .is_empty()
            );
        }
    });
}

#[test]
fn a_key_that_is_put_back_into_a_file_of_modelforge_is_what_it_was_or_is_not_put_back() {
    let file = r#"{"providers": {"openai": {"auth_data": {}}}}"#;
    let test =
        Test::new().env("MODELFORGE_CREDENTIAL_WARN_PLAINTEXT", "0").file(".config/model-forge/config.json", file);
    let helper = "modelforge-credential-plaintext";
    let place = b"protocol=https\nhost=api.openai.com\nprovider=openai\n";
    let path = test.home().join(".config/model-forge/config.json");
    for secret in secrets() {
        std::fs::write(&path, file).unwrap();
        let request = [&place[..], b"consent=1\npassword=", &secret, b"\n"].concat();
        run(&test, helper, "store", &request);
        let content: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let kept = content["providers"]["openai"]["auth_data"]["api_key"].as_str().map(str::as_bytes);
        assert!(
            kept == Some(&secret) || kept.is_none() && std::str::from_utf8(&secret).is_err(),
            "{}",
            start_of(&secret)
        );
    }
}

/// Another process holds the lock of `age` and stores a second account meanwhile.
#[cfg(target_os = "linux")]
#[test]
fn an_erase_that_waits_for_the_lock_erases_what_was_stored_meanwhile() {
    let test = Test::new().helpers("age");
    let input =
        |account: &str| format!("protocol=https\nhost=h.example\nusername={account}\npassword=sk-made-up-0123456789\n");
    let test = test.args(["approve"]).stdin(input("one")).success().args(["approve"]).stdin(input("two")).success();
    let folder = test.home().join(".local/share/modelforge-credential/age");
    let (there, away) = (folder.join("https/h.example/two.age"), test.home().join("two.age"));
    std::fs::rename(&there, &away).expect("it is there");
    let lock = std::fs::File::open(folder.join(".lock")).expect("there is a lock");
    lock.lock().expect("nobody has it");
    let mut erase = test.command_of(&program("modelforge-credential-age"));
    let mut erase = erase.arg("erase").stdin(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut request = erase.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut request, b"protocol=https\nhost=h.example\n").expect("it reads");
    drop(request);
    // Until it has the lock's file, and waits for the lock.
    let open = format!("/proc/{}/fd", erase.id());
    let waits = || {
        let files = std::fs::read_dir(&open).expect("it runs").flatten();
        files.filter_map(|file| file.path().read_link().ok()).any(|file| file == folder.join(".lock"))
    };
    while !waits() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    std::fs::rename(&away, &there).expect("it is there");
    drop(lock);
    assert!(erase.wait().expect("it ends").success());
    assert!(!there.exists());
}
