//! Descriptors in self-relative binary form.

use super::{Descriptor, Entry, short};

/// `SE_DACL_PRESENT`.
const DACL_PRESENT: u16 = 0x4;

/// Reads a descriptor; `None` when it is not one.
pub fn from_bytes(bytes: &[u8]) -> Option<Descriptor> {
    let revision = *bytes.first()?;
    if revision != 1 {
        return None;
    }
    let control = u16_at(bytes, 2)?;
    let offset = |place| u32_at(bytes, place).and_then(|offset| usize::try_from(offset).ok());
    let owner = offset(4).filter(|offset| *offset != 0).and_then(|offset| sid(bytes.get(offset..)?));
    let list = offset(16)?;
    let entries =
        if control & DACL_PRESENT == 0 || list == 0 { None } else { Some(entries(bytes.get(list..)?)?) };
    Some(Descriptor { owner, entries })
}

fn entries(list: &[u8]) -> Option<Vec<Entry>> {
    let count = u16_at(list, 4)?;
    let mut rest = list.get(8..)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let kind = *rest.first()?;
        let flags = *rest.get(1)?;
        let size = usize::from(u16_at(rest, 2)?);
        let entry = rest.get(..size).filter(|entry| entry.len() >= 8)?;
        // ACCESS_ALLOWED_ACE_TYPE and ACCESS_DENIED_ACE_TYPE; a service has no others.
        if matches!(kind, 0 | 1) {
            let trustee = sid(entry.get(8..)?)?;
            entries.push(Entry {
                denies: kind == 1,
                inherit_only: flags & 0x8 != 0,
                rights: u32_at(entry, 4)?,
                trustee: short(&trustee).to_owned(),
            });
        }
        rest = rest.get(size..)?;
    }
    Some(entries)
}

/// A security id as text (MS-DTYP 2.4.2).
pub(in crate::scm) fn sid(bytes: &[u8]) -> Option<String> {
    let (revision, count) = (*bytes.first()?, usize::from(*bytes.get(1)?));
    if revision != 1 || count > 15 {
        return None;
    }
    let authority = bytes.get(2..8)?.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let mut text = format!("S-1-{authority}");
    for part in bytes.get(8..8 + count * 4)?.chunks_exact(4) {
        let number = u32::from_le_bytes(<[u8; 4]>::try_from(part).ok()?);
        text.push('-');
        text.push_str(&number.to_string());
    }
    Some(text)
}

fn u16_at(bytes: &[u8], place: usize) -> Option<u16> {
    let pair = bytes.get(place..place.checked_add(2)?)?;
    Some(u16::from_le_bytes(<[u8; 2]>::try_from(pair).ok()?))
}

fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    let four = bytes.get(place..place.checked_add(4)?)?;
    Some(u32::from_le_bytes(<[u8; 4]>::try_from(four).ok()?))
}
