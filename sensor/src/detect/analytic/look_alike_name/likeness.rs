//! How much one name looks like another.

use std::collections::{BTreeMap, HashMap};

use unicode_security::confusable_detection::skeleton;

/// Names longer than this are cut: no well-known name comes near it.
const LONGEST: usize = 128;

/// In what a name is like a well-known one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// It looks the same by characters that look alike.
    Confusable(&'static str),
    /// It is the same, or some other name, with characters that can't be seen.
    Invisible(Option<&'static str>),
    /// It differs by one or two letters.
    Near(&'static str),
}

/// Well-known names, prepared for comparison.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// In lower case.
    names: HashMap<String, &'static str>,
    /// As they look.
    looks: HashMap<String, &'static str>,
    /// By length in characters, for those that are long enough to be compared letter by letter.
    by_length: BTreeMap<usize, Vec<(String, &'static str)>>,
}

impl Known {
    /// Prepares names.
    pub(super) fn new(names: impl IntoIterator<Item = &'static str>) -> Self {
        let mut known = Self::default();
        for name in names {
            let lower = name.to_lowercase();
            let length = lower.chars().count();
            if length >= 3 {
                known.looks.entry(look(name)).or_insert(name);
            }
            if length >= 4 {
                known.by_length.entry(length).or_default().push((lower.clone(), name));
            }
            known.names.insert(lower, name);
        }
        known
    }

    /// The well-known name that `name` is, whatever the case of its letters.
    fn same(&self, name: &str) -> Option<&'static str> {
        self.names.get(&name.to_lowercase()).copied()
    }

    /// In what `name` is like a well-known one; `None` if it is one itself.
    pub(super) fn likeness(&self, name: &str) -> Option<Likeness> {
        let name: String = name.chars().take(LONGEST).collect();
        if self.same(&name).is_some() {
            return None;
        }
        let visible: String = name.chars().filter(|character| !is_invisible(*character)).collect();
        if visible != name {
            return Some(Likeness::Invisible(self.same(visible.trim())));
        }
        // A blank within a name is ordinary on Windows, unless the name is well-known without.
        let dense: String = visible.chars().filter(|character| !character.is_whitespace()).collect();
        if dense != visible
            && let Some(of) = self.same(&dense)
        {
            return Some(Likeness::Invisible(Some(of)));
        }
        if let Some(of) = self.looks.get(&look(&visible)) {
            return Some(Likeness::Confusable(of));
        }
        let lower = visible.to_lowercase();
        let length = lower.chars().count();
        self.by_length
            .range(length.saturating_sub(2)..=length.saturating_add(2))
            .flat_map(|(length, names)| names.iter().map(move |(known, name)| (*length, known, *name)))
            .find(|(length, known, _)| is_near(&lower, known, *length))
            .map(|(_, _, name)| Likeness::Near(name))
    }
}

/// A name as it looks: look-alike characters made the same, in lower case.
fn look(name: &str) -> String {
    skeleton(name).flat_map(char::to_lowercase).collect()
}

/// Whether two names in lower case, the known one `length` characters long, differ by so little that it is meant: one
/// letter in a name of six or more, two in a very long one, a swap of neighbours in one of five, a letter written
/// twice in one of four.
///
/// A number behind a name makes another instance and no imitation.
fn is_near(name: &str, known: &str, length: usize) -> bool {
    let stem = |name: &'_ str| {
        name.trim_end_matches(|last: char| last.is_ascii_digit() || "-_.".contains(last)).len()
    };
    if name.get(..stem(name)) == known.get(..stem(known)) {
        return false;
    }
    // One letter changes one spot: all before it and all after it is the same. Only long names are worth more.
    if length < 14 && !is_one_spot(name, known) {
        return false;
    }
    match strsim::osa_distance(name, known) {
        1 => length >= 6 || (length >= 5 && is_swap(name, known)) || is_stutter(name, known),
        2 => length >= 14,
        _ => false,
    }
}

/// Whether two names are the same but for at most two neighbouring letters.
fn is_one_spot(one: &str, other: &str) -> bool {
    let same = |(left, right): &(char, char)| left == right;
    let before = one.chars().zip(other.chars()).take_while(same).count();
    let after = one.chars().rev().zip(other.chars().rev()).take_while(same).count();
    let longest = one.chars().count().max(other.chars().count());
    before.saturating_add(after).saturating_add(2) >= longest
}

/// Whether two names have the same letters in another order.
fn is_swap(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        let mut letters: Vec<char> = name.chars().collect();
        letters.sort_unstable();
        letters
    };
    letters(one) == letters(other)
}

/// Whether a name is the known one with a letter written once more than there.
fn is_stutter(name: &str, known: &str) -> bool {
    let mut known = known.chars().peekable();
    let mut previous = None;
    let mut extra = 0_usize;
    for letter in name.chars() {
        if known.next_if_eq(&letter).is_none() {
            if previous != Some(letter) {
                return false;
            }
            extra = extra.saturating_add(1);
        }
        previous = Some(letter);
    }
    extra == 1 && known.next().is_none()
}

/// Whether a character leaves nothing to be seen: controls, zero-width characters and marks of direction.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// A unit name with systemd's escapes undone: `\x20` is a blank.
pub(super) fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = match rest {
            [b'\\', b'x', high, low, ..] => hexadecimal(*high).zip(hexadecimal(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = rest.get(4..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The value of a hexadecimal digit.
fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: &[&str] =
        &["sshd", "nginx", "systemd-resolved", "WinDefend", "Spooler", "postgresql", "Windows Update"];

    #[test]
    fn tells_likeness() {
        let known = Known::new(KNOWN.iter().copied());
        for (name, expected) in [
            ("nginx", None),
            ("NGINX", None),
            ("nginx2", None),
            ("nginx-blue", None),
            ("ngnix", Some(Likeness::Near("nginx"))),
            ("posgresql", Some(Likeness::Near("postgresql"))),
            ("postgressql", Some(Likeness::Near("postgresql"))),
            ("qostgresqk", None),
            ("systamd-resolvad", Some(Likeness::Near("systemd-resolved"))),
            ("systemd-resolvd", Some(Likeness::Near("systemd-resolved"))),
            ("systemd-reso1ved", Some(Likeness::Confusable("systemd-resolved"))),
            ("s\u{455}hd", Some(Likeness::Confusable("sshd"))),
            ("SpooIer", Some(Likeness::Confusable("Spooler"))),
            ("sshd\u{200b}", Some(Likeness::Invisible(Some("sshd")))),
            ("sshd ", Some(Likeness::Invisible(Some("sshd")))),
            ("ss hd", Some(Likeness::Invisible(Some("sshd")))),
            ("foo\u{202e}", Some(Likeness::Invisible(None))),
            ("My Service", None),
            ("mynginx", None),
            ("ssshd", Some(Likeness::Near("sshd"))),
            ("sshdd", Some(Likeness::Near("sshd"))),
            ("sshsd", None),
            ("shsd", None),
            ("shd", None),
            ("nginxx", Some(Likeness::Near("nginx"))),
            ("postgresq1", Some(Likeness::Confusable("postgresql"))),
            ("web", None),
        ] {
            assert_eq!(known.likeness(name), expected, "{name:?}");
        }
    }

    #[test]
    fn undoes_escapes() {
        for (name, expected) in [
            (r"sshd\x20.service", "sshd .service"),
            (r"a\x2db", "a-b"),
            (r"a\x2", r"a\x2"),
            (r"\xzz", r"\xzz"),
            (r"\xff", "\u{fffd}"),
        ] {
            assert_eq!(unescaped(name), expected);
        }
    }

    proptest! {
        #[test]
        fn never_panics(name in ".{0,200}") {
            Known::new(KNOWN.iter().copied()).likeness(&name);
            unescaped(&name);
        }
    }
}
