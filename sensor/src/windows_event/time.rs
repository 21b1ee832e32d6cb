//! The forms in which logs and agents write a moment.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::model::Timestamp;

/// Reads a moment: RFC 3339, the same without a zone (taken as UTC) or with a blank before it, `/Date(milliseconds)/`, or
/// seconds since 1970.
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return from_nanosecond(moment.as_nanosecond());
    }
    // Fluentd and Fluent Bit: `2024-05-06 07:08:09 +0200`, `2024-05-06 07:08:09.123 UTC`.
    if let Some((clock, zone)) = text.rsplit_once(' ')
        && (zone == "UTC" || zone.starts_with(['+', '-']))
    {
        return parse(&format!("{clock}{}", zone.replace("UTC", "Z")));
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return Offset::UTC
            .to_timestamp(local)
            .ok()
            .and_then(|moment| from_nanosecond(moment.as_nanosecond()));
    }
    if let Some(milliseconds) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        let milliseconds: i64 = milliseconds.parse().ok()?;
        return Some(Timestamp(milliseconds.checked_mul(1_000_000)?));
    }
    from_epoch(text)
}

/// Seconds since 1970 with an optional fraction; milliseconds or nanoseconds where the size says so.
fn from_epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    // 10^11 seconds is the year 5138: what is larger counts smaller units.
    let unit: i64 = match whole.unsigned_abs() {
        0..100_000_000_000 => 1_000_000_000,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    let mut nanoseconds = whole.checked_mul(unit)?;
    if !fraction.is_empty() {
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        let part: i64 = nine.parse().ok()?;
        nanoseconds = nanoseconds.checked_add(part / (1_000_000_000 / unit))?;
    }
    Some(Timestamp(nanoseconds))
}

fn from_nanosecond(nanosecond: i128) -> Option<Timestamp> {
    i64::try_from(nanosecond).ok().map(Timestamp)
}

/// A FILETIME: units of 100 ns since 1601-01-01 UTC.
pub fn from_filetime(filetime: u64) -> Option<Timestamp> {
    let since_1970 = i128::from(filetime) - 116_444_736_000_000_000;
    from_nanosecond(since_1970 * 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for (text, expected) in [
            ("2021-12-13T12:55:45.250084Z", "2021-12-13T12:55:45.250084000Z"),
            ("2021-12-13T12:55:45.250084700Z", "2021-12-13T12:55:45.250084700Z"),
            ("2021-12-13 12:55:45.250084+00:00", "2021-12-13T12:55:45.250084000Z"),
            ("2021-12-13T14:55:45+02:00", "2021-12-13T12:55:45.000000000Z"),
            ("2020-08-06 02:26:36", "2020-08-06T02:26:36.000000000Z"),
            ("2021-12-13 14:55:45 +0200", "2021-12-13T12:55:45.000000000Z"),
            ("2021-12-13 12:55:45.25 UTC", "2021-12-13T12:55:45.250000000Z"),
            ("2022-02-02 22:54:57.032", "2022-02-02T22:54:57.032000000Z"),
            ("/Date(1639400145250)/", "2021-12-13T12:55:45.250000000Z"),
            ("1639400145.25", "2021-12-13T12:55:45.250000000Z"),
            ("1639400145250", "2021-12-13T12:55:45.250000000Z"),
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "1.2.3", "2021-13-40T00:00:00Z", "/Date(x)/", "1.-5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn filetime_counts_from_1601() {
        assert_eq!(from_filetime(116_444_736_000_000_000), Some(Timestamp(0)));
        assert_eq!(from_filetime(u64::MAX), None);
    }
}
