//! Messages of `logout`.

use std::collections::BTreeSet;

use modelforge_credential_client::Failure;
use modelforge_credential_protocol::{Error, Record, Shell};

use crate::error::PROGRAM;
pub use crate::error::{
    cannot_list, helper_failed, name_of, not_erased, not_everything_erased, several_accounts, still_answers,
};

/// The most URLs that are shown.
const SHOWN: usize = 5;

/// What a sign-out of every provider leaves, if anything.
pub fn not_touched(urls: &BTreeSet<String>) -> Option<String> {
    let named: Vec<String> = urls.iter().take(SHOWN).map(|url| format!("`{url}`")).collect();
    let more = urls.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!(" and {more} more"));
    let why = match urls.len() {
        0 => return None,
        1 => "not touched, because it belongs to no provider",
        _ => "not touched, because they belong to no provider",
    };
    let more = more.unwrap_or_default();
    Some(format!("{why}: {}{more} (`{PROGRAM} logout URL` deletes one)", named.join(", ")))
}

/// A script must say that it means all of them.
pub fn sign_out_not_confirmed(count: usize) -> Error {
    let what = if count == 1 { "1 credential".to_owned() } else { format!("{count} credentials") };
    Error::new(format!("cannot ask whether to delete {what}: there is no terminal"))
        .hint(format!("{PROGRAM} logout --all --yes"))
}

pub fn cannot_tell_whether_gone(helper: &str, reason: &Failure) -> Error {
    Error::from(reason.clone())
        .reworded(format!("helper `{helper}` cannot tell whether the credential was deleted: {reason}"))
}

pub fn variable_still_set(variable: &str, description: &Record) -> Error {
    Error::new(format!("the environment variable `{variable}` still has a key for {}", name_of(description)))
        .hint(Shell::of_the_person().unset(variable))
}
