//! Descriptors as text (SDDL).

use super::{Descriptor, Entry};

/// How many entries are read; Windows allows about as many.
const MAX_ENTRIES: usize = 4096;

/// Rights by their two letters, with the meaning that they have for services (Microsoft, "ACE Strings").
const RIGHTS: [(&str, u32); 22] = [
    ("CC", 0x1),
    ("DC", 0x2),
    ("LC", 0x4),
    ("SW", 0x8),
    ("RP", 0x10),
    ("WP", 0x20),
    ("DT", 0x40),
    ("LO", 0x80),
    ("CR", 0x100),
    ("SD", 0x1_0000),
    ("RC", 0x2_0000),
    ("WD", 0x4_0000),
    ("WO", 0x8_0000),
    ("GA", 0x000f_01ff),
    ("GR", 0x0002_008d),
    ("GW", 0x0002_0002),
    ("GX", 0x0002_0170),
    ("KA", 0x000f_003f),
    ("KR", 0x0002_0019),
    ("KW", 0x0002_0006),
    ("FA", 0x001f_01ff),
    ("FR", 0x0012_0089),
];

/// Reads a descriptor in SDDL; `None` when it is not one.
pub fn from_text(text: &str) -> Option<Descriptor> {
    let text = text.trim().trim_matches('"');
    let mut descriptor = Descriptor::default();
    let mut known = false;
    let mut rest = text;
    while !rest.is_empty() {
        let (kind, after) = rest.split_at_checked(2)?;
        let end = next_part(after);
        let (part, following) = after.split_at_checked(end)?;
        match kind.to_ascii_uppercase().as_str() {
            "O:" => descriptor.owner = Some(part.to_owned()),
            "G:" | "S:" => {}
            "D:" => descriptor.entries = entries(part)?,
            _ => return None,
        }
        known = true;
        rest = following;
    }
    known.then_some(descriptor)
}

/// Where the next part begins: a letter and a colon outside of parentheses.
fn next_part(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut before: Option<(usize, char)> = None;
    for (place, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                if let Some((start, letter)) = before
                    && matches!(letter.to_ascii_uppercase(), 'O' | 'G' | 'D' | 'S')
                {
                    return start;
                }
            }
            _ => {}
        }
        before = Some((place, character));
    }
    text.len()
}

/// The entries of a list; `Some(None)` for a list that is null.
#[expect(clippy::option_option, reason = "not a list, no list, or a list")]
fn entries(text: &str) -> Option<Option<Vec<Entry>>> {
    let (flags, list) = text.split_at_checked(text.find('(').unwrap_or(text.len()))?;
    if flags.to_ascii_uppercase().contains("NO_ACCESS_CONTROL") {
        return Some(None);
    }
    let mut entries = Vec::new();
    for part in list.split('(').skip(1).take(MAX_ENTRIES) {
        let entry = part.trim_end().strip_suffix(')')?;
        let mut fields = entry.split(';');
        let kind = fields.next()?.trim().to_ascii_uppercase();
        let inherit_only = fields.next()?.to_ascii_uppercase().contains("IO");
        let rights = rights(fields.next()?.trim());
        let trustee = fields.nth(2)?.trim().to_owned();
        let denies = match kind.as_str() {
            "A" | "OA" | "XA" => false,
            "D" | "OD" | "XD" => true,
            _ => continue,
        };
        entries.push(Entry { denies, inherit_only, rights, trustee });
    }
    Some(Some(entries))
}

fn rights(text: &str) -> u32 {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).unwrap_or(0);
    }
    let letters: Vec<char> = text.to_ascii_uppercase().chars().collect();
    letters
        .chunks(2)
        .filter_map(|pair| {
            let pair: String = pair.iter().collect();
            RIGHTS.iter().find(|(letters, _)| *letters == pair).map(|(_, bits)| *bits)
        })
        .fold(0, |all, bits| all | bits)
}
