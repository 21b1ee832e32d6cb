//! How systemd's tools make a unit name of what they are given (`unit_name_mangle_with_suffix`).

use crate::systemd::escape::escape_path;
use crate::systemd::name::{UnitName, UnitType, is_name_byte};

/// The unit that `text` names to a tool that assumes `suffix`, such as `service`.
///
/// `/dev/sda` is `dev-sda.device`, `/home` is `home.mount`, `ssh` is `ssh.service`; patterns stay as they are.
pub fn unit_name(text: &str, suffix: UnitType) -> String {
    if text.is_empty() || UnitName::parse(text).is_ok() {
        return text.to_owned();
    }
    if is_pattern(text) && text.bytes().all(|byte| is_name_byte(byte) || b"[]!-*?".contains(&byte)) {
        return text.to_owned();
    }
    if text.starts_with('/')
        && let Some(escaped) = escape_path(text.as_bytes())
    {
        let is_device = text.starts_with("/dev/") || text.starts_with("/sys/");
        return format!("{escaped}.{}", if is_device { UnitType::Device } else { UnitType::Mount });
    }
    let pattern = is_pattern(text);
    let mut name = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'/' => name.push('-'),
            _ if is_name_byte(byte) || (pattern && b"[]!-*?".contains(&byte)) => name.push(char::from(byte)),
            _ => {
                name.push_str(r"\x");
                name.extend(
                    [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
                );
            }
        }
    }
    if !pattern && !has_suffix(&name) {
        name.push('.');
        name.push_str(suffix.as_str());
    }
    name
}

/// Whether `text` is meant to match several units.
fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether `name` ends with the suffix of a unit type.
fn has_suffix(name: &str) -> bool {
    UnitName::parse(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_the_tools_do() {
        for (text, name) in [
            ("ssh", "ssh.service"),
            ("ssh.service", "ssh.service"),
            ("ssh.socket", "ssh.socket"),
            ("a@b", "a@b.service"),
            ("a.b", "a.b.service"),
            ("ssh*", "ssh*"),
            ("ssh.*", "ssh.*"),
            ("/dev/sda1", "dev-sda1.device"),
            ("/home", "home.mount"),
            ("/", "-.mount"),
            ("a b", r"a\x20b.service"),
            ("\u{e4}", r"\xc3\xa4.service"),
            ("a/b", "a-b.service"),
            ("", ""),
        ] {
            assert_eq!(unit_name(text, UnitType::Service), name, "{text}");
        }
        assert_eq!(unit_name("rescue", UnitType::Target), "rescue.target");
    }
}
