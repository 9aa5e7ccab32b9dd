//! The values that a variable may hold.

use super::{KEY, OPENAI, answers, fails, run, succeed};

const HINT: &str = if cfg!(windows) {
    "hint: set it to the key alone, or `Remove-Item Env:OPENAI_API_KEY`\n"
} else {
    "hint: set it to the key alone, or `unset OPENAI_API_KEY`\n"
};

#[test]
fn a_variable_set_to_nothing_is_not_set() {
    let variables = [("MODELFORGE_OPENAI_API_KEY", ""), ("OPENAI_API_KEY", KEY)];
    assert_eq!(answers(&variables, OPENAI).as_deref(), Some("OPENAI_API_KEY"));
    assert_eq!(answers(&[("OPENAI_API_KEY", "")], OPENAI), None);
    assert_eq!(succeed("list", &[("OPENAI_API_KEY", "")], ""), "count=0\n");
}

#[test]
fn white_space_around_a_value_is_an_error_that_names_the_variable() {
    for value in [" ", "sk-SENTINEL ", "\tsk-SENTINEL", "sk-SENTINEL\n", "sk-SENTINEL\r\n", "\u{a0}sk-SENTINEL"] {
        let stderr = format!("error: `OPENAI_API_KEY` has whitespace around its value\n{HINT}");
        fails(&[("OPENAI_API_KEY", value)], OPENAI, &stderr);
    }
}

#[test]
fn what_cannot_be_seen_in_a_value_is_an_error_that_names_the_variable() {
    for value in [
        "sk-SENTINEL\nhost=evil",
        "sk-SENTINEL\rx",
        "sk-SENTINEL\u{1b}[2J",
        "sk-SENTINEL\u{7f}x",
        "sk-SENTINEL\u{2028}x",
        "sk-SENTINEL\u{200b}",
        "\u{feff}sk-SENTINEL",
    ] {
        let problem = "has a line break or another invisible character";
        fails(&[("OPENAI_API_KEY", value)], OPENAI, &format!("error: `OPENAI_API_KEY` {problem}\n{HINT}"));
    }
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_text_or_too_long_is_an_error_that_names_the_variable() {
    let bytes = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"sk-SENTINEL\xff");
    let hint = "hint: set it to the key alone, or `unset OPENAI_API_KEY`\n";
    fails(&[("OPENAI_API_KEY", bytes)], OPENAI, &format!("error: `OPENAI_API_KEY` is not UTF-8\n{hint}"));
    let long = super::SENTINEL.repeat(6_000);
    let stderr = format!("error: `OPENAI_API_KEY` is longer than a key can be\n{hint}");
    fails(&[("OPENAI_API_KEY", &long)], OPENAI, &stderr);
}

#[test]
fn a_bad_value_is_not_skipped_in_favour_of_a_variable_that_it_shadows() {
    let variables = [("MODELFORGE_OPENAI_API_KEY", "sk-SENTINEL "), ("OPENAI_API_KEY", KEY)];
    assert_eq!(run(&["get"], &variables, OPENAI).code, 1);
    assert_eq!(
        answers(&[("ANTHROPIC_API_KEY", "sk-SENTINEL "), ("OPENAI_API_KEY", KEY)], OPENAI).as_deref(),
        Some("OPENAI_API_KEY")
    );
}

#[test]
fn a_value_passes_as_it_is() {
    for value in ["ab==", "=", "a-b=c", "quo\"te$(x)`y", "-x", "{\"clientid\": \"sk a ü\"}"] {
        assert_eq!(answers(&[("OPENAI_API_KEY", value)], OPENAI).as_deref(), Some("OPENAI_API_KEY"), "{value}");
    }
}
