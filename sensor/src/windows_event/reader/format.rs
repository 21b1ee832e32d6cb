//! Recognising a format by its first bytes.

/// The format of a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A Windows event log file.
    Evtx,
    /// Event XML.
    Xml,
    /// JSON objects.
    Json,
    /// A zip archive.
    Zip,
    /// A gzip stream.
    Gzip,
}

/// The encoding of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, with or without a mark.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// How many bytes are enough to tell.
pub(super) const ENOUGH: usize = 4096;

/// The size of the header before the first chunk of an EVTX file.
const EVTX_HEADER: usize = 4096;

/// Recognises the format of a content that begins with `start`; the encoding is that of the two text formats.
pub(super) fn recognise(start: &[u8]) -> Option<(Format, Encoding)> {
    let utf8 = Encoding::Utf8;
    if start.starts_with(b"ElfFile\0") || start.starts_with(b"ElfChnk\0") || headless_evtx(start) {
        return Some((Format::Evtx, utf8));
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Some((Format::Zip, utf8));
    }
    if start.starts_with(&[0x1f, 0x8b]) {
        return Some((Format::Gzip, utf8));
    }
    let encoding = encoding(start);
    let first = match encoding {
        Encoding::Utf8 => start
            .strip_prefix(&[0xef, 0xbb, 0xbf])
            .unwrap_or(start)
            .iter()
            .copied()
            .find(|byte| !byte.is_ascii_whitespace()),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            start.iter().copied().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0xfe | 0xff))
        }
    };
    // `evtx_dump` writes a line before each record, and syslog puts a priority, a time and a sender before each.
    let first = match first? {
        b'R' if start.starts_with(b"Record ") => {
            start.iter().copied().find(|byte| matches!(byte, b'<' | b'{'))?
        }
        b'<' if begins_with_priority(start) => {
            start.iter().copied().skip(1).find(|byte| matches!(byte, b'<' | b'{'))?
        }
        first => first,
    };
    match first {
        b'<' => Some((Format::Xml, encoding)),
        b'{' | b'[' => Some((Format::Json, encoding)),
        _ => None,
    }
}

/// Whether a line begins with the priority of syslog: a number of up to three digits in angle brackets (RFC 5424).
pub(super) fn begins_with_priority(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"<") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=3).contains(&digits) && rest.get(digits) == Some(&b'>')
}

/// An event log whose file header was overwritten: the first chunk begins at its place all the same.
fn headless_evtx(start: &[u8]) -> bool {
    start.get(EVTX_HEADER..).is_some_and(|rest| rest.starts_with(b"ElfChnk"))
}

fn encoding(start: &[u8]) -> Encoding {
    match start {
        // With a mark, or without: the first character is ASCII in both text formats.
        [0xff, 0xfe, ..] | [b'<' | b'{' | b'[', 0, ..] => Encoding::Utf16Le,
        [0xfe, 0xff, ..] | [0, b'<' | b'{' | b'[', ..] => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        let utf8 = Encoding::Utf8;
        for (start, expected) in [
            (&b"ElfFile\0..."[..], Some((Format::Evtx, utf8))),
            (b"PK\x03\x04", Some((Format::Zip, utf8))),
            (b"\x1f\x8b\x08", Some((Format::Gzip, utf8))),
            (b"\xef\xbb\xbf\r\n<Events>", Some((Format::Xml, utf8))),
            (b"<\0E\0", Some((Format::Xml, Encoding::Utf16Le))),
            (b"\xff\xfe<\0E\0", Some((Format::Xml, Encoding::Utf16Le))),
            (b"\xfe\xff\0{\0\"", Some((Format::Json, Encoding::Utf16Be))),
            (b"\n[ {\"a\":1}", Some((Format::Json, utf8))),
            (b"Record 1\n{", Some((Format::Json, utf8))),
            (b"Record 1\n<?xml", Some((Format::Xml, utf8))),
            (b"<134>1 2024-05-06T07:08:09Z HOST1 X - - - {\"a\"", Some((Format::Json, utf8))),
            (b"<13>May  6 07:08:09 HOST1 <Event>", Some((Format::Xml, utf8))),
            (b"<13>May  6 07:08:09 HOST1 text", None),
            (b"Records of", None),
            (b"MZ", None),
            (b"", None),
            (b"   ", None),
        ] {
            assert_eq!(recognise(start), expected, "{start:?}");
        }
    }
}
