//! Splitting of values into words, with quotes and C-style escapes. See systemd.syntax(7), "QUOTING".
//!
//! Quotes may stand anywhere in a word, which is more than the manual promises and what systemd does.

use super::escape::hex;

/// What a backslash does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// It begins a C-style escape.
    Unescape,
    /// It stays, as does what follows.
    Retain,
    /// It is dropped, and what follows stays.
    Drop,
}

/// Why no word could be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// A quote is not closed, or a backslash comes last.
    #[error("unbalanced quoting")]
    Unbalanced,
    /// A backslash that begins no known escape.
    #[error("unknown escape sequence")]
    UnknownEscape,
}

/// Takes the first word off `rest`, quotes removed, and the white space behind it; `None` when there is none.
///
/// `relax` keeps unknown escapes as they stand.
///
/// # Errors
/// [`WordError`]; `rest` is then left as it was.
pub fn take_word(rest: &mut &[u8], escapes: Escapes, relax: bool) -> Result<Option<Vec<u8>>, WordError> {
    let mut input = trim_start(rest);
    if input.is_empty() {
        *rest = input;
        return Ok(None);
    }
    let mut word = Vec::new();
    let mut quote = None;
    while let Some((&byte, tail)) = input.split_first() {
        input = tail;
        match (byte, quote) {
            (b'\\', _) if escapes != Escapes::Retain => match (tail.split_first(), escapes) {
                (None, _) if relax && quote.is_none() => word.push(b'\\'),
                (None, _) => return Err(WordError::Unbalanced),
                (Some((&next, after)), Escapes::Drop | Escapes::Retain) => {
                    word.push(next);
                    input = after;
                }
                (Some((&next, after)), Escapes::Unescape) => match unescape(tail) {
                    Some((bytes, after)) => {
                        word.extend_from_slice(&bytes);
                        input = after;
                    }
                    None if relax => {
                        word.extend_from_slice(&[b'\\', next]);
                        input = after;
                    }
                    None => return Err(WordError::UnknownEscape),
                },
            },
            (_, Some(open)) if byte == open => quote = None,
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, None) if is_separator(byte) => break,
            _ => word.push(byte),
        }
    }
    if quote.is_some() {
        return Err(WordError::Unbalanced);
    }
    *rest = trim_start(input);
    Ok(Some(word))
}

/// All words of `value`, up to the first that can't be taken, and why that one can't.
pub fn split(value: &str, escapes: Escapes) -> (Vec<String>, Option<WordError>) {
    let mut rest = value.as_bytes();
    let mut words = Vec::new();
    loop {
        match take_word(&mut rest, escapes, false) {
            Ok(Some(word)) => words.push(printable(&word)),
            Ok(None) => return (words, None),
            Err(error) => return (words, Some(error)),
        }
    }
}

/// `bytes` as text; what is not UTF-8 becomes `\xNN`.
pub fn printable(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Whether `byte` separates words.
pub(crate) fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// `bytes` without leading white space.
pub(crate) fn trim_start(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().take_while(|&&byte| is_separator(byte)).count();
    bytes.get(blank..).unwrap_or_default()
}

/// What the escape that `input` begins with, after the backslash, stands for, and the rest.
fn unescape(input: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (&kind, rest) = input.split_first()?;
    let plain = |byte: u8| Some((vec![byte], rest));
    match kind {
        b'a' => plain(0x07),
        b'b' => plain(0x08),
        b'f' => plain(0x0c),
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        b'v' => plain(0x0b),
        b's' => plain(b' '),
        b'\\' | b'"' | b'\'' => plain(kind),
        b'x' => {
            let (value, rest) = number(rest, 2, 16)?;
            Some((vec![u8::try_from(value).ok()?], rest))
        }
        b'0'..=b'7' => {
            let (value, rest) = number(input, 3, 8)?;
            Some((vec![u8::try_from(value).ok()?], rest))
        }
        b'u' | b'U' => {
            let (value, rest) = number(rest, if kind == b'u' { 4 } else { 8 }, 16)?;
            let mut buffer = [0; 4];
            Some((char::from_u32(value)?.encode_utf8(&mut buffer).as_bytes().to_vec(), rest))
        }
        _ => None,
    }
}

/// The number that the first `digits` of `input` form, and the rest; zero is refused, as it would end a string.
fn number(input: &[u8], digits: usize, radix: u32) -> Option<(u32, &[u8])> {
    let (digits, rest) = input.split_at_checked(digits)?;
    let value = digits.iter().try_fold(0_u32, |value, &digit| {
        let digit = u32::from(hex(digit)?);
        if digit < radix { value.checked_mul(radix)?.checked_add(digit) } else { None }
    })?;
    if value == 0 { None } else { Some((value, rest)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_and_quotes() {
        for (value, expected) in [
            ("a b  c ", &["a", "b", "c"][..]),
            (r#"a"b c"d 'e f'g"#, &["ab cd", "e fg"]),
            (r#""" '' x"#, &["", "", "x"]),
            (r#"'it"s' "it's""#, &["it\"s", "it's"]),
            ("a\t\r\nb", &["a", "b"]),
            ("", &[]),
            ("  ", &[]),
            (
                r#""VAR1=word1 word2" VAR2=word3 "VAR3=$word 5 6""#,
                &["VAR1=word1 word2", "VAR2=word3", "VAR3=$word 5 6"],
            ),
        ] {
            assert_eq!(
                split(value, Escapes::Unescape),
                (expected.iter().map(ToString::to_string).collect(), None)
            );
        }
    }

    #[test]
    fn escapes() {
        for (value, expected) in [
            (r"\x41\101\u00e4\U0001F600", "AA\u{e4}\u{1f600}"),
            (r#"\"\'\\\a\b\f\n\r\t\v\s"#, "\"'\\\u{7}\u{8}\u{c}\n\r\t\u{b} "),
            (r"\xff", r"\xff"),
            (r#""a\x20b""#, "a b"),
        ] {
            assert_eq!(split(value, Escapes::Unescape), (vec![expected.to_owned()], None));
        }
        assert_eq!(split(r"a\ b", Escapes::Drop).0, ["a b"]);
        assert_eq!(split(r"a\x2db 'c\d'", Escapes::Retain).0, [r"a\x2db", r"c\d"]);
    }

    #[test]
    fn what_can_not_be_taken() {
        for (value, words, error) in [
            (r#"a "b"#, &["a"][..], WordError::Unbalanced),
            (r"a \", &["a"], WordError::Unbalanced),
            (r"a \q b", &["a"], WordError::UnknownEscape),
            (r"\777", &[], WordError::UnknownEscape),
            (r"\18x", &[], WordError::UnknownEscape),
            (r"\x00", &[], WordError::UnknownEscape),
            (r"\000", &[], WordError::UnknownEscape),
            (r"\ud800", &[], WordError::UnknownEscape),
            (r"\x4", &[], WordError::UnknownEscape),
        ] {
            let (found, problem) = split(value, Escapes::Unescape);
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), problem),
                (words, Some(error)),
                "{value}"
            );
        }
    }

    #[test]
    fn relaxed_keeps_unknown_escapes() {
        for (value, expected) in
            [(r"bad\qescape\x41", r"bad\qescapeA"), (r"end\", r"end\"), (r"\777", r"\777")]
        {
            let mut rest = value.as_bytes();
            let word = take_word(&mut rest, Escapes::Unescape, true).unwrap().unwrap();
            assert_eq!((word.as_slice(), rest), (expected.as_bytes(), &b""[..]));
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_ends(bytes: Vec<u8>, relax: bool, which in 0..3) {
            let escapes = [Escapes::Unescape, Escapes::Retain, Escapes::Drop][usize::try_from(which).unwrap()];
            let mut rest = bytes.as_slice();
            while let Ok(Some(_)) = take_word(&mut rest, escapes, relax) {}
            prop_assert!(rest.len() <= bytes.len());
        }

        #[test]
        fn quoted_words_come_back(words in proptest::collection::vec("[^'\\\\\\x00]{0,8}", 0..5)) {
            let value = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(split(&value, Escapes::Unescape), (words, None));
        }
    }
}
