//! Times as Python writes them, `2026-11-23T19:34:05.123456+00:00`, and as the protocol does, in seconds since 1970.

/// Reads what Python's `fromisoformat` reads of that kind; fractions are dropped, no zone is UTC. A time before 1970 is
/// long past, and so is its first second, which stands for it: 0 would say "never".
pub fn parse(text: &str) -> Option<u64> {
    let (date, time) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, '-', &[4, 2, 2])?;
    let time = time.strip_prefix(['T', 't', ' '])?;
    let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (&time[..at], zone(&time[at..])?),
        None => (time, 0),
    };
    let (time, fraction) = time.split_once(['.', ',']).unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':', &[2, 2, 2])?;
    let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day) && year >= 1;
    let shown = hour < 24 && minute < 60 && second < 60;
    if !exists || !shown || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(u64::try_from(seconds).unwrap_or(0).max(1))
}

/// Writes it as Python's `isoformat` does, in UTC.
pub fn format(seconds: u64) -> String {
    let (mut rest, second) = ((seconds / 86_400).cast_signed(), seconds % 86_400);
    let mut year = 1970;
    while rest >= days_in_year(year) {
        rest -= days_in_year(year);
        year += 1;
    }
    let mut month = 1;
    while rest >= days_in(year, month) {
        rest -= days_in(year, month);
        month += 1;
    }
    let (hour, minute, second, day) = (second / 3600, second / 60 % 60, second % 60, rest + 1);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00")
}

/// The last second that has a date of four digits.
pub const LAST: u64 = 253_402_300_799;

fn zone(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, text) = text.split_at_checked(1)?;
    let [hour, minute] = match text.len() {
        4 => {
            let (hour, minute) = text.split_at_checked(2)?;
            let [hour] = numbers(hour, ':', &[2])?;
            let [minute] = numbers(minute, ':', &[2])?;
            [hour, minute]
        }
        _ => numbers(text, ':', &[2, 2])?,
    };
    let offset = (hour < 24 && minute < 60).then_some(hour * 3600 + minute * 60)?;
    Some(if sign == "-" { -offset } else { offset })
}

/// Numbers of so many digits, with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: &[usize; N]) -> Option<[i64; N]> {
    let mut found = [0; N];
    let mut words = text.split(separator);
    for (number, digits) in found.iter_mut().zip(digits) {
        let word = words.next().filter(|word| word.len() == *digits && word.bytes().all(|b| b.is_ascii_digit()))?;
        *number = word.parse().ok()?;
    }
    words.next().is_none().then_some(found)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_year(year: i64) -> i64 {
    365 + i64::from(is_leap(year))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970 to a date.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before = |year: i64| (year - 1) * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    before(year) - before(1970) + (1..month).map(|month| days_in(year, month)).sum::<i64>() + day - 1
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
            ("2026-11-23T18:34:05-0100", 1_795_462_445),
            ("2024-02-29T00:00:00", 1_709_164_800),
            ("2000-03-01T00:00:00", 951_868_800),
            ("1970-01-01T00:00:00+00:00", 1),
            ("1969-12-31T23:59:59", 1),
            ("0001-01-01T00:00:00", 1),
            ("9999-12-31T23:59:59.5", LAST),
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
            "2026-11-23T19:34",
            "2026-11-23T19:34:05.",
            "2026-11-23T19:34:05.1x",
            "2026-11-23T19:34:05+",
            "2026-11-23T19:34:05+00",
            "2026-11-23T19:34:05+24:00",
            "2026-11-23T24:00:00",
            "2026-11-23T19:60:00",
            "2026-11-23T19:34:60",
            "2026-02-29T00:00:00",
            "2026-13-01T00:00:00",
            "2026-00-01T00:00:00",
            "2026-01-00T00:00:00",
            "0000-01-01T00:00:00",
            "2026-1-1T00:00:00",
            "+026-01-01T00:00:00",
            "2026-11-23T19:34:05ZZ",
            " 2026-11-23T19:34:05",
            "２０２６-11-23T19:34:05",
            "1795462445",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_time_that_was_written_is_read_back(seconds in 1..=LAST) {
            proptest::prop_assert_eq!(parse(&format(seconds)), Some(seconds));
        }

        #[test]
        fn no_text_panics(text in "[0-9TZ:.+ -]{0,40}|\\PC{0,30}") {
            let _ = parse(&text);
        }
    }
}
