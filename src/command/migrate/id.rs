//! How migrations are called.

/// Whether a migration can be called that: `20261125-101500`, or `20261125-101500-2`. Nothing else is one of ours.
pub fn is_one(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let (date, time, number) = (parts.next(), parts.next(), parts.next());
    date.is_some_and(|date| date.len() == 8 && is_number(date))
        && time.is_some_and(|time| time.len() == 6 && is_number(time))
        && number.is_none_or(is_number)
}

/// A time as a name: `20261125-101500`, in UTC.
pub fn stamp(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(0);
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    format!("{year:04}{:02}{day:02}-{hour:02}{minute:02}{second:02}", u8::from(month))
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
