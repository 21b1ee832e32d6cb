//! Registry values as records write them.

use crate::scm::setting;
use crate::windows_event::field::parse_integer;

/// What stands for a value of which the record only tells that it is binary.
pub(crate) const BINARY: &str = "(binary data, not recorded)";

/// The value of `setting`, from Sysmon's `Details`: `DWORD (0x00000004)`, `QWORD (0x00000000-0x01456804)`, or text.
pub(super) fn from_details(setting: &str, details: &str) -> String {
    let inner = |prefix: &str| {
        details.strip_prefix(prefix).and_then(|rest| rest.trim_start().strip_prefix('(')?.strip_suffix(')'))
    };
    if let Some(number) = inner("DWORD").and_then(parse_integer) {
        return from_number(setting, number);
    }
    if let Some((high, low)) = inner("QWORD").and_then(|text| text.split_once('-'))
        && let (Some(high), Some(low)) = (parse_integer(high), parse_integer(low))
    {
        return from_number(setting, high.wrapping_shl(32) | low);
    }
    match details {
        "Binary Data" => BINARY.to_owned(),
        "(Empty)" => String::new(),
        text => text.to_owned(),
    }
}

/// The value of `setting`, from an audit's `NewValue`; `kind` is its type as a message number (`%%1876` is DWORD).
pub(super) fn from_audit(setting: &str, text: &str, kind: Option<&str>) -> String {
    match kind.map(|kind| kind.trim_start_matches('%')) {
        Some("1876" | "1883") => {
            parse_integer(text).map_or_else(|| text.to_owned(), |number| from_number(setting, number))
        }
        Some("1875") if text.trim().is_empty() => BINARY.to_owned(),
        _ => text.to_owned(),
    }
}

fn from_number(setting: &str, number: u64) -> String {
    setting::word(setting, number).map_or_else(|| number.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_sysmon_and_the_audit_write_them() {
        for (setting, details, expected) in [
            ("Start", "DWORD (0x00000004)", "disabled"),
            ("Start", "DWORD (0x00000009)", "9"),
            ("Tag", "DWORD (0x00000010)", "16"),
            ("Tag", "QWORD (0x00000001-0x00000002)", "4294967298"),
            ("ImagePath", r"C:\x.exe", r"C:\x.exe"),
            ("FailureActions", "Binary Data", BINARY),
            ("Description", "(Empty)", ""),
            ("Start", "DWORD (x)", "DWORD (x)"),
        ] {
            assert_eq!(from_details(setting, details), expected, "{setting} {details}");
        }
        assert_eq!(from_audit("Start", "2", Some("%%1876")), "auto start");
        assert_eq!(from_audit("ImagePath", "2", Some("%%1873")), "2");
        assert_eq!(from_audit("Security", "", Some("%%1875")), BINARY);
    }
}
