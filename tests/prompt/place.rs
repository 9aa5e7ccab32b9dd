//! What a key is for: a prompt cannot be taken for one about another host.

use super::{Session, asking};
use crate::support::Test;

#[track_caller]
fn prompts(request: &str, expected: &str) {
    let test = asking(Test::new().helpers(""));
    let mut session = Session::start(&test, request);
    session.expect("': ");
    session.expect_hidden();
    session.types("\u{3}");
    let (_, _, shown) = session.end();
    assert!(shown.starts_with(expected), "{shown:?}");
}

#[test]
fn cve_2024_50349_quotes_and_blanks_of_a_user_or_a_host_end_no_prompt() {
    prompts(
        "url=https://api.openai.com%27%3a%20%20@evil.example/\n",
        "Password for 'https://api.openai.com%27%3A%20%20@evil.example': ",
    );
    prompts(
        "protocol=https\nhost=api.openai.com':    \nusername=u\n",
        "Password for 'https://u@api.openai.com%27:%20%20%20%20': ",
    );
}

#[test]
fn a_host_with_letters_that_look_like_others_or_cannot_be_seen_is_shown_as_its_bytes() {
    for (c, encoded) in [
        ('\u{43e}', "%D0%BE"),
        ('\u{ad}', "%C2%AD"),
        ('\u{3164}', "%E3%85%A4"),
        ('\u{115f}', "%E1%85%9F"),
        ('\u{e0061}', "%F3%A0%81%A1"),
        ('\u{61c}', "%D8%9C"),
        ('\u{fff9}', "%EF%BF%B9"),
    ] {
        prompts(
            &format!("protocol=https\nhost=api.{c}penai.com\nusername=u\n"),
            &format!("Password for 'https://u@api.{encoded}penai.com': "),
        );
    }
}
