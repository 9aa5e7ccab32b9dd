//! The helper in sh keeps the rules, alone and in a chain.

use super::with_program;
use crate::conformance::Judged;
use crate::support::{SECRET, Test, system};

#[test]
#[ignore = "needs age"]
fn the_helper_in_sh_keeps_the_rules() {
    system("age", "age");
    let script = with_program("chest", "sh");
    let program = script.bin().join("modelforge-credential-chest").display().to_string();
    let judged = Judged::of(&script.args(["helpers", "test", &program, "--json"]));
    assert_eq!(judged.names("broken"), [""; 0]);
    // It does not know `authtype` nor several requests in one go, cannot list, and keeps all else.
    assert_eq!((judged.names("not offered").len(), judged.names("holds").len()), (10, 48));
    assert_eq!(judged.names("not run"), [""; 0]);
}

#[test]
#[ignore = "needs age"]
fn the_helper_in_sh_is_a_link_of_the_chain() {
    system("age", "age");
    let test = with_program("chest", "sh").helpers("chest");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = test.args(["fill"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["reject"]).stdin("provider=openai\n").success();
    test.args(["get"]).stdin("provider=openai\n").success();
}

/// The helper of the text in sh, alone; what it answered and how it ended.
fn chest(test: &Test, operation: &str, request: &str) -> (Option<i32>, String, String) {
    let chest = test.bin().join("modelforge-credential-chest");
    let output = test.run(&[chest.as_os_str(), std::ffi::OsStr::new(operation)], request);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const SILENCE: (Option<i32>, String, String) = (Some(0), String::new(), String::new());

#[test]
#[ignore = "needs age"]
fn the_helper_in_sh_answers_for_no_other_place() {
    system("age", "age");
    let test = with_program("chest", "sh");
    let stored = format!("protocol=https\nhost=a host=b\npassword={SECRET}\n");
    assert_eq!(chest(&test, "store", &stored), SILENCE);
    assert_eq!(chest(&test, "get", "protocol=https host=a\nhost=b\n").1, "");
    assert_eq!(chest(&test, "get", "protocol=https\nhost=a\n").1, "");
    // Another place's file, put where it does not belong.
    assert_eq!(chest(&test, "store", "protocol=https\nhost=c\npassword=other\n"), SILENCE);
    let files = crate::support::files_below(&test.home().join(".chest"));
    let [first, second]: &[std::path::PathBuf; 2] = &files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "age"))
        .collect::<Vec<_>>()
        .try_into()
        .expect("two files");
    std::fs::copy(first, second).expect("a file can be copied");
    let answers = ["a host=b", "c"].map(|host| chest(&test, "get", &format!("protocol=https\nhost={host}\n")));
    assert_eq!(answers.iter().filter(|(status, ..)| *status == Some(0)).count(), 1, "{answers:?}");
    assert!(
        answers
            .iter()
            .any(|(_, found, said)| found.is_empty() && said == "error: a file of the chest is for another place\n")
    );
}

#[test]
#[ignore = "needs age"]
fn the_helper_in_sh_makes_no_identity_that_opens_nothing() {
    system("age", "age");
    // As age-keygen does on a full disk.
    let test = with_program("chest", "sh").on_path("age-keygen", "#!/bin/sh\n[ \"${1-}\" != -y ]\n");
    let stored = format!("protocol=https\nhost=h\npassword={SECRET}\n");
    let failed = (Some(1), String::new(), "error: no identity could be made\n".to_owned());
    assert_eq!(chest(&test, "store", &stored), failed);
    std::fs::remove_file(test.bin().join("age-keygen")).expect("it can be removed");
    assert_eq!(chest(&test, "store", &stored), SILENCE);
    // One that is gone is not replaced: nothing would open what is there.
    std::fs::remove_file(test.home().join(".chest/identity")).expect("it can be removed");
    let gone = (Some(1), String::new(), "error: the identity of the chest is gone\n".to_owned());
    assert_eq!(chest(&test, "store", &stored), gone);
}

#[test]
#[ignore = "needs iconv, of libc-bin"]
fn the_helper_in_sh_does_not_call_absent_what_it_cannot_read() {
    let test = with_program("chest", "sh");
    // Not a mode: the superuser reads everything.
    std::fs::write(test.home().join(".chest"), "no folder").expect("it can be written");
    for operation in ["get", "erase"] {
        let (status, found, said) = chest(&test, operation, "protocol=https\nhost=h\n");
        assert_eq!((status, &*found, &*said), (Some(1), "", "error: the chest cannot be read\n"));
    }
}
