//! The kernel objects that were built into this program.

use sensor_common::{ABI_MARK, ABI_VERSION};

include!(concat!(env!("OUT_DIR"), "/objects.rs"));

/// The ABI version that an object was built for.
fn abi(object: &[u8]) -> Option<u16> {
    let at = object.windows(ABI_MARK.len()).position(|window| window == ABI_MARK)?;
    let version = object.get(at + ABI_MARK.len()..at + ABI_MARK.len() + 2)?;
    Some(u16::from_le_bytes(version.try_into().ok()?))
}

/// The object, if it is there and speaks our version.
pub(super) fn checked(object: Option<&'static [u8]>) -> Result<&'static [u8], super::EbpfError> {
    let object = object.ok_or(super::EbpfError::NotBuilt)?;
    match abi(object) {
        Some(ABI_VERSION) => Ok(object),
        found => Err(super::EbpfError::Abi { found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_tells_its_version() {
        assert_eq!(abi(b"\x7fELF svcsensor-abi-v=\x07\x01 and so on"), Some(0x107));
        assert_eq!(abi(b"svcsensor-abi-v=\x07"), None);
        assert_eq!(abi(b""), None);
    }
}
