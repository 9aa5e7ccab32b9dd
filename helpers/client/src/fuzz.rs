//! What must hold for any answer of a helper.

use modelforge_credential_protocol::{CAPABILITIES, DESCRIPTION, Record, SETTINGS, is_public};

use crate::answer::{found, listed};
use crate::fuzz_support::is_telling;

/// Checks an answer. The input is the request, a NUL, and the helper's output.
pub fn check(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (request, output) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(request) = Record::read_from(request) else { return };
    match found(output, &request) {
        Ok(Some(answer)) => check_answer(&answer, output, &request),
        Ok(None) => {}
        Err(failure) => check_words(&failure.to_string(), output),
    }
    match listed(output) {
        Ok(Some(records)) => {
            let shows_all = |record: &Record| record.iter().all(|(key, _)| is_public(key) && key != "count");
            assert!(records.iter().all(shows_all), "a list has more than may be shown");
        }
        Ok(None) => {}
        Err(failure) => check_words(&failure.to_string(), output),
    }
}

/// The answer matches the request, and contains no more than a helper may say.
fn check_answer(answer: &Record, output: &[u8], request: &Record) {
    assert!(!answer.is_empty() && answer.len() <= 128);
    for key in DESCRIPTION.into_iter().chain(["provider"]) {
        let is_as_asked = |asked| answer.get(key).is_none_or(|answered| answered == asked);
        assert!(request.get(key).is_none_or(is_as_asked), "it answers for another {key}");
    }
    assert!(!answer.has("url") && SETTINGS.iter().all(|key| !answer.has(key)), "it sets what a helper may not");
    for (capability, keys) in CAPABILITIES {
        let has_one = keys.iter().any(|key| *key != "ephemeral" && answer.has(key));
        assert!(!has_one || answer.announces(capability), "it uses what it does not announce");
    }
    let has_an_empty_one = ["password", "credential"].iter().any(|key| answer.has(key) && !answer.holds(key));
    assert!(!request.has("provider") || !has_an_empty_one, "an empty secret was taken for one");
    let said = Record::read_from(output).expect("it was read before");
    assert!(answer.iter().all(|(key, value)| said.all(key).any(|other| other == value)), "it was not said");
    let again = found(&answer.to_lines(), request);
    assert!(again.is_ok_and(|again| again.as_ref() == Some(answer)), "another judgement of the same answer");
}

/// The message of a failure never repeats the helper's output.
fn check_words(words: &str, output: &[u8]) {
    let text = String::from_utf8_lossy(output);
    for line in text.split('\n') {
        let value = line.split_once('=').map_or(line, |(_, value)| value);
        assert!(!is_telling(value) || !words.contains(value), "it repeats a line");
    }
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_an_answer_to_its_request_or_none() {
    crate::fuzz_support::replay("answer", check);
}
