//! Manual pages: what is made from the definitions is accepted by the program that shows it.

use crate::support::{Test, program, system};

#[test]
fn a_reader_that_has_read_enough_hears_no_complaint() {
    // The pause lets the reader be gone by then.
    let script = "{ sleep 0.5; BIN completions bash; echo $? >&2; } | true"
        .replace("BIN", &crate::support::program("modelforge-credential").display().to_string());
    Test::new().program("/bin/sh").args(["-c", &script]).stderr("1\n").success();
}

#[test]
#[ignore = "needs groff-base and man-db"]
fn every_manual_page_is_accepted_by_man_and_holds_what_it_should() {
    let test = Test::new();
    let folder = test.home().join("man").display().to_string();
    let test = test.args(["man", &folder]).success();
    let mut names = Vec::new();
    system("groff", "groff-base");
    for file in std::fs::read_dir(&folder).expect("the folder is there").flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let man = system("man", "man-db").display().to_string();
        let output = test.run(&[man.as_str(), "--warnings", "-l", &file.path().display().to_string()], "");
        let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{name}");
        for part in ["NAME", "modelforge-credential", "DESCRIPTION"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
        assert!(text.contains("EXAMPLE"), "{name} has no example");
        names.push(name);
    }
    for name in ["", "-login", "-helpers", "-helpers-test", "-auth-login", "-completions"] {
        assert!(names.contains(&format!("modelforge-credential{name}.1")), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("-man.")), "the hidden command has a page");
}

#[test]
#[ignore = "needs man-db"]
fn the_synopsis_of_a_page_is_what_can_be_typed() {
    let test = Test::new();
    let folder = test.home().join("man");
    let test = test.args(["man", &folder.display().to_string()]).success();
    let man = system("man", "man-db").display().to_string();
    let test = test.env("MANWIDTH", "80");
    for (name, usage) in [
        ("exec", "modelforge-credential exec [OPTIONS] [PROVIDER]... [-- <COMMAND>...]\n"),
        ("helpers", "modelforge-credential helpers [OPTIONS]\n       modelforge-credential helpers <COMMAND>\n"),
    ] {
        let page = folder.join(format!("modelforge-credential-{name}.1")).display().to_string();
        let text = String::from_utf8(test.run(&[man.as_str(), "-l", &page], "").stdout).expect("it is UTF-8");
        assert!(text.contains(&format!("SYNOPSIS\n       {usage}")), "{text}");
    }
}

#[test]
fn without_a_folder_the_page_of_the_program_is_printed() {
    let output = Test::new().args(["man"]).output();
    assert!(output.stdout.starts_with(b".TH modelforge\\-credential 1 "));
    assert!(program("modelforge-credential").exists());
}

#[test]
fn the_help_of_each_helper_fits_a_terminal_and_ends_with_an_example() {
    for name in ["age", "env", "keyring", "oauth", "plaintext"] {
        let output = Test::new().program(format!("modelforge-credential-{name}")).args(["--help"]).output();
        let help = String::from_utf8(output.stdout).expect("text");
        let (_, example) = help.rsplit_once("\n\nExample").expect("an example");
        assert!(example.contains(name), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
