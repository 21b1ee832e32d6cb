//! Escaping of text and paths for unit names, as systemd-escape(1) does it.

use bstr::{BString, ByteSlice as _};

/// Escapes `text` for use within a unit name: `/` becomes `-`, other special bytes become `\xNN`.
pub fn escape(text: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'/' => escaped.push('-'),
            // A name must not begin with a dot, lest `/.cache` give a hidden file.
            b'.' if index == 0 => push_hex(&mut escaped, byte),
            _ if byte.is_ascii_alphanumeric() || b":_.".contains(&byte) => escaped.push(char::from(byte)),
            _ => push_hex(&mut escaped, byte),
        }
    }
    escaped
}

/// Undoes [`escape`]; `None` when a backslash begins no `\xNN`.
pub fn unescape(text: &str) -> Option<BString> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'-' => plain.push(b'/'),
            b'\\' => {
                let [b'x', high, low, after @ ..] = tail else { return None };
                plain.push(hex(*high)? << 4 | hex(*low)?);
                rest = after;
            }
            _ => plain.push(byte),
        }
    }
    Some(plain.into())
}

/// Escapes a path: as [`escape`], without the leading, trailing and double slashes; the root is `-`.
///
/// `None` for a path with a `..` component, which systemd refuses.
pub fn escape_path(path: &[u8]) -> Option<String> {
    let components = path.split_str("/").filter(|part| !part.is_empty() && *part != b".");
    let mut joined = Vec::with_capacity(path.len());
    for component in components {
        if component == b".." {
            return None;
        }
        if !joined.is_empty() {
            joined.push(b'/');
        }
        joined.extend_from_slice(component);
    }
    if joined.is_empty() { Some("-".to_owned()) } else { Some(escape(&joined)) }
}

/// Undoes [`escape_path`]; `None` when `text` does not come from it.
pub fn unescape_path(text: &str) -> Option<BString> {
    if text.is_empty() {
        return None;
    }
    if text == "-" {
        return Some("/".into());
    }
    let plain = unescape(text)?;
    let unusual = plain.split_str("/").any(|part| part.is_empty() || part == b"." || part == b"..");
    if unusual {
        return None;
    }
    let mut path = Vec::with_capacity(plain.len().saturating_add(1));
    path.push(b'/');
    path.extend_from_slice(&plain);
    Some(path.into())
}

/// Appends `byte` as `\xNN`.
fn push_hex(text: &mut String, byte: u8) {
    use std::fmt::Write as _;
    // Writing to a String does not fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// The value of one hexadecimal digit.
pub(crate) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_systemd_escape_does() {
        // Expectations are from `systemd-escape` 252.
        for (text, escaped) in [
            ("Hall\u{f6}chen, Meister", r"Hall\xc3\xb6chen\x2c\x20Meister"),
            ("/tmp//waldi/foobar/", "-tmp--waldi-foobar-"),
            (".hidden", r"\x2ehidden"),
            ("a-b", r"a\x2db"),
            ("a\\b", r"a\x5cb"),
            ("a@b", r"a\x40b"),
            ("a.b:c_d", "a.b:c_d"),
        ] {
            assert_eq!(escape(text.as_bytes()), escaped);
            assert_eq!(unescape(escaped).unwrap(), text);
        }
    }

    #[test]
    fn escapes_paths_as_systemd_escape_does() {
        for (path, escaped) in [
            ("/tmp//waldi/foobar/", Some("tmp-waldi-foobar")),
            ("/", Some("-")),
            ("", Some("-")),
            ("/.cache", Some(r"\x2ecache")),
            ("/a/./b", Some("a-b")),
            ("/a/../b", None),
        ] {
            assert_eq!(escape_path(path.as_bytes()).as_deref(), escaped, "{path}");
        }
        for (text, path) in [
            ("tmp-waldi", Some("/tmp/waldi")),
            ("-", Some("/")),
            ("-tmp", None),
            ("tmp-", None),
            ("", None),
            (r"a\x2db", Some("/a-b")),
            (r"a\x2", None),
            (r"a\n", None),
        ] {
            assert_eq!(unescape_path(text), path.map(BString::from), "{text}");
        }
    }
}
