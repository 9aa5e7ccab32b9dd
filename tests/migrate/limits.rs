//! Files that no tool wrote: too large, too many, not regular, or another user's. Each is one message, and hides no other file.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::support::system;

const CODEX: &str = ".codex/auth.json";
const LLM: &str = ".config/io.datasette.llm/keys.json";

/// A key in a file beside the bad one, which is moved nevertheless.
#[track_caller]
fn is_one_line(test: Test, wanted: &str) -> Test {
    let test = test.file(LLM, format!("{{\"openai\": \"{SECRET}\"}}\n"));
    let (test, _, stderr) = run(test, &["migrate", "--yes"], 1);
    assert!(stderr.contains(wanted), "{stderr}");
    let lines = stderr.lines().filter(|line| !line.starts_with("hint: ")).count();
    assert_eq!(lines, 2, "{stderr}");
    assert!(stderr.contains("error: some places could not be searched"), "{stderr}");
    assert_eq!(std::fs::read_to_string(test.home().join(LLM)).expect("it is there"), "{}\n");
    test
}

fn place(test: &Test) -> PathBuf {
    let place = test.home().join(CODEX);
    std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
    place
}

#[test]
fn a_file_of_50_mb_is_not_read_to_its_end() {
    let text = format!("{{\"OPENAI_API_KEY\": \"{}\"}}", "x".repeat(50 << 20));
    is_one_line(Test::new().file(CODEX, text), "`~/.codex/auth.json` is ");
}

#[test]
fn a_fifo_in_the_place_of_a_file_is_not_waited_for() {
    let test = Test::new();
    let place = place(&test);
    test.run(&[system("mkfifo", "coreutils").as_os_str(), place.as_os_str()], "");
    is_one_line(test, "`~/.codex/auth.json` is ");
}

#[test]
fn a_link_to_itself_is_an_error_and_no_loop() {
    let test = Test::new();
    let place = place(&test);
    symlink(&place, &place).expect("a link");
    is_one_line(test, "cannot read `~/.codex/auth.json`");
}

#[test]
#[ignore = "needs root"]
fn a_file_of_another_user_is_not_read_as_root() {
    let text = format!("{{\"OPENAI_API_KEY\": \"{SECRET}\"}}");
    let test = Test::new().file(CODEX, text);
    let place = place(&test);
    std::os::unix::fs::chown(&place, Some(65534), None).expect("only root may");
    is_one_line(test, "`~/.codex/auth.json` belongs to another user");
}

#[test]
fn in_a_project_of_10_000_files_a_key_is_found_and_in_one_with_too_many_it_is_said_that_not_all_were_looked_at() {
    let test = Test::new().file("p/app/.env", format!("OPENAI_API_KEY={SECRET}\n"));
    let project = test.home().join("p");
    for folder in 0..100 {
        let folder = project.join(format!("f{folder}"));
        std::fs::create_dir(&folder).expect("a folder");
        (0..100).for_each(|file| std::fs::write(folder.join(format!("{file}.py")), "pass\n").expect("a file"));
    }
    symlink(&project, project.join("loop")).expect("a link");
    let words = project.display().to_string();
    let (test, _, stderr) = run(test, &["migrate", "--yes", &words], 0);
    assert_eq!(stderr, "");
    (0..1001).for_each(|file| std::fs::write(project.join(format!("{file}.env")), "A=1\n").expect("a file"));
    let (_, _, stderr) = run(test, &["migrate", "--yes", &words], 1);
    assert!(
        stderr.contains("warning: the directory has more than 1000 files, and only so many were searched"),
        "{stderr}"
    );
}
