//! Security descriptors of services: who may see and do what.
//!
//! Text form: Microsoft, "Security Descriptor String Format". Binary form: `SECURITY_DESCRIPTOR` in self-relative form
//! and `ACL` (MS-DTYP 2.4.5, 2.4.6), as the value `Security` of a service's key `Security` holds it.

mod binary;
mod text;

#[cfg(test)]
mod tests;

pub use binary::from_bytes;
pub use text::from_text;

/// A descriptor: who owns it, and the list that grants and denies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// The owner, as a security id or its two letters.
    pub owner: Option<String>,
    /// The list; `None` when there is none, which grants everything to everybody.
    pub entries: Option<Vec<Entry>>,
}

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it denies; else it grants.
    pub denies: bool,
    /// It only is for what inherits, and says nothing of this object.
    pub inherit_only: bool,
    /// The rights (winsvc.h, winnt.h).
    pub rights: u32,
    /// Of whom: a security id, or its two letters.
    pub trustee: String,
}

/// `SERVICE_QUERY_CONFIG`.
pub const QUERY_CONFIG: u32 = 0x1;
/// `SERVICE_QUERY_STATUS`.
pub const QUERY_STATUS: u32 = 0x4;
/// `SERVICE_CHANGE_CONFIG`.
pub const CHANGE_CONFIG: u32 = 0x2;
/// `READ_CONTROL`.
pub const READ_CONTROL: u32 = 0x2_0000;
/// `WRITE_DAC`.
pub const WRITE_DAC: u32 = 0x4_0000;
/// `WRITE_OWNER`.
pub const WRITE_OWNER: u32 = 0x8_0000;

/// Two letters and security ids of the groups that matter (Microsoft, "SID Strings").
const WELL_KNOWN: [(&str, &str); 12] = [
    ("WD", "S-1-1-0"),
    ("IU", "S-1-5-4"),
    ("SU", "S-1-5-6"),
    ("AU", "S-1-5-11"),
    ("AN", "S-1-5-7"),
    ("NU", "S-1-5-2"),
    ("SY", "S-1-5-18"),
    ("LS", "S-1-5-19"),
    ("NS", "S-1-5-20"),
    ("BA", "S-1-5-32-544"),
    ("BU", "S-1-5-32-545"),
    ("BG", "S-1-5-32-546"),
];

/// Who stands for people on a host: everybody, interactive users, authenticated users, administrators, users.
const PEOPLE: [&str; 5] = ["WD", "IU", "AU", "BA", "BU"];

/// Who is not an administrator.
const UNPRIVILEGED: [&str; 6] = ["WD", "IU", "AU", "BU", "AN", "BG"];

impl Descriptor {
    /// Whether people are denied to see the service: `sc query` and the console don't list it then (T1564).
    pub fn hides(&self) -> bool {
        self.entries.iter().flatten().any(|entry| {
            entry.denies
                && !entry.inherit_only
                && entry.rights & (QUERY_CONFIG | QUERY_STATUS) != 0
                && entry.is_of(&PEOPLE)
        })
    }

    /// Whether people without special rights may change what the service runs, or who may.
    pub fn opens(&self) -> bool {
        let Some(entries) = &self.entries else { return true };
        let change = CHANGE_CONFIG | WRITE_DAC | WRITE_OWNER;
        entries.iter().any(|entry| {
            !entry.denies && !entry.inherit_only && entry.rights & change != 0 && entry.is_of(&UNPRIVILEGED)
        })
    }
}

impl Entry {
    fn is_of(&self, letters: &[&str]) -> bool {
        let trustee = short(&self.trustee);
        letters.contains(&trustee)
    }
}

/// The two letters of a security id, where it has them.
fn short(trustee: &str) -> &str {
    WELL_KNOWN
        .iter()
        .find(|(_, sid)| sid.eq_ignore_ascii_case(trustee))
        .map_or(trustee, |(letters, _)| letters)
}

/// Reads a descriptor in either form: text, or bytes in hexadecimal.
pub fn parse(value: &str) -> Option<Descriptor> {
    from_text(value).or_else(|| from_bytes(&crate::windows_event::field::parse_hex(value)?))
}
