//! Reading the fields of a payload.

use super::EtwError;
use super::layout::{Field as Layout, Kind};
use crate::windows_event::field::{Field, Value};

/// Reads the fields of `layout`.
pub(super) fn read(
    layout: &'static [Layout],
    payload: &[u8],
    pointer_bytes: usize,
) -> Result<Vec<Field>, EtwError> {
    let mut rest = Rest { bytes: payload };
    let mut fields = Vec::with_capacity(layout.len());
    let mut length = 0_usize;
    for (name, kind) in layout {
        let value = rest.value(*kind, pointer_bytes, length).ok_or(EtwError::TooShort { field: name })?;
        if let Value::Unsigned(number) = value {
            length = usize::try_from(number).unwrap_or(usize::MAX);
        }
        fields.push(Field { name: (*name).to_owned(), value });
    }
    Ok(fields)
}

struct Rest<'payload> {
    bytes: &'payload [u8],
}

impl<'payload> Rest<'payload> {
    fn take(&mut self, count: usize) -> Option<&'payload [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A number of up to eight bytes, the low byte first.
    fn number(&mut self, count: usize) -> Option<u64> {
        let bytes = self.take(count)?;
        Some(bytes.iter().rev().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn value(&mut self, kind: Kind, pointer_bytes: usize, length: usize) -> Option<Value> {
        Some(match kind {
            Kind::Pointer => Value::Unsigned(self.number(if pointer_bytes == 4 { 4 } else { 8 })?),
            Kind::U16 => Value::Unsigned(self.number(2)?),
            Kind::U32 => Value::Unsigned(self.number(4)?),
            Kind::U64 | Kind::FileTime => Value::Unsigned(self.number(8)?),
            Kind::Guid => Value::Text(guid(self.take(16)?)?),
            Kind::Text => Value::Text(self.text()),
            Kind::Sid => {
                // Revision, count of parts, six bytes of authority, then the parts.
                let count = usize::from(*self.bytes.get(1)?);
                Value::Bytes(self.take(8 + count * 4)?.to_vec())
            }
            Kind::Binary => Value::Bytes(self.take(length)?.to_vec()),
        })
    }

    fn text(&mut self) -> String {
        let units: Vec<u16> = self
            .bytes
            .chunks_exact(2)
            .map(|pair| match pair {
                [low, high] => u16::from_le_bytes([*low, *high]),
                _ => 0,
            })
            .take_while(|unit| *unit != 0)
            .collect();
        let with_end = (units.len() + 1).saturating_mul(2).min(self.bytes.len());
        self.bytes = self.bytes.get(with_end..).unwrap_or_default();
        String::from_utf16_lossy(&units)
    }
}

/// A GUID as text in lower case (`8-4-4-4-12` digits; the first three groups are stored low byte first).
fn guid(bytes: &[u8]) -> Option<String> {
    let hex = |range: std::ops::Range<usize>, reverse: bool| -> Option<String> {
        let part = bytes.get(range)?;
        let digits = |byte: &u8| format!("{byte:02x}");
        Some(if reverse {
            part.iter().rev().map(digits).collect()
        } else {
            part.iter().map(digits).collect()
        })
    };
    Some(format!(
        "{}-{}-{}-{}-{}",
        hex(0..4, true)?,
        hex(4..6, true)?,
        hex(6..8, true)?,
        hex(8..10, false)?,
        hex(10..16, false)?
    ))
}
