//! The names of migrations.

/// True for a valid name of a migration: `20261125-101500`, or `20261125-101500-2`.
pub fn is_one(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let (date, time, number) = (parts.next(), parts.next(), parts.next());
    date.is_some_and(|date| date.len() == 8 && is_number(date))
        && time.is_some_and(|time| time.len() == 6 && is_number(time))
        && number.is_none_or(is_number)
}

/// The name for a time, in UTC: `20261125-101500`.
pub fn stamp(seconds: u64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    let digits: String =
        humantime::format_rfc3339_seconds(at).to_string().chars().filter(char::is_ascii_digit).collect();
    format!("{}-{}", &digits[..8], &digits[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_named_after_its_time_and_never_otherwise() {
        for id in ["20261125-101500", "20261125-101500-2", &stamp(1_795_000_000)] {
            assert!(is_one(id), "{id}");
        }
        for id in
            ["", "9;touch ~/pwned;#", "20261125", "20261125-101500-", "20261125-101500-x", "20261125-10150a", "a-b-c"]
        {
            assert!(!is_one(id), "{id}");
        }
    }
}
