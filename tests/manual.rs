//! Manual pages: the programs that show them accept them, and they fit the screen.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::{Test, files_below, program, system};

#[cfg(unix)]
#[test]
fn a_reader_that_has_read_enough_hears_no_complaint() {
    // The pause lets the reader be gone by then.
    let script = "{ sleep 0.5; BIN completions bash; echo $? >&2; } | true"
        .replace("BIN", &program("modelforge-credential").display().to_string());
    Test::new().program("/bin/sh").args(["-c", &script]).stderr("1\n").success();
}

/// The pages, by the names of their files.
fn pages(test: Test) -> (Test, BTreeMap<String, PathBuf>) {
    let folder = test.home().join("man");
    let test = test.args(["man", &folder.display().to_string()]).success();
    let name = |path: &PathBuf| path.strip_prefix(&folder).expect("below it").to_string_lossy().replace('\\', "/");
    let pages = files_below(&folder).into_iter().map(|path| (name(&path), path)).collect();
    (test, pages)
}

#[test]
fn each_program_and_the_configuration_have_a_page_of_their_own_name() {
    let (_test, pages) = pages(Test::new());
    let names: Vec<&str> = pages.keys().map(String::as_str).collect();
    let expected = [
        "man1/modelforge-credential-age.1",
        "man1/modelforge-credential-env.1",
        "man1/modelforge-credential-keyring.1",
        "man1/modelforge-credential-oauth.1",
        "man1/modelforge-credential-plaintext.1",
        "man1/modelforge-credential-tools.1",
        "man1/modelforge-credential-vault.1",
        "man1/modelforge-credential.1",
        "man5/modelforge-credential-config.5",
    ];
    assert_eq!(names, expected);
}

#[test]
#[ignore = "needs groff-base and man-db"]
fn every_manual_page_is_accepted_by_man_fits_80_columns_and_has_its_sections() {
    let (test, pages) = pages(Test::new().env("MANWIDTH", "80"));
    system("groff", "groff-base");
    let man = system("man", "man-db").display().to_string();
    for (name, path) in pages {
        let output = test.run(&[man.as_str(), "--warnings", "-l", &path.display().to_string()], "");
        let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{name}");
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{name}: {wide:#?}");
        let sections: &[&str] = match name.as_str() {
            "man1/modelforge-credential.1" => {
                &["SYNOPSIS", "OPTIONS", "COMMANDS", "ENVIRONMENT", "FILES", "EXIT STATUS", "SEE ALSO"]
            }
            "man5/modelforge-credential-config.5" => &["SYNOPSIS", "DESCRIPTION", "SETTINGS", "SEE ALSO"],
            _ => &["SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLE", "SEE ALSO"],
        };
        for section in ["NAME"].iter().chain(sections) {
            assert!(text.contains(&format!("\n{section}\n")), "{name} has no {section}");
        }
        assert!(!text.contains("](") && !text.contains("**"), "{name} has marks of Markdown");
    }
}

#[test]
#[ignore = "needs man-db"]
fn the_synopsis_of_a_command_is_what_can_be_typed() {
    let (test, pages) = pages(Test::new().env("MANWIDTH", "80"));
    let man = system("man", "man-db").display().to_string();
    let text = test.run(&[man.as_str(), "-l", &pages["man1/modelforge-credential.1"].display().to_string()], "").stdout;
    let text = test.text(&text);
    for usage in
        ["exec [OPTIONS] [PROVIDER]... [-- <COMMAND>...]", "helpers test [OPTIONS] <HELPER>", "auth login [OPTIONS]"]
    {
        assert!(text.contains(&format!("\n   {usage}\n")), "{usage}: {text}");
    }
    assert!(!text.contains("\n   man "), "the hidden command is described");
}

#[test]
fn without_a_folder_the_page_of_the_program_is_printed() {
    let output = Test::new().args(["man"]).output();
    assert!(output.stdout.starts_with(b".TH modelforge\\-credential 1 "));
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

#[test]
#[cfg(unix)]
#[ignore = "needs root"]
fn no_page_is_written_where_another_user_could_have_put_a_link_as_root() {
    use std::os::unix::fs::{chown, symlink};
    let test = Test::new();
    let (pages, victim) = (test.work().join("pages"), test.home().join("victim"));
    std::fs::create_dir_all(pages.join("man1")).expect("a folder");
    symlink(&victim, pages.join("man1/modelforge-credential.1")).expect("a link");
    chown(pages.join("man1"), Some(61_001), None).expect("only root can play another user");
    let folder = pages.display().to_string();
    let test = test.args(["man", &folder]);
    let output = test.output();
    let said = test.text(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("belongs to another user"), "{said}");
    assert!(!victim.exists());
}
