//! Reads the kernel's own type information (BTF): where members stand, and which arguments functions take.
//!
//! Format: Documentation/bpf/btf.rst of the kernel. aya-obj reads it as well, but shows neither members nor prototypes.

use std::collections::HashMap;
use std::path::Path;

use thiserror::Error;

/// Where the running kernel shows its types.
pub const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

const MAGIC: u16 = 0xeb9f;
const TYPE_HEADER: usize = 12;
/// Unnamed structures within each other that a member is looked for in.
const DEPTH: u32 = 8;

const KIND_PTR: u32 = 2;
const KIND_STRUCT: u32 = 4;
const KIND_UNION: u32 = 5;
const KIND_TYPEDEF: u32 = 8;
const KIND_VOLATILE: u32 = 9;
const KIND_CONST: u32 = 10;
const KIND_RESTRICT: u32 = 11;
const KIND_FUNC: u32 = 12;
const KIND_FUNC_PROTO: u32 = 13;
const KIND_TYPE_TAG: u32 = 18;

/// Why the kernel's types can't be used.
#[derive(Debug, Error)]
pub enum BtfError {
    /// The file can't be read; without it there is no eBPF.
    #[error("the kernel shows no type information at {VMLINUX}")]
    Read(#[source] std::io::Error),
    /// Not BTF, or not as it is documented.
    #[error("type information is malformed at byte {0}")]
    Malformed(usize),
    /// A kind of type that is newer than this reader.
    #[error("type information has a kind of type, {0}, that is not known")]
    Kind(u32),
}

/// The types of a kernel.
pub struct Btf {
    bytes: Vec<u8>,
    strings: usize,
    /// Where type `n + 1` stands in `bytes`; type zero is void.
    types: Vec<u32>,
    structs: HashMap<Vec<u8>, u32>,
    functions: HashMap<Vec<u8>, u32>,
}

/// A function's prototype.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prototype {
    /// Names of the arguments, in order.
    pub arguments: Vec<String>,
    /// Whether it returns nothing.
    pub is_void: bool,
    /// Whether it returns a pointer.
    pub returns_pointer: bool,
}

#[derive(Clone, Copy)]
struct Type {
    at: usize,
    name: u32,
    kind: u32,
    count: usize,
    has_bit_fields: bool,
    reference: u32,
}

impl Btf {
    /// Reads the running kernel's types; takes some 30 ms.
    pub fn running() -> Result<Self, BtfError> {
        Self::parse(std::fs::read(Path::new(VMLINUX)).map_err(BtfError::Read)?)
    }

    /// Takes any bytes.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, BtfError> {
        let word = |at| read_u32(&bytes, at).ok_or(BtfError::Malformed(at));
        if bytes.get(..2) != Some(&MAGIC.to_le_bytes()) {
            return Err(BtfError::Malformed(0));
        }
        let header = word(4)? as usize;
        let start = header.saturating_add(word(8)? as usize);
        let end = start.saturating_add(word(12)? as usize).min(bytes.len());
        let strings = header.saturating_add(word(16)? as usize);
        let mut this =
            Self { strings, types: Vec::new(), structs: HashMap::new(), functions: HashMap::new(), bytes };
        let mut at = start;
        while at < end {
            let Some(found) = this.type_at(at) else { return Err(BtfError::Malformed(at)) };
            this.types.push(u32::try_from(at).map_err(|_| BtfError::Malformed(at))?);
            let id = u32::try_from(this.types.len()).map_err(|_| BtfError::Malformed(at))?;
            match found.kind {
                // The first definition of a name stands; vmlinux holds hardly any second one.
                KIND_STRUCT => {
                    let name = this.name(found.name).to_vec();
                    this.structs.entry(name).or_insert(id);
                }
                KIND_FUNC => {
                    let name = this.name(found.name).to_vec();
                    this.functions.entry(name).or_insert(found.reference);
                }
                _ => {}
            }
            at = at.saturating_add(TYPE_HEADER).saturating_add(trailer(&found)?);
        }
        Ok(this)
    }

    /// Offset in bytes of a member such as `file.f_path.dentry`, looked for within unnamed members as well.
    pub fn offset(&self, path: &str) -> Option<u32> {
        let mut names = path.split('.');
        let mut container = self.type_of(*self.structs.get(names.next()?.as_bytes())?)?;
        let mut offset = 0_u32;
        for name in names {
            let (bits, id) = self.member(container, name.as_bytes(), DEPTH)?;
            if bits % 8 != 0 {
                return None;
            }
            offset = offset.checked_add(bits / 8)?;
            container = self.resolve(id)?;
        }
        Some(offset)
    }

    /// Prototype of a function that the kernel has and that tracing programs may attach to.
    pub fn prototype(&self, function: &str) -> Option<Prototype> {
        let found = self.type_of(*self.functions.get(function.as_bytes())?)?;
        if found.kind != KIND_FUNC_PROTO {
            return None;
        }
        let arguments = (0..found.count)
            .map(|i| {
                let name = read_u32(&self.bytes, found.at + TYPE_HEADER + i * 8)?;
                Some(String::from_utf8_lossy(self.name(name)).into_owned())
            })
            .collect::<Option<_>>()?;
        let returns_pointer = self.resolve(found.reference).is_some_and(|result| result.kind == KIND_PTR);
        Some(Prototype { arguments, is_void: found.reference == 0, returns_pointer })
    }

    /// Offset in bits and type of a member.
    fn member(&self, container: Type, name: &[u8], depth: u32) -> Option<(u32, u32)> {
        if !matches!(container.kind, KIND_STRUCT | KIND_UNION) {
            return None;
        }
        for i in 0..container.count {
            let at = container.at + TYPE_HEADER + i * 12;
            let member = self.name(read_u32(&self.bytes, at)?);
            let id = read_u32(&self.bytes, at + 4)?;
            let mut bits = read_u32(&self.bytes, at + 8)?;
            if container.has_bit_fields {
                // The upper byte is the size of a bit field.
                bits &= 0x00ff_ffff;
            }
            if member == name {
                return Some((bits, id));
            }
            if member.is_empty()
                && depth > 0
                && let Some((inner, id)) =
                    self.resolve(id).and_then(|inner| self.member(inner, name, depth - 1))
            {
                return Some((bits.checked_add(inner)?, id));
            }
        }
        None
    }

    /// The type behind type definitions and qualifiers.
    fn resolve(&self, id: u32) -> Option<Type> {
        let mut found = self.type_of(id)?;
        for _ in 0..DEPTH * 4 {
            match found.kind {
                KIND_TYPEDEF | KIND_VOLATILE | KIND_CONST | KIND_RESTRICT | KIND_TYPE_TAG => {
                    found = self.type_of(found.reference)?;
                }
                _ => return Some(found),
            }
        }
        None
    }

    fn type_of(&self, id: u32) -> Option<Type> {
        self.type_at(*self.types.get(usize::try_from(id).ok()?.checked_sub(1)?)? as usize)
    }

    fn type_at(&self, at: usize) -> Option<Type> {
        let info = read_u32(&self.bytes, at.checked_add(4)?)?;
        Some(Type {
            at,
            name: read_u32(&self.bytes, at)?,
            kind: info >> 24 & 0x1f,
            count: (info & 0xffff) as usize,
            has_bit_fields: info >> 31 == 1,
            reference: read_u32(&self.bytes, at.checked_add(8)?)?,
        })
    }

    fn name(&self, offset: u32) -> &[u8] {
        let start = self.strings.saturating_add(offset as usize);
        let rest = self.bytes.get(start..).unwrap_or_default();
        rest.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// How many bytes follow a type's header.
fn trailer(found: &Type) -> Result<usize, BtfError> {
    Ok(match found.kind {
        // Int, variable, declaration tag.
        1 | 14 | 17 => 4,
        // Pointer, forward declaration, type definition, qualifiers, function, float, type tag.
        2 | 7..=12 | 16 | 18 => 0,
        // Array.
        3 => 12,
        // Enumeration and prototype.
        6 | 13 => found.count * 8,
        // Structure, union, data section, enumeration of 64 bits.
        4 | 5 | 15 | 19 => found.count * 12,
        kind => return Err(BtfError::Kind(kind)),
    })
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `struct outer { int plain; union { int a; struct inner { int x; int y; } in; }; int bits:3; }` and
    /// `outer *make(int mode)`.
    fn sample() -> Vec<u8> {
        let strings = b"\0int\0outer\0plain\0a\0inner\0x\0y\0in\0bits\0make\0mode\0";
        let name = |text: &str| {
            let needle = [b"\0", text.as_bytes(), b"\0"].concat();
            u32::try_from(strings.windows(needle.len()).position(|w| w == needle).unwrap() + 1).unwrap()
        };
        let mut types: Vec<u32> = Vec::new();
        let info = |kind: u32, count: u32, flag: u32| flag << 31 | kind << 24 | count;
        types.extend([name("int"), info(1, 0, 0), 4, 32]); // 1
        types.extend([name("inner"), info(4, 2, 0), 8, name("x"), 1, 0, name("y"), 1, 32]); // 2
        types.extend([0, info(5, 2, 0), 8, name("a"), 1, 0, name("in"), 2, 0]); // 3
        types.extend([name("outer"), info(4, 3, 1), 16]); // 4
        types.extend([name("plain"), 1, 0, 0, 3, 32, name("bits"), 1, 0x0300_0061]);
        types.extend([0, info(2, 0, 0), 4]); // 5: outer *
        types.extend([0, info(13, 1, 0), 5, name("mode"), 1]); // 6
        types.extend([name("make"), info(12, 0, 0), 6]); // 7
        let types: Vec<u8> = types.iter().flat_map(|word| word.to_le_bytes()).collect();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
        let mut bytes = MAGIC.to_le_bytes().to_vec();
        bytes.extend([1, 0]);
        for word in [24, 0, length(&types), length(&types), length(strings)] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(types);
        bytes.extend(strings);
        bytes
    }

    #[test]
    fn members_stand_where_the_kernel_says() {
        let btf = Btf::parse(sample()).unwrap();
        for (path, expected) in [
            ("outer.plain", Some(0)),
            ("outer.a", Some(4)),
            ("outer.in", Some(4)),
            ("outer.in.y", Some(8)),
            ("inner.y", Some(4)),
            // A bit field has no address.
            ("outer.bits", None),
            ("outer.absent", None),
            ("outer.plain.x", None),
            ("absent.x", None),
            ("", None),
        ] {
            assert_eq!(btf.offset(path), expected, "{path}");
        }
    }

    #[test]
    fn prototypes_name_their_arguments() {
        let btf = Btf::parse(sample()).unwrap();
        let expected =
            Prototype { arguments: vec!["mode".to_owned()], is_void: false, returns_pointer: true };
        assert_eq!(btf.prototype("make"), Some(expected));
        assert_eq!(btf.prototype("outer"), None);
    }

    #[test]
    fn damaged_input_is_refused_or_harmless() {
        let whole = sample();
        for length in 0..whole.len() {
            if let Ok(btf) = Btf::parse(whole[..length].to_vec()) {
                btf.offset("outer.in.y");
                btf.prototype("make");
            }
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0xff;
            if let Ok(btf) = Btf::parse(damaged) {
                btf.offset("outer.in.y");
                btf.prototype("make");
            }
        }
        assert!(matches!(Btf::parse(b"\x7fELF".to_vec()), Err(BtfError::Malformed(0))));
    }
}
