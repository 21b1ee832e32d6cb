//! Registry values as records write them.

use crate::scm::setting;
use crate::windows_event::field::parse_integer;

/// What stands for a value of which the record only tells that it is binary.
pub(crate) const BINARY: &str = "(binary data, not recorded)";

/// What stands for a value of which the record only tells that it was set.
pub(super) const UNTOLD: &str = "(not recorded)";

/// Whether a value stands for one that was not recorded.
pub(crate) fn is_untold(value: &str) -> bool {
    matches!(value, BINARY | UNTOLD)
}

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

/// What the audit writes instead of a value of a kind that it doesn't follow.
const UNFOLLOWED: &str = "%%1800";

/// The value of `setting`, from an audit's `NewValue`; `kind` is its type as a message number (`%%1876` is DWORD) or as
/// the message's text.
pub(super) fn from_audit(setting: &str, text: &str, kind: Option<&str>) -> String {
    let kind = kind.map(|kind| kind.trim_start_matches('%'));
    if text.trim() == UNFOLLOWED {
        return if is_binary(kind) { BINARY } else { UNTOLD }.to_owned();
    }
    match kind {
        Some("1876" | "1883" | "REG_DWORD" | "REG_QWORD") => {
            parse_integer(text).map_or_else(|| text.to_owned(), |number| from_number(setting, number))
        }
        // The kind was lost: numbers that have words are told by them.
        None => {
            let word = parse_integer(text).and_then(|number| setting::word(setting, number));
            word.map_or_else(|| text.to_owned(), str::to_owned)
        }
        _ if is_binary(kind) && text.trim().is_empty() => BINARY.to_owned(),
        _ => text.to_owned(),
    }
}

fn is_binary(kind: Option<&str>) -> bool {
    matches!(kind, Some("1875" | "REG_BINARY"))
}

/// The value of `setting` from its bytes; `kind` is the registry's type (`REG_SZ` 1 and so on, winnt.h).
pub(crate) fn from_bytes(setting: &str, bytes: &[u8], kind: u64) -> String {
    let number = |bytes: &[u8]| {
        bytes.iter().rev().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte))
    };
    match kind {
        1 | 2 => lines(bytes).into_iter().next().unwrap_or_default(),
        4 if bytes.len() == 4 => from_number(setting, number(bytes)),
        7 => lines(bytes).join("\n"),
        11 if bytes.len() == 8 => from_number(setting, number(bytes)),
        _ if setting == setting::FAILURE_ACTIONS => {
            failure_actions(bytes).unwrap_or_else(|| hexadecimal(bytes))
        }
        _ => hexadecimal(bytes),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    crate::windows_event::Value::Bytes(bytes.to_vec()).text().into_owned()
}

/// The texts in UTF-16 that NULs part.
fn lines(bytes: &[u8]) -> Vec<String> {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| match pair {
            [low, high] => u16::from_le_bytes([*low, *high]),
            _ => 0,
        })
        .collect();
    units.split(|unit| *unit == 0).filter(|text| !text.is_empty()).map(String::from_utf16_lossy).collect()
}

/// What is done at the first, second and further failures, as `sc failure` writes it: `restart/60000/run/1000`.
///
/// The value holds `SERVICE_FAILURE_ACTIONS` (winsvc.h) with offsets for pointers: period, two texts, count, offset, then
/// pairs of action and delay.
fn failure_actions(bytes: &[u8]) -> Option<String> {
    let number = |place: usize| {
        let four = bytes.get(place..place.checked_add(4)?)?;
        Some(u32::from_le_bytes(<[u8; 4]>::try_from(four).ok()?))
    };
    let count = usize::try_from(number(12)?).ok()?.min(64);
    let start = usize::try_from(number(16)?).ok()?;
    let mut actions = Vec::new();
    for action in 0..count {
        let place = start.checked_add(action * 8)?;
        let word = match number(place)? {
            0 => "none",
            1 => "restart",
            2 => "reboot",
            3 => "run",
            4 => "own-restart",
            _ => "unknown",
        };
        actions.push(format!("{word}/{}", number(place + 4)?));
    }
    Some(actions.join("/"))
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
        let actions = [
            &[0x80, 0x51, 1, 0][..],
            &[0; 8],
            &[2, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0x60, 0xea, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let text: Vec<u8> = "a\0b\0\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (setting, bytes, kind, expected) in [
            ("Start", &[4, 0, 0, 0][..], 4, "disabled"),
            ("ImagePath", &text, 2, "a"),
            ("DependOnService", &text, 7, "a\nb"),
            ("FailureActions", &actions, 3, "restart/60000/run/0"),
            ("FailureActions", &[1, 2], 3, "0102"),
            ("Security", &[1, 0xff], 3, "01FF"),
            ("Start", &[4], 4, "04"),
        ] {
            assert_eq!(from_bytes(setting, bytes, kind), expected, "{setting} {bytes:?}");
        }
        assert_eq!(from_audit("Start", "2", Some("%%1876")), "auto start");
        assert_eq!(from_audit("ImagePath", "2", Some("%%1873")), "2");
        assert_eq!(from_audit("Security", "", Some("%%1875")), BINARY);
        assert_eq!(from_audit("Security", "%%1800", Some("%%1875")), BINARY);
        assert_eq!(from_audit("DependOnService", "%%1800", Some("%%1879")), UNTOLD);
        assert_eq!(from_audit("Start", "0x00000004", Some("REG_DWORD")), "disabled");
        assert_eq!(from_audit("Start", "4", None), "disabled");
        assert_eq!(from_audit("ImagePath", "4", None), "4");
    }
}
