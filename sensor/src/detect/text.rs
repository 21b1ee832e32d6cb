//! How hostile text is shown within a sentence: bounded, on one line, with what can't be seen made visible.

use std::fmt::Write as _;

/// How many characters of a text are shown.
const SHOWN: usize = 120;

/// The text in double quotes, cut after 120 characters, with everything but printable ASCII escaped.
///
/// Escaping all of Unicode is meant: a name that imitates another must not do so in the finding as well.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    for (number, character) in text.chars().enumerate() {
        if number == SHOWN {
            shown.push('…');
            break;
        }
        match character {
            ' '..='~' => shown.push(character),
            other => {
                // Writing to a string can't fail.
                let _ = write!(shown, "{}", other.escape_default());
            }
        }
    }
    shown.push('"');
    shown
}

/// The last component of a path that has slashes of either kind.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The text without `suffix`, in whatever case that stands.
pub(crate) fn without_suffix<'a>(text: &'a str, suffix: &str) -> &'a str {
    let Some(cut) = text.len().checked_sub(suffix.len()) else { return text };
    match (text.get(..cut), text.get(cut..)) {
        (Some(head), Some(tail)) if tail.eq_ignore_ascii_case(suffix) => head,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hostile_text() {
        assert_eq!(quoted("/tmp/x"), "\"/tmp/x\"");
        assert_eq!(quoted("s\u{455}hd\n\u{202e}"), "\"s\\u{455}hd\\n\\u{202e}\"");
        assert_eq!(quoted(&"a".repeat(500)).chars().count(), SHOWN + 3);
    }

    #[test]
    fn cuts_names() {
        assert_eq!(base_name("/usr/bin/sh"), "sh");
        assert_eq!(base_name(r"C:\Windows\System32\CMD.EXE"), "CMD.EXE");
        assert_eq!(base_name(""), "");
        assert_eq!(without_suffix("CMD.EXE", ".exe"), "CMD");
        assert_eq!(without_suffix("é", ".exe"), "é");
        assert_eq!(without_suffix("aéexe", ".exe"), "aéexe");
    }
}
