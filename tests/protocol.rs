//! `protocol.md` itself: each of its rules has tests, and the helpers in it work.

use crate::conformance::Judged;
use crate::support::{SECRET, Test, system};

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

#[test]
#[ignore = "needs age"]
fn the_helper_in_sh_keeps_the_rules() {
    system("age", "age");
    let script = with_program("vault", "sh");
    let program = script.bin().join("modelforge-credential-vault").display().to_string();
    let judged = Judged::of(&script.args(["helpers", "test", &program, "--json"]));
    assert_eq!(judged.names("broken"), [""; 0]);
    // It does not know `authtype`, cannot list, and keeps all else.
    assert_eq!((judged.names("not offered").len(), judged.names("holds").len()), (8, 47));
    assert_eq!(judged.names("not run"), [""; 0]);
}

#[test]
#[ignore = "needs age"]
fn the_helper_in_sh_is_a_link_of_the_chain() {
    system("age", "age");
    let test = with_program("vault", "sh").helpers("vault");
    let test = test.args(["approve"]).stdin(format!("provider=openai\npassword={SECRET}\n")).success();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = test.args(["fill"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["reject"]).stdin("provider=openai\n").success();
    test.args(["get"]).stdin("provider=openai\n").success();
}

/// The helper of the text in sh, alone; what it answered and how it ended.
fn vault(test: &Test, operation: &str, request: &str) -> (Option<i32>, String, String) {
    let vault = test.bin().join("modelforge-credential-vault");
    let output = test.run(&[vault.as_os_str(), std::ffi::OsStr::new(operation)], request);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const SILENCE: (Option<i32>, String, String) = (Some(0), String::new(), String::new());

#[test]
#[ignore = "needs age"]
fn the_helper_in_sh_answers_for_no_other_place() {
    system("age", "age");
    let test = with_program("vault", "sh");
    let stored = format!("protocol=https\nhost=a host=b\npassword={SECRET}\n");
    assert_eq!(vault(&test, "store", &stored), SILENCE);
    assert_eq!(vault(&test, "get", "protocol=https host=a\nhost=b\n").1, "");
    assert_eq!(vault(&test, "get", "protocol=https\nhost=a\n").1, "");
    // Another place's file, put where it does not belong.
    assert_eq!(vault(&test, "store", "protocol=https\nhost=c\npassword=other\n"), SILENCE);
    let files = crate::support::files_below(&test.home().join(".vault"));
    let [first, second]: &[std::path::PathBuf; 2] = &files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "age"))
        .collect::<Vec<_>>()
        .try_into()
        .expect("two files");
    std::fs::copy(first, second).expect("a file can be copied");
    let answers = ["a host=b", "c"].map(|host| vault(&test, "get", &format!("protocol=https\nhost={host}\n")));
    assert_eq!(answers.iter().filter(|(status, ..)| *status == Some(0)).count(), 1, "{answers:?}");
    assert!(
        answers
            .iter()
            .any(|(_, found, said)| found.is_empty() && said == "error: a file of the vault is for another place\n")
    );
}

#[test]
#[ignore = "needs age"]
fn the_helper_in_sh_makes_no_identity_that_opens_nothing() {
    system("age", "age");
    // What age-keygen does on a full disk.
    let test = with_program("vault", "sh").on_path("age-keygen", "#!/bin/sh\n[ \"${1-}\" != -y ]\n");
    let stored = format!("protocol=https\nhost=h\npassword={SECRET}\n");
    let failed = (Some(1), String::new(), "error: no identity could be made\n".to_owned());
    assert_eq!(vault(&test, "store", &stored), failed);
    std::fs::remove_file(test.bin().join("age-keygen")).expect("it can be removed");
    assert_eq!(vault(&test, "store", &stored), SILENCE);
    // One that is gone is not replaced: nothing would open what is there.
    std::fs::remove_file(test.home().join(".vault/identity")).expect("it can be removed");
    let gone = (Some(1), String::new(), "error: the identity of the vault is gone\n".to_owned());
    assert_eq!(vault(&test, "store", &stored), gone);
}

#[test]
#[ignore = "needs iconv, of libc-bin"]
fn the_helper_in_sh_does_not_call_absent_what_it_cannot_read() {
    let test = with_program("vault", "sh");
    // Not a mode: the superuser reads everything.
    std::fs::write(test.home().join(".vault"), "no folder").expect("it can be written");
    for operation in ["get", "erase"] {
        let (status, found, said) = vault(&test, operation, "protocol=https\nhost=h\n");
        assert_eq!((status, &*found, &*said), (Some(1), "", "error: the vault cannot be read\n"));
    }
}

#[test]
#[ignore = "needs python3"]
fn the_helper_in_python_answers_from_netrc_for_its_own_host_alone() {
    let test = with_netrc();
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    let test = test.args(["get"]).stdin("provider=openai\n").stdout(&found).success();
    let test = test.args(["get"]).stdin("provider=mistral\n").success();
    let test = test.args(["get"]).stdin("protocol=http\nhost=api.openai.com\n").success();
    let test = test.args(["get"]).stdin("provider=openai\nusername=work\n").success();
    let listed = "protocol=https\nhost=api.openai.com\nusername=default\nstorage=~/.netrc\nplain_text=1\nfile=~/.netrc\n\
                  helper=netrc\nprovider=openai\n\ncount=1\n";
    test.args(["list"]).stdout(listed).success();
    let test = with_program("netrc", "python");
    let netrc = test.bin().join("modelforge-credential-netrc");
    let run = |operation: &str, request: &str| {
        let output = test.run(&[netrc.as_os_str(), std::ffi::OsStr::new(operation)], request);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run("a-later-operation", "junk"), (Some(0), String::new()));
    let refused = (Some(1), "error: the request has no protocol or no host\n".to_owned());
    assert_eq!(run("get", "protocol=https\n"), refused);
    for request in ["protocol=https\nhost=a\0b\n", "protocol=https\nhost=a\rb\n", "protocol=https\nhost\n", "=x\n"] {
        assert_eq!(run("get", request), (Some(1), "error: the request is not valid\n".to_owned()));
    }
}

/// The helper in Python, with a key for openai and one for a host that is no provider's.
fn with_netrc() -> Test {
    let netrc =
        format!("# mine\nmachine api.openai.com login default password {SECRET}\nmachine  h.example\tlogin me\n\n");
    with_program("netrc", "python").file(".netrc", netrc).helpers("netrc")
}

#[test]
fn the_helper_in_python_keeps_every_rule_of_a_source() {
    let keys =
        "machine a.example login me password one\n\nmachine a.example login you  password  two\nmachine b login x\n";
    let test = with_program("netrc", "python").file("files/.netrc", keys);
    let files = test.home().join("files").display().to_string();
    let judged = Judged::of(&test.args(["helpers", "test", "netrc", "--json", "--home", &files]));
    assert_eq!(judged.names("broken"), [""; 0]);
    assert_eq!(judged.names("holds").iter().filter(|name| SOURCES.contains(name)).count(), SOURCES.len());
}

#[test]
fn plaintext_keeps_every_rule_of_a_source() {
    let file = include_str!("fixtures/modelforge/logged-in.json");
    let test = Test::new().file("files/.config/model-forge/config.json", file);
    let files = test.home().join("files").display().to_string();
    let judged = Judged::of(&test.args(["helpers", "test", "plaintext", "--json", "--home", &files]));
    assert_eq!(judged.names("broken"), [""; 0]);
    assert_eq!(judged.names("holds").iter().filter(|name| SOURCES.contains(name)).count(), SOURCES.len());
}

/// The cases about sources.
const SOURCES: [&str; 6] = [
    "without consent no file changes, whatever is stored or erased",
    "`list` names the file of each credential, and `get` hands out the one in it",
    "with consent an erase takes out what it names, and nothing else",
    "what was taken out is put back where it was, and in no other's place",
    "a file is handed out whole and put back byte for byte",
    "a whole file is not handed out without consent, and no file but its own",
];

#[test]
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
    assert!(said.contains("`~/.netrc` is what it was, byte for byte\n"), "{said}");
    assert_eq!(read(), before);
}

#[test]
fn other_programs_files_stay_however_their_helper_is_called() {
    let path = crate::support::program("modelforge-credential-plaintext").display().to_string();
    let text = include_str!("fixtures/modelforge/four-providers.json");
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

#[test]
fn what_follows_an_empty_line_is_not_read() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env");
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    test.args(["get"]).stdin("provider=openai\n\nprovider=mistral\nno equals sign\n").stdout(&found).success();
}

#[test]
fn a_helper_may_read_to_the_end_of_the_stream() {
    let body = format!("cat >/dev/null; [ $1 != get ] || printf 'username=u\\npassword={SECRET}\\n'");
    let test = Test::new().script("reads", &body).helpers("reads");
    let found = format!("protocol=https\nhost=h\nusername=u\npassword={SECRET}\n");
    test.args(["get"]).stdin("protocol=https\nhost=h\n").stdout(&found).success();
}

#[test]
fn attributes_that_nobody_knows_are_ignored_and_kept() {
    let test = Test::new().helpers("age");
    let request = format!("protocol=https\nhost=h\nusername=u\npassword={SECRET}\nx-flavour=vanilla\n");
    let test = test.args(["store"]).stdin(&request).success();
    let test = test.args(["get"]).stdin("protocol=https\nhost=h\nx-other=1\n");
    let found = format!("protocol=https\nhost=h\nusername=u\npassword={SECRET}\nx-other=1\nx-flavour=vanilla\n");
    test.stdout(&found).success();
}

#[test]
fn an_operation_that_nobody_knows_is_ignored() {
    let mut test = Test::new();
    for program in [
        "modelforge-credential",
        "modelforge-credential-env",
        "modelforge-credential-age",
        "modelforge-credential-keyring",
    ] {
        test = test.program(program).args(["xyzzy"]).stdin("junk\n").success();
    }
}

fn with_the_helper_of_the_guide(pass: &str) -> Test {
    let guide = include_str!("../docs/writing-a-helper.md");
    let start = guide.find("#!/bin/sh\n").expect("the helper is there");
    let end = start + guide[start..].find("```").expect("the block ends");
    Test::new().on_path("modelforge-credential-pass", &guide[start..end]).on_path("pass", pass)
}

#[test]
fn the_helper_of_the_guide_answers_for_its_provider_and_no_other_place() {
    let pass = "#!/bin/sh\n[ \"$*\" = 'show openai' ] && echo kept-by-pass\n";
    let test = with_the_helper_of_the_guide(pass);
    let test = test.helpers("pass").args(["print", "openai"]).stdout("kept-by-pass\n").success();
    let places = ["http://api.openai.com", "https://api.openai.com:444", "https://example.com"];
    let ask = |test: Test, place: &str| test.args(["get"]).stdin(format!("url={place}\n")).success();
    places.into_iter().fold(test, ask);
}

#[test]
fn the_helper_of_the_guide_fails_when_its_command_fails() {
    let test = with_the_helper_of_the_guide("#!/bin/sh\nexit 1\n").helpers("pass\nage");
    let stored = format!("protocol=https\nhost=api.openai.com\npassword={SECRET}\n");
    let test = test.program("modelforge-credential-age").args(["store"]).stdin(stored).success();
    let test = test.program("modelforge-credential").args(["print", "openai"]).stdout(&format!("{SECRET}\n"));
    test.stderr("warning: helper `pass` failed: exit status 1\n").success();
}

#[test]
fn the_helper_of_the_guide_keeps_the_protocol_as_the_guide_says() {
    let test = with_the_helper_of_the_guide("#!/bin/sh\nexit 1\n").args(["helpers", "test", "pass"]);
    let output = test.output();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let badge = text.lines().last().and_then(|line| line.split(": ").nth(2)).expect("there is a badge");
    let said = format!("`modelforge-credential helpers test pass` gives it the badge `{badge}`.");
    assert!(include_str!("../docs/writing-a-helper.md").contains(&said), "{text}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_helper_that_answers_with_an_empty_password_does_not_hide_the_next() {
    for answer in ["username=default\npassword=", "password=\nusername=default", "capability[]=authtype\ncredential="] {
        let test = Test::new().script("empty", &format!("[ $1 != get ] || printf '{}\n'", answer.replace('\n', "\\n")));
        let test = test.helpers("empty\nage").program("modelforge-credential-age").args(["store"]);
        let test = test.stdin(format!("protocol=https\nhost=api.openai.com\npassword={SECRET}\n")).success();
        let test = test.program("modelforge-credential").args(["print", "openai"]).stdout(&format!("{SECRET}\n"));
        let key = if answer.contains("credential") { "credential" } else { "password" };
        let said =
            format!("warning: helper `empty` failed: its answer is malformed (the {key} is empty) and not used\n");
        test.stderr(&said).success();
    }
}

#[test]
fn an_empty_password_of_a_provider_cannot_be_stored() {
    let empty = "provider=openai\npassword=\n";
    let test = Test::new().helpers("age").args(["approve"]).stdin(empty);
    let test = test.stderr("error: the password is empty\n").failure();
    let test = test.args(["store"]).stdin(empty).stderr("error: the password is empty\n").failure();
    let request = "protocol=https\nhost=api.openai.com\nprovider=openai\npassword=\n";
    let test = test.program("modelforge-credential-age").args(["store"]).stdin(request);
    test.stderr("error: the password is empty\n").failure();
}

#[test]
fn a_request_for_a_provider_with_an_empty_password_is_answered_with_the_key() {
    let test = Test::new().env("OPENAI_API_KEY", SECRET).helpers("env").args(["get"]);
    let found = format!("protocol=https\nhost=api.openai.com\nprovider=openai\nusername=default\npassword={SECRET}\n");
    test.stdin("provider=openai\nusername=default\npassword=\n").stdout(&found).success();
}
