//! What the host says of itself.

use super::registry::Key;
use crate::model::{Known, Reason};

/// Where the system's version stands, below `HKEY_LOCAL_MACHINE`.
const VERSION: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
/// Where the name stands that the host goes by until the next boot.
const NAME: &str = r"SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName";
/// Where the count of boots stands.
const BOOT: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters";

/// The system's release: its product's name and build.
pub(super) fn os_release() -> Known<String> {
    let product = text(VERSION, "ProductName");
    let build = text(VERSION, "CurrentBuild");
    match (product, build) {
        (Known::Is(product), Known::Is(build)) => Known::Is(format!("{product} (build {build})")),
        (product, build) => product.or_else(|| build),
    }
}

/// The folder of Windows.
pub(super) fn system_root() -> Known<String> {
    text(VERSION, "SystemRoot")
}

/// The host's name.
pub(super) fn host() -> Known<String> {
    text(NAME, "ComputerName")
}

/// The number of the boot; not every system counts.
pub(super) fn boot_id() -> Known<String> {
    let bytes = value(BOOT, "BootId").and_then(|bytes| <[u8; 4]>::try_from(bytes.as_slice()).ok());
    Known::from(bytes.map(|bytes| u32::from_le_bytes(bytes).to_string()).ok_or(Reason::Unsupported))
}

/// A value that is a text.
pub(super) fn text(key: &str, name: &str) -> Known<String> {
    Known::from(value(key, name).map(|bytes| to_text(&bytes)).ok_or(Reason::NotFound))
}

/// The bytes of a value as a text, up to its end.
pub(super) fn to_text(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| if let [low, high] = pair { u16::from_le_bytes([*low, *high]) } else { 0 })
        .take_while(|unit| *unit != 0)
        .collect();
    String::from_utf16_lossy(&units)
}

fn value(key: &str, name: &str) -> Option<Vec<u8>> {
    let values = Key::open(key).and_then(|key| key.values()).ok()?;
    values.into_iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)).map(|(_, _, bytes)| bytes)
}
