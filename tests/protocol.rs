//! `protocol.md` itself: each of its rules has tests, and the helpers in it work.

/// A script of sh.
#[cfg(unix)]
mod guide;
mod python;
mod rules;
mod shell;
mod sources;

use crate::support::Test;

/// For each rule, the tests that fail when it is broken: functions, and cases of the conformance suite by their names.
const RULES: &[(&str, &[&str])] = &[
    ("F1", &["only_a_line_feed_ends_a_line", "cve_2024_50338_only_a_line_feed_ends_a_line"]),
    (
        "F2",
        &[
            "what_cannot_be_written_cannot_be_set_and_the_error_names_no_value",
            "cve_2020_5260_a_url_cannot_smuggle_a_line",
        ],
    ),
    ("F3", &["the_longest_line_passes_and_one_byte_more_does_not", "long_headers_are_refused_whole_and_never_split"]),
    ("F4", &["a_bad_line_is_named_by_its_number_alone", "lines_that_are_none_and_values_out_of_range_are_refused"]),
    (
        "F5",
        &[
            "what_follows_an_empty_line_is_not_read",
            "the last line need not be ended",
            "a_helper_may_read_to_the_end_of_the_stream",
        ],
    ),
    ("F6", &["merging_replaces_single_values_in_place_and_lists_as_a_whole"]),
    ("F7", &["what_cannot_be_written_cannot_be_set_and_the_error_names_no_value"]),
    ("F8", &["a_byte_order_mark_is_dropped_before_the_first_line_alone"]),
    (
        "A1",
        &[
            "debug_shows_no_secret_and_no_unknown_key",
            "verbose_shows_a_line_for_each_hop_without_secrets_and_without_keys_that_nobody_knows",
        ],
    ),
    ("A2", &["attributes_that_nobody_knows_are_ignored_and_kept"]),
    ("A3", &["a_request_cannot_name_the_variable_that_is_read_or_where_a_token_goes"]),
    ("O1", &["an_operation_that_nobody_knows_is_ignored"]),
    (
        "O2",
        &[
            "a_request_without_protocol_or_host_is_refused_and_erases_nothing",
            "a_refused_erase_leaves_every_credential_where_it_was",
        ],
    ),
    ("O3", &["a host is compared byte for byte", "another protocol, host, port or path is another place"]),
    ("O4", &["a_failure_is_never_taken_for_absence", "a_locked_keyring_is_not_an_empty_one"]),
    ("O5", &["a store replaces the older password", "two_processes_that_store_at_once_leave_one_credential_whole"]),
    (
        "O6",
        &[
            "an erase that names another password erases nothing",
            "an_erase_that_names_another_credential_erases_nothing",
        ],
    ),
    ("O7", &["list_names_no_secret_and_ends_with_the_count", "a_list_without_its_count_is_not_taken_for_whole"]),
    ("O8", &["a_credential_is_kept_and_given_only_to_who_announced_authtype"]),
    ("O9", &["what is ephemeral is not kept"]),
    ("O10", &["interactive_0_never_asks_even_at_a_terminal", "as_a_helper_it_never_asks"]),
    (
        "O11",
        &[
            "an empty password for a provider is not stored, and does not replace another",
            "a_helper_that_answers_with_an_empty_password_does_not_hide_the_next",
            "an_empty_password_of_a_provider_cannot_be_stored",
        ],
    ),
    (
        "O12",
        &[
            "the_reason_of_a_failure_is_given_only_to_who_announced_that",
            "a_helper_that_says_that_it_is_locked_is_told_from_one_that_failed",
        ],
    ),
    (
        "O13",
        &[
            "several requests in one go are answered one by one",
            "of several requests that were cut short none is carried out",
            "a_helper_that_answers_some_of_several_requests_is_asked_each_alone",
        ],
    ),
    (
        "C1",
        &[
            "a_refused_erase_leaves_every_credential_where_it_was",
            "cve_2020_11008_a_blank_protocol_or_host_matches_nothing",
        ],
    ),
    ("C2", &["a_failing_missing_or_garbled_helper_is_a_warning_and_never_hides_a_working_one"]),
    ("C3", &["a_helper_that_hangs_is_ended_with_everything_it_started"]),
    (
        "C4",
        &[
            "cve_2019_15752_a_helper_that_anyone_could_have_put_there_is_not_started_and_the_reason_is_said",
            "arguments_and_environment_of_a_helper_hold_no_secret",
        ],
    ),
    ("C5", &["answers_accumulate_along_the_chain", "quit_ends_the_search_and_is_passed_on"]),
    (
        "C6",
        &[
            "an_expired_token_is_renewed_and_the_rotated_refresh_token_is_kept",
            "twenty_processes_that_meet_an_expired_token_renew_it_once",
        ],
    ),
    (
        "C7",
        &[
            "a_store_that_nobody_kept_is_an_error_even_if_every_helper_reported_success",
            "the_first_helper_that_keeps_it_ends_a_store_and_the_others_lose_their_older_copies",
        ],
    ),
    ("C8", &["erase_reaches_every_helper_and_names_the_one_that_failed"]),
    (
        "S1",
        &[
            "without consent no file changes, whatever is stored or erased",
            "other_programs_files_stay_however_their_helper_is_called",
        ],
    ),
    ("S2", &["`list` names the file of each credential, and `get` hands out the one in it"]),
    ("S3", &["with consent an erase takes out what it names, and nothing else"]),
    ("S4", &["what was taken out is put back where it was, and in no other's place"]),
    (
        "S5",
        &[
            "a file is handed out whole and put back byte for byte",
            "a whole file is not handed out without consent, and no file but its own",
        ],
    ),
    (
        "S6",
        &[
            "a_strangers_source_is_migrated_from_and_rolled_back_byte_for_byte",
            "no_request_gets_stores_lists_or_erases_a_backup",
        ],
    ),
    (
        "I1",
        &[
            "a_renewal_that_is_killed_anywhere_loses_nothing_and_is_finished_by_the_next",
            "a_damaged_file_keeps_the_old_identity_and_everything_opens",
        ],
    ),
    ("I2", &["what_is_stored_and_got_during_renewals_is_neither_lost_nor_missed"]),
    ("I3", &["it_is_shown_on_a_terminal_or_written_to_a_new_private_file_and_nowhere_else"]),
    ("I4", &["an_identity_that_opens_nothing_here_is_not_taken_and_one_that_is_there_is_not_replaced"]),
    (
        "T1",
        &[
            "a_list_of_members_that_was_changed_in_the_store_counts_only_once_it_is_accepted",
            "a_member_whom_nobody_here_has_accepted_is_refused_also_if_they_went_again",
        ],
    ),
    ("T2", &["a_key_that_a_stranger_planted_is_refused", "a_history_that_goes_back_or_is_another_one_is_refused"]),
    (
        "T3",
        &[
            "a_renewed_key_beats_a_removed_one",
            "two_renewals_of_one_key_are_both_kept_and_said",
            "what_is_stored_while_others_synchronise_is_not_lost",
        ],
    ),
    (
        "T4",
        &[
            "a_synchronisation_that_is_killed_at_any_moment_is_finished_by_the_next",
            "a_change_of_members_that_is_killed_is_finished_by_the_next_synchronisation",
        ],
    ),
    ("T5", &["without_a_network_keys_are_used_and_stored_and_the_next_synchronisation_sends_them"]),
];

const PROTOCOL: &str = include_str!("../protocol.md");

fn sources() -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    ["tests", "helpers"]
        .iter()
        .flat_map(|folder| crate::support::files_below(&root.join(folder)))
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .filter(|path| !path.ends_with("tests/protocol.rs"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect()
}

#[test]
fn every_rule_has_a_test_and_every_test_is_there() {
    let written: Vec<&str> =
        PROTOCOL.lines().filter_map(|line| line.strip_prefix("- **")?.split_once("**")).map(|(rule, _)| rule).collect();
    let tested: Vec<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(written, tested);
    let sources = sources() + include_str!("protocol.rs");
    for (rule, tests) in RULES {
        for test in *tests {
            let there = sources.contains(&format!("fn {test}()")) || sources.contains(&format!(", \"{test}\", |"));
            assert!(there, "{rule} names `{test}`, which is no test");
        }
    }
}

/// The code block of a language.
fn block(language: &str) -> &'static str {
    let start = PROTOCOL.find(&format!("```{language}\n")).expect("the block is there") + language.len() + 4;
    let length = PROTOCOL[start..].find("\n```").expect("the block ends") + 1;
    &PROTOCOL[start..start + length]
}

/// A program of the text, on PATH.
fn with_program(name: &str, language: &str) -> Test {
    Test::new().on_path(&format!("modelforge-credential-{name}"), block(language))
}
