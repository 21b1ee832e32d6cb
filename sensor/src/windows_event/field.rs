//! The fields of an event: a name and a value, typed where the source knows the type.

use std::borrow::Cow;

/// A field of an event's payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name as the event's template gives it; `param1`, `param2` … where it has none.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// A field's value. Log files and agents give most of them as text, a live session as numbers and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text as it stands.
    Text(String),
    /// A number without a sign.
    Unsigned(u64),
    /// A number with a sign.
    Signed(i64),
    /// A truth.
    Bool(bool),
    /// Raw bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// The value as text; bytes in hexadecimal, as the Event Log renders them.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Unsigned(number) => Cow::Owned(number.to_string()),
            Self::Signed(number) => Cow::Owned(number.to_string()),
            Self::Bool(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
            Self::Bytes(bytes) => Cow::Owned(hexadecimal(bytes)),
        }
    }

    /// The value as a number, from decimal or `0x` hexadecimal text as well.
    pub fn integer(&self) -> Option<u64> {
        match self {
            Self::Text(text) => parse_integer(text),
            Self::Unsigned(number) => Some(*number),
            // The bit pattern: shippers write keywords and masks as signed numbers.
            Self::Signed(number) => Some(number.cast_unsigned()),
            Self::Bool(truth) => Some(u64::from(*truth)),
            Self::Bytes(_) => None,
        }
    }

    /// The value as bytes, from hexadecimal text as well.
    pub fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
            Self::Text(text) => parse_hex(text).or_else(|| parse_base64(text)).map(Cow::Owned),
            Self::Unsigned(_) | Self::Signed(_) | Self::Bool(_) => None,
        }
    }
}

/// Bytes as pairs of hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| DIGITS.get(usize::from(value & 0xf)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// A decimal number, or a hexadecimal one after `0x`; surrounding blanks are allowed, as is a sign.
pub fn parse_integer(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse::<u64>().ok().or_else(|| text.parse::<i64>().ok().map(i64::cast_unsigned)),
    }
}

/// Bytes from base64 with the usual alphabet (RFC 4648), padded or not.
pub fn parse_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim().trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        buffer = (buffer << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xff).ok()?);
            buffer &= (1 << bits) - 1;
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// Bytes from pairs of hexadecimal digits, with or without `0x`, separated by nothing, blanks, `-` or `:`.
pub fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let text = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high: Option<u8> = None;
    for character in text.chars() {
        if high.is_none() && matches!(character, ' ' | '-' | ':' | '\r' | '\n' | '\t') {
            continue;
        }
        let digit = u8::try_from(character.to_digit(16)?).ok()?;
        high = match high {
            Some(high) => {
                bytes.push((high << 4) | digit);
                None
            }
            None => Some(digit),
        };
    }
    (high.is_none() && !bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_decimal_and_hexadecimal() {
        for (text, number) in [
            ("16", Some(16)),
            ("0x10", Some(16)),
            (" 0X1F ", Some(31)),
            ("-1", Some(u64::MAX)),
            ("0xffffffffffffffff", Some(u64::MAX)),
            ("", None),
            ("0x", None),
            ("%%1537", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(Value::Text(text.to_owned()).integer(), number, "{text:?}");
        }
    }

    #[test]
    fn bytes_are_read_from_base64() {
        let value = Value::Text("UwB2AGMALwA0AAAA".to_owned());
        assert_eq!(value.bytes().as_deref(), Some(&b"S\0v\0c\0/\x004\0\0\0"[..]));
        assert_eq!(parse_base64("!"), None);
    }

    #[test]
    fn bytes_are_read_from_hexadecimal_text() {
        for (text, bytes) in [
            ("7300", Some(vec![0x73, 0])),
            ("0x73-00", Some(vec![0x73, 0])),
            ("73 00", Some(vec![0x73, 0])),
            ("730", None),
            ("7 3", None),
            ("zz", None),
            ("", None),
        ] {
            assert_eq!(parse_hex(text), bytes, "{text:?}");
        }
    }
}
