//! Converts times between Python's form, `2026-11-23T19:34:05.123456+00:00`, and the protocol's, seconds since 1970.

use ::time::format_description::well_known::Iso8601;
use ::time::{OffsetDateTime, PrimitiveDateTime};

/// Reads a time as Python's `isoformat` writes it. Fractions are dropped, and a missing zone means UTC. Times before 1970 become 1: they
/// have expired, and 0 would mean "never".
pub fn parse(text: &str) -> Option<u64> {
    let text = text.replacen(' ', "T", 1);
    let at = OffsetDateTime::parse(&text, &Iso8601::PARSING)
        .or_else(|_| PrimitiveDateTime::parse(&text, &Iso8601::PARSING).map(PrimitiveDateTime::assume_utc));
    Some(u64::try_from(at.ok()?.unix_timestamp()).unwrap_or(0).max(1))
}

/// Writes a time as Python's `isoformat` does, in UTC. The latest possible time is the last second of the year 9999.
pub fn format(seconds: u64) -> String {
    const LAST: i64 = 253_402_300_799;
    let seconds = i64::try_from(seconds).unwrap_or(LAST).min(LAST);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (hour, minute, second) = at.to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}+00:00", at.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_is_read_to_the_second() {
        for (text, expected) in [
            ("2026-11-23T19:34:05.123456+00:00", 1_795_462_445),
            ("2026-11-23T19:34:05.999999+00:00", 1_795_462_445),
            ("2026-11-23T19:34:05+00:00", 1_795_462_445),
            ("2026-11-23T19:34:05Z", 1_795_462_445),
            ("2026-11-23 19:34:05", 1_795_462_445),
            ("2026-11-23T21:04:05+01:30", 1_795_462_445),
            ("2024-02-29T00:00:00", 1_709_164_800),
            ("2000-03-01T00:00:00", 951_868_800),
            ("1970-01-01T00:00:00+00:00", 1),
            ("1969-12-31T23:59:59", 1),
            ("0001-01-01T00:00:00", 1),
            ("9999-12-31T23:59:59.5", 253_402_300_799),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "soon",
            "2026",
            "2026-11-23",
            "2026-11-23T",
            "2026-11-23T19:34:05+",
            "2026-11-23T19:60:00",
            "2026-02-29T00:00:00",
            "2026-13-01T00:00:00",
            "2026-01-00T00:00:00",
            "2026-11-23T19:34:05ZZ",
            " 2026-11-23T19:34:05",
            "２０２６-11-23T19:34:05",
            "1795462445",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_beyond_all_dates_is_written_as_the_last() {
        assert_eq!(format(u64::MAX), "9999-12-31T23:59:59+00:00");
    }

    proptest::proptest! {
        #[test]
        fn a_time_that_was_written_is_read_back(seconds in 1..=253_402_300_799_u64) {
            proptest::prop_assert_eq!(parse(&format(seconds)), Some(seconds));
        }

        #[test]
        fn no_text_panics(text in "[0-9TZ:.+ -]{0,40}|\\PC{0,30}") {
            let _ = parse(&text);
        }
    }
}
