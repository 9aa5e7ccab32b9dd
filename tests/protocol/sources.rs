//! Sources: credentials in files of other programs, which are moved out and restored.

use super::python::with_netrc;
use crate::conformance::Judged;
use crate::support::{SECRET, Test, system};

#[test]
fn plaintext_keeps_every_rule_of_a_source() {
    let file = include_str!("../fixtures/modelforge/logged-in.json");
    let test = Test::new().file("files/.config/model-forge/config.json", file);
    let files = test.home().join("files").display().to_string();
    let judged = Judged::of(&test.args(["helpers", "test", "plaintext", "--json", "--home", &files]));
    assert_eq!(judged.names("broken"), [""; 0]);
    assert_eq!(judged.names("holds").iter().filter(|name| SOURCES.contains(name)).count(), SOURCES.len());
}

#[cfg(unix)]
#[test]
fn a_source_with_an_empty_key_breaks_a_rule_and_not_the_test() {
    let body = "case $1 in\n\
        capability) printf 'version 0\\ncapability foreign\\n';;\n\
        list) printf 'protocol=https\\nhost=h\\nusername=u\\nfile=%s\\nplain_text=1\\n\\ncount=1\\n' \"$HOME/keys\";;\n\
        get) [ -s \"$HOME/keys\" ] && printf 'username=u\\npassword=\\n';;\n\
        erase) grep -qx 'password=' && : > \"$HOME/keys\";;\nesac\ncat > /dev/null; exit 0";
    let test = Test::new().script("empty", body).file("files/keys", "key=\n").file("files/other", "x\n");
    let files = test.home().join("files").display().to_string();
    let judged = Judged::of(&test.args(["helpers", "test", "empty", "--json", "--home", &files]));
    let broken = judged.names("broken");
    assert!(broken.contains(&SOURCES[1]), "{broken:?}");
}

/// The cases about sources.
pub const SOURCES: [&str; 6] = [
    "without consent no file changes, whatever is stored or erased",
    "`list` names the file of each credential, and `get` hands out the one in it",
    "with consent an erase takes out what it names, and nothing else",
    "what was taken out is put back where it was, and in no other's place",
    "a file is handed out whole and put back byte for byte",
    "a whole file is not handed out without consent, and no file but its own",
];

#[test]
#[ignore = "needs python3"]
fn a_strangers_source_is_migrated_from_and_rolled_back_byte_for_byte() {
    let test = with_netrc().helpers("age");
    let netrc = test.home().join(".netrc");
    let read = || std::fs::read_to_string(&netrc).expect("the file");
    let before = read();
    let test = test.args(["migrate", "--from", "netrc", "--yes"]).any_stderr();
    let said = String::from_utf8_lossy(&test.output().stdout).into_owned();
    assert!(said.contains("moved `openai` (`https://api.openai.com`) to `age`\n"), "{said}");
    assert_eq!(read(), before.replace(&format!(" password {SECRET}"), ""));
    let test = test.args(["print", "openai"]).stdout(&format!("{SECRET}\n")).success();
    let undo =
        said.split_once("modelforge-credential ").and_then(|(_, rest)| rest.split_once('`')).expect("a command").0;
    let words: Vec<&str> = undo.split(' ').chain(["--yes"]).collect();
    let test = test.args(words).any_stderr();
    let said = test.output();
    let said = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.contains("restored `~/.netrc`, byte for byte\n"), "{said}");
    assert_eq!(read(), before);
}

/// git starts it there by a shell.
#[cfg(unix)]
#[test]
fn other_programs_files_stay_however_their_helper_is_called() {
    let path = crate::support::program("modelforge-credential-plaintext").display().to_string();
    let text = include_str!("../fixtures/modelforge/four-providers.json");
    let request = "protocol=https\nhost=api.openai.com\n";
    let git = system("git", "git").display().to_string();
    for config in [format!("helpers = ['{path}', 'age']"), format!("helpers = [{{ command = ['{path}'] }}, 'age']")] {
        let file = ".config/model-forge/config.json";
        let mut test = Test::new().file(file, text).config(&config);
        for (operation, input) in [
            ("erase", request.to_owned()),
            ("reject", "provider=openai\n".into()),
            ("reject", format!("{request}consent=1\n")),
        ] {
            test = test.args([operation]).stdin(input);
            let said = test.output().stderr;
            assert!(
                String::from_utf8_lossy(&said).contains("plain text"),
                "{operation}: a remark tells of what is left"
            );
        }
        let store = format!("provider=openai\nusername=default\npassword={SECRET}\n");
        let test = test.args(["approve"]).stdin(store).any_stderr().success();
        let helper = format!("credential.helper={path}");
        let output = test.run(&[&git, "-c", &helper, "credential", "reject"], request);
        assert!(output.status.success());
        let direct = test.run(&[&path, "erase"], request);
        assert!(direct.status.success());
        assert_eq!(std::fs::read_to_string(test.home().join(file)).expect("the file"), text);
    }
}

#[test]
#[ignore = "needs python3"]
fn no_request_gets_stores_lists_or_erases_a_backup() {
    let test = with_netrc().helpers("age").args(["migrate", "--from", "netrc", "--yes"]).any_stderr();
    assert!(test.output().status.success());
    let refused = "error: only `migrate` reads and writes the files of other programs and their backups\n\
                   hint: modelforge-credential migrate --backups\n";
    let file = test.home().join(".netrc").display().to_string();
    let places = [
        "url=backup://modelforge-credential\n".to_owned(),
        "protocol=Backup\nhost=modelforge-credential\nconsent=1\n".into(),
        format!("protocol=file\nhost=\nfile={file}\nconsent=1\n"),
    ];
    let git = system("git", "git").display().to_string();
    let core = crate::support::program("modelforge-credential").display().to_string();
    let age = crate::support::program("modelforge-credential-age").display().to_string();
    let mut test = test;
    for place in &places {
        for operation in ["get", "fill", "erase", "reject", "store", "approve"] {
            let input = format!("{place}username=u\npassword=p\n").replace("url=", "username=u\nurl=");
            let input = if operation == "get" || operation == "fill" { place.clone() } else { input };
            test = test.args([operation]).stdin(input).stderr(refused).failure();
        }
        for helper in [&core, &age] {
            let line = [&git, "-c", "credential.helper=", "-c", &format!("credential.helper={helper}"), "credential"];
            for verb in ["fill", "reject"] {
                let line: Vec<&str> = line.iter().map(|word| word.as_ref()).chain([verb]).collect();
                let output = test.run(&line, place);
                assert!(!String::from_utf8_lossy(&output.stdout).contains("password="), "{helper} {verb}");
            }
        }
    }
    let listed = String::from_utf8_lossy(&test.args(["list"]).output().stdout).into_owned();
    assert!(!listed.contains("backup") && listed.ends_with("count=1\n"), "{listed}");
}
