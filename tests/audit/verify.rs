//! What a check of the log finds.

use std::fs;

use super::{TAMPERED, asked, folder, has, lines, log, verified};
use crate::support::Test;

/// Five records, of which something is done to the lines.
#[track_caller]
fn tampered(change: impl Fn(&mut Vec<String>)) -> Test {
    let test = asked(has(Test::new()), 5);
    let mut lines = lines(&test);
    change(&mut lines);
    fs::write(log(&test), lines.iter().map(|line| format!("{line}\n")).collect::<String>())
        .expect("the log can be written");
    test
}

#[track_caller]
fn finds(test: &Test, count: u64, span: &str, problems: &[&str]) {
    let problems: String = problems.iter().map(|problem| format!("warning: {problem}\n")).collect();
    assert_eq!(verified(test), format!("{count} records: from {span}\n{problems}{TAMPERED}"));
}

#[test]
fn an_edited_record_is_found_also_the_last_one() {
    let edit = |at: usize| move |lines: &mut Vec<String>| lines[at] = lines[at].replace("openai", "0penai");
    finds(&tampered(edit(0)), 5, "1 to 5", &["record 1 was changed after it was written"]);
    finds(&tampered(edit(2)), 5, "1 to 5", &["record 3 was changed after it was written"]);
    finds(&tampered(edit(4)), 5, "1 to 5", &["record 5 was changed after it was written"]);
    // Not even a blank may be added.
    let blank = |lines: &mut Vec<String>| lines[1] = lines[1].replace("\":", "\": ");
    finds(&tampered(blank), 5, "1 to 5", &["record 2 was changed after it was written"]);
}

#[test]
fn a_missing_record_is_found_also_the_first_and_the_last_one() {
    let without = |at: usize| move |lines: &mut Vec<String>| drop(lines.remove(at));
    finds(&tampered(without(0)), 4, "2 to 5", &["record 1 is missing"]);
    finds(&tampered(without(2)), 4, "1 to 5", &["record 3 is missing"]);
    let cut = "record 5 is missing at the end: it was cut off, or lost in a power cut";
    finds(&tampered(without(4)), 4, "1 to 4", &[cut]);
    let all = tampered(Vec::clear);
    assert_eq!(verified(&all), "error: records 1 to 5 are missing\n[1]");
}

#[test]
fn a_number_beyond_which_nobody_can_count_is_found_and_stops_no_get() {
    let test = asked(has(Test::new()), 2);
    let head = folder(&test).join("audit.head");
    let text = fs::read_to_string(&head).unwrap();
    let mut words: Vec<&str> = text.split(' ').collect();
    let most = u64::MAX.to_string();
    words[1] = &most;
    fs::write(&head, words.join(" ")).unwrap();
    let test = asked(test, 2);
    assert!(verified(&test).ends_with(TAMPERED), "{}", verified(&test));
    let test = test.args(["audit", "--json"]);
    assert_eq!(String::from_utf8_lossy(&test.output().stdout).lines().count(), 4);
}

#[test]
fn what_was_cut_off_at_the_end_stays_missing_when_others_have_written_since() {
    let test = asked(tampered(|lines| lines.truncate(2)), 2);
    finds(&test, 4, "1 to 7", &["records 3 to 5 are missing"]);
}

#[test]
fn a_reordered_or_repeated_record_is_found() {
    let test = tampered(|lines| lines.swap(1, 2));
    let said = verified(&test);
    assert!(
        said.contains("warning: record 2 stands after one that is newer, or was put there\n")
            && said.ends_with(TAMPERED),
        "{said}"
    );
    let test = tampered(|lines| lines.insert(3, lines[2].clone()));
    finds(&test, 6, "1 to 5", &["record 3 stands after one that is newer, or was put there"]);
}

#[test]
fn a_head_that_was_taken_away_is_found_also_when_others_have_written_since() {
    let test = tampered(|lines| lines.truncate(3));
    fs::remove_file(folder(&test).join("audit.head")).unwrap();
    finds(
        &test,
        3,
        "1 to 3",
        &["the file `audit.head` is missing: whether records were cut off at the end cannot be told"],
    );
    let test = asked(test, 1);
    finds(
        &test,
        4,
        "1 to 4",
        &["before record 4 the file `audit.head` was missing: records may have been cut off there"],
    );
}

#[test]
fn a_torn_last_line_is_closed_by_the_next_writer_and_is_not_taken_for_tampering() {
    let test = asked(has(Test::new()), 2);
    let half = lines(&test)[1][..100].to_owned();
    let torn = [fs::read(log(&test)).unwrap(), half.into_bytes()].concat();
    fs::write(log(&test), torn).unwrap();
    let said = |count: u64| {
        format!(
            "{count} records: from 1 to {count}\nnone was changed, and none is missing in between or at the end\nwarning: one line was not written to the end: a process or the machine stopped meanwhile\n[0]"
        )
    };
    assert_eq!(verified(&test), said(2));
    let test = asked(test, 2);
    assert_eq!(verified(&test), said(4));
}

#[test]
fn a_writer_that_was_killed_before_it_could_name_the_new_end_is_made_up_for() {
    let test = asked(has(Test::new()), 2);
    let head = fs::read(folder(&test).join("audit.head")).unwrap();
    let test = asked(test, 2);
    fs::write(folder(&test).join("audit.head"), head).unwrap();
    let whole = |count| {
        format!(
            "{count} records: from 1 to {count}\nnone was changed, and none is missing in between or at the end\n[0]"
        )
    };
    assert_eq!(verified(&test), whole(4));
    assert_eq!(verified(&asked(test, 1)), whole(5));
}

#[test]
fn a_forged_record_at_the_end_is_found() {
    let test = tampered(|lines| {
        let forged = lines[4].replace("\"seq\":5", "\"seq\":6").replace("openai", "mistral");
        lines.push(forged);
    });
    finds(&test, 6, "1 to 6", &["record 5 was changed after it was written"]);
    let said = verified(&asked(test, 1));
    assert!(said.ends_with(TAMPERED), "{said}");
}
