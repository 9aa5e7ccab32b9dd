//! What must hold for any text that is taken for a key.

use modelforge_credential_providers::{Flaw, is_json};

use super::{check as judge, end_of};
use crate::fuzz_support::is_telling;

const PROVIDERS: [&str; 6] = ["openai", "anthropic", "github_copilot", "google_vertex", "my_gateway", ""];

/// Checks a key: the first byte chooses the provider, the rest is the key.
pub fn check(input: &[u8]) {
    let Some((first, key)) = input.split_first() else { return };
    let Ok(key) = std::str::from_utf8(key) else { return };
    let provider = PROVIDERS[usize::from(*first) % PROVIDERS.len()];
    let checked = judge(provider, key);
    let words = checked.remarks.iter().map(ToString::to_string).chain(checked.flaw.map(|flaw| flaw.to_string()));
    for word in words {
        assert!(!is_telling(key) || !word.contains(key), "the judgement repeats the key");
    }
    match checked.flaw {
        Some(flaw) => {
            let is_unusable = key.is_empty() || key.chars().any(char::is_control);
            assert_eq!(flaw.is_final(), is_unusable, "{flaw}");
        }
        None => {
            let is_plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(is_plain || (is_json(key) && !key.chars().any(char::is_control)), "this is no key");
        }
    }
    if !matches!(checked.flaw, Some(Flaw::OfAnother(_))) {
        assert_eq!(Flaw::of("my_gateway", key), checked.flaw, "only the owner depends on the provider");
    }
    assert!(end_of(key).is_none_or(|end| end.chars().count() <= 5 && key.len() >= 24), "too much of a key is shown");
}

#[cfg(test)]
#[test]
fn what_fuzzing_has_seen_is_judged_as_it_should_be() {
    crate::fuzz_support::replay("key", check);
}
