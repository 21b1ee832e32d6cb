//! Ranges of a text that hold secrets, and their replacement by marks.

use std::ops::Range;

use super::key::Key;

/// How often a text is looked at again after something was replaced. Each pass that changes it makes what is not
/// yet a mark shorter; a text made to need more keeps what the last pass left.
pub(super) const PASSES: usize = 8;

/// The ranges of one text that hold secrets.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<Range<usize>>);

impl Found {
    pub(super) fn add(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.0.push(range);
        }
    }

    /// The text with a mark for each secret; `None` when it has none but marks. Ranges that overlap are one secret.
    pub(super) fn replace(mut self, text: &[u8], key: &Key) -> Option<Vec<u8>> {
        self.0.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(self.0.len());
        for range in self.0 {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        let mut replaced = Vec::with_capacity(text.len());
        let mut copied = 0;
        let mut changed = false;
        for range in merged {
            let Some(secret) = text.get(range.clone()).filter(|secret| !is_mark(secret)) else { continue };
            replaced.extend_from_slice(text.get(copied..range.start).unwrap_or_default());
            replaced.extend_from_slice(key.mark(secret).as_bytes());
            copied = range.end;
            changed = true;
        }
        replaced.extend_from_slice(text.get(copied..).unwrap_or_default());
        changed.then_some(replaced)
    }
}

/// Whether this is what a secret was replaced by.
fn is_mark(text: &[u8]) -> bool {
    let hash = text.strip_prefix(b"<redacted:").and_then(|rest| rest.strip_suffix(b">"));
    hash.is_some_and(|hash| {
        hash.len() == 16 && hash.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Whether a value at a secret's place is none: a reference, the path of a file that holds it, or a switch.
pub(super) fn is_plain(value: &[u8]) -> bool {
    const SWITCHES: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "none", "null", "-", "*"];
    const ROOTS: [&str; 15] = [
        "etc", "run", "var", "usr", "home", "root", "opt", "tmp", "srv", "dev", "proc", "mnt", "lib", "data",
        "media",
    ];
    let Ok(value) = std::str::from_utf8(value) else { return false };
    let path = value.strip_prefix('@').unwrap_or(value);
    let root = path.strip_prefix('/').and_then(|path| path.split_once('/')).map(|(root, _)| root);
    value.is_empty()
        || is_reference(value)
        || SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch))
        || root.is_some_and(|root| ROOTS.contains(&root))
        || ["%d/", "file:", "env:", "fd:"].iter().any(|prefix| path.starts_with(prefix))
        || path.starts_with("${CREDENTIALS_DIRECTORY}/")
}

/// Whether this is `$NAME`, `${NAME}`, `%NAME%` and nothing else.
fn is_reference(value: &str) -> bool {
    let name = if let Some(name) = value.strip_prefix("${").and_then(|name| name.strip_suffix('}')) {
        name
    } else if let Some(name) = value.strip_prefix('%').and_then(|name| name.strip_suffix('%')) {
        name
    } else if let Some(name) = value.strip_prefix('$') {
        name
    } else {
        return false;
    };
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_secrets_from_what_stands_for_them() {
        for plain in
            ["", "$DB_PASS", "${TOKEN}", "%PASS%", "/etc/app/key", "@/run/token", "%d/token", "No", "-"]
        {
            assert!(is_plain(plain.as_bytes()), "{plain}");
        }
        for secret in ["hunter2", "$ecret!", "${A}b", "/9j+x/Q==", "/etc", "tru", "%", "\u{fffd}"] {
            assert!(!is_plain(secret.as_bytes()), "{secret}");
        }
        assert!(!is_plain(b"\xff"));
    }

    #[test]
    fn ranges_that_overlap_are_one_secret() {
        let key = Key::random().unwrap();
        let mut found = Found::default();
        for range in [4..6, 0..1, 5..8, 3..3] {
            found.add(range);
        }
        let expected = format!("{}bcd{}i", key.mark(b"a"), key.mark(b"efgh"));
        assert_eq!(found.replace(b"abcdefghi", &key).unwrap(), expected.as_bytes());
    }

    #[test]
    fn marks_stay() {
        let key = Key::random().unwrap();
        let text = key.mark(b"secret");
        let mut found = Found::default();
        found.add(0..text.len());
        assert_eq!(found.replace(text.as_bytes(), &key), None);
    }
}
