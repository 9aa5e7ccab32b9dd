//! A backup on paper: exported, checked, and restored on another machine.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;

use super::{PLACE, answering, data, identity, key, opens_all, signed_in};
#[cfg(unix)]
use crate::prompt::Session;
use crate::support::{Test, as_word, files_below};

/// What the terminal shows, to be written down.
#[cfg(unix)]
fn exported(test: Test) -> (Test, String) {
    let test = test.args(["identity", "export"]);
    let (status, _, shown) = Session::bare(&test).end();
    assert!(status.success(), "{shown}");
    (test, shown.replace("\r\n", "\n"))
}

/// The groups below the line that announces them.
fn groups(paper: &str) -> String {
    let (_, groups) = paper.split_once("The same in groups, for typing:\n").expect("groups");
    groups.lines().take_while(|line| line.starts_with("  ")).map(|line| format!("{}\n", line.trim())).collect()
}

#[cfg(unix)]
#[test]
fn it_is_shown_on_a_terminal_or_written_to_a_new_private_file_and_nowhere_else() {
    let (test, paper) = exported(signed_in());
    let text = identity(&test);
    assert!(paper.starts_with(&text), "{paper}");
    assert_eq!(groups(&paper).split_whitespace().collect::<String>(), key(&text));
    let nowhere = "error: the identity is shown on a terminal only\n\
                   hint: modelforge-credential identity export --output FILE\n";
    let test = test.args(["identity", "export"]).stderr(nowhere).failure();
    let test = test.args(["identity", "export", "--output", "-"]).stderr(nowhere).failure();
    assert!(!test.work().join("-").exists());
    let test = test.args(["identity", "export", "--output", "backup.txt"]);
    let test = test.stdout("wrote `backup.txt`: anyone who can read it can read your keys\n").success();
    let backup = test.work().join("backup.txt");
    assert_eq!(std::fs::read_to_string(&backup).expect("it is there"), text);
    assert_eq!(backup.metadata().expect("it is there").permissions().mode() & 0o777, 0o600);
    let test = test.args(["identity", "export", "--output", "backup.txt"]).any_stderr();
    assert_eq!(test.output().status.code(), Some(1), "no file is replaced");
    let log = test.home().join(".local/state/modelforge-credential");
    let kept = files_below(&log)
        .iter()
        .any(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).contains(key(&text)));
    assert!(!kept, "it stands in the log");
}

#[cfg(unix)]
#[test]
fn what_was_written_down_is_typed_in_again_and_checked_without_a_change() {
    let (test, paper) = exported(signed_in());
    let before: Vec<_> = files_below(&data(&test)).into_iter().map(|path| (std::fs::read(&path).ok(), path)).collect();
    let typed = groups(&paper).to_lowercase();
    let test = test.env("MODELFORGE_CREDENTIAL_INTERACTIVE", "").args(["identity", "check"]);
    let mut session = Session::bare(&test);
    session.expect("type the backup; end with an empty line\r\n> ");
    typed.lines().for_each(|line| session.types(&format!("{line}\r")));
    session.types("\r");
    let (status, _, shown) = session.end();
    assert!(status.success() && shown.contains("it decrypts all 3 stored credentials"), "{shown}");
    let after: Vec<_> = files_below(&data(&test)).into_iter().map(|path| (std::fs::read(&path).ok(), path)).collect();
    let kept = |files: &[(Option<Vec<u8>>, std::path::PathBuf)]| -> Vec<_> {
        files.iter().filter(|(_, path)| !path.ends_with(".renewal")).cloned().collect()
    };
    assert!(kept(&before) == kept(&after));
}

#[test]
fn a_mistake_of_one_letter_is_noticed_and_another_identity_does_not_pass_for_this_one() {
    let test = signed_in();
    let text = key(&identity(&test)).to_owned();
    let other = key(&identity(&signed_in())).to_owned();
    let swapped = format!("{}{}", &text[..73], if text.ends_with('Q') { 'P' } else { 'Q' });
    let wrong = |letters: usize| {
        format!(
            "error: this is not an identity: a letter is wrong or missing\n\
             hint: it begins with AGE-SECRET-KEY-1 and has 74 letters, digits and hyphens; {letters} were given\n"
        )
    };
    let none = "error: it decrypts 0 of 3 stored credentials\n".to_owned();
    let mut test = test;
    for (given, said) in [
        (swapped, wrong(74)),
        (text[..70].to_owned(), wrong(70)),
        (other, none),
        (
            " \n".to_owned(),
            "error: standard input has no identity\nhint: modelforge-credential identity check < identity.txt\n"
                .to_owned(),
        ),
    ] {
        test = test.args(["identity", "check"]).stdin(given).stderr(&said).failure();
    }
}

#[test]
fn a_backup_from_an_editor_of_windows_is_read_or_it_is_said_what_is_the_matter_with_it() {
    let test = signed_in();
    let text = format!("\u{feff}{}", identity(&test).replace('\n', "\r\n"));
    let opens = "it decrypts all 3 stored credentials\n";
    let test = test.args(["identity", "check"]).stdin(&text).stdout(opens).success();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let said = "error: the identity is written in UTF-16, which `age` does not read either\n\
        hint: save it as UTF-8; in PowerShell: Get-Content OLD | Set-Content -Encoding utf8 NEW\n";
    test.args(["identity", "check"]).stdin(wide).stdout("").stderr(said).failure();
}

#[cfg(unix)]
#[test]
fn it_is_restored_on_a_new_machine_before_or_after_the_store() {
    let old = signed_in();
    let backup = identity(&old);
    for store_comes_first in [true, false] {
        let test = Test::new().config("helpers = [\"age\"]\n");
        let bring_the_store = || {
            let target = data(&test);
            std::fs::create_dir_all(&target).expect("a folder");
            std::fs::set_permissions(&target, PermissionsExt::from_mode(0o700)).expect("a mode");
            let from = data(&old).join("age");
            let copied = test.run(&["/bin/cp".as_ref(), "-pr".as_ref(), from.as_os_str(), target.as_os_str()], "");
            assert!(copied.status.success(), "{copied:?}");
        };
        if store_comes_first {
            bring_the_store();
        }
        let said = match store_comes_first {
            true => format!("the identity `{PLACE}` is in place: it decrypts all 3 stored credentials\n"),
            false => format!("the identity `{PLACE}` is in place; nothing is stored here yet\n"),
        };
        let core = crate::support::program("modelforge-credential").display().to_string();
        let output = test.run(&[core.as_str(), "identity", "import"], &backup);
        let home = test.home().display().to_string();
        assert_eq!(String::from_utf8_lossy(&output.stdout).replace(&home, "~"), said, "{output:?}");
        if !store_comes_first {
            bring_the_store();
        }
        opens_all(test);
    }
}

#[test]
fn an_identity_that_opens_nothing_here_is_not_taken_and_one_that_is_there_is_not_replaced() {
    let other = identity(&signed_in());
    let test = signed_in();
    let mine = identity(&test);
    let taken = format!(
        "error: there is another identity `{PLACE}`, which may decrypt the stored credentials\n\
         hint: if it does not: mv {} {}\n",
        as_word(PLACE),
        as_word(&format!("{PLACE}.old"))
    );
    let test = test.args(["identity", "import"]).stdin(&other).stderr(&taken).failure();
    let again = format!("the identity `{PLACE}` is in place: it decrypts all 3 stored credentials\n");
    let test = test.args(["identity", "import"]).stdin(&mine).stdout(&again).success();
    std::fs::remove_file(data(&test).join("identity.txt")).expect("it is removed");
    let none = "error: it decrypts none of the stored credentials, so nothing was changed\n";
    let test = test.args(["identity", "import"]).stdin(&other).stderr(none).failure();
    assert!(!data(&test).join("identity.txt").exists());
    let test = test.args(["identity", "import"]).stdin(&mine).stdout(&again).success();
    opens_all(test);
}

#[cfg(unix)]
#[test]
fn a_protected_identity_is_written_down_as_it_opens_everything_and_its_file_is_restored_with_its_passphrase() {
    let test = answering(signed_in(), "correct horse");
    let plain = identity(&test);
    let test = test.args(["identity", "protect"]).any_stdout().success();
    let (test, paper) = exported(test);
    assert!(paper.starts_with(&plain), "{paper}");
    let sealed = identity(&test);
    std::fs::remove_file(data(&test).join("identity.txt")).expect("it is removed");
    let test = test.args(["identity", "import"]).stdin(&sealed).any_stdout().success();
    assert_eq!(identity(&test), sealed);
    opens_all(test);
}

#[cfg(unix)]
#[test]
fn a_protected_identity_that_an_editor_of_windows_has_marked_opens_everything_once_it_is_imported() {
    let test = answering(signed_in(), "correct horse");
    let test = test.args(["identity", "protect"]).any_stdout().success();
    let sealed = identity(&test);
    std::fs::remove_file(data(&test).join("identity.txt")).expect("it is removed");
    let marked = format!("\u{feff}{}", sealed.replace('\n', "\r\n"));
    let said = format!("the identity `{PLACE}` is in place: it decrypts all 3 stored credentials\n");
    let test = test.args(["identity", "import"]).stdin(marked).stdout(&said).success();
    opens_all(test);
}
