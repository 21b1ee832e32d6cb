//! What a program says of itself: its version resource.

#![expect(unsafe_code, reason = "the system is called")]

use std::ffi::c_void;
use std::path::Path;

use windows::Win32::Storage::FileSystem::{GetFileVersionInfoSizeW, GetFileVersionInfoW, VerQueryValueW};
use windows::core::HSTRING;
use zerocopy::IntoBytes as _;

/// The largest resource that is read, in bytes.
const LARGEST: u32 = 1 << 20;
/// From how many UTF-16 units on a path has to be marked as one that may be long (Microsoft, "Maximum Path Length
/// Limitation").
const LONG: usize = 248;

/// What a version resource says, each in the language that comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) company: Option<String>,
    pub(super) file: Option<String>,
    pub(super) original_name: Option<String>,
}

/// Reads a program's version resource; `None` when it has none.
pub(super) fn read(path: &Path) -> Option<Version> {
    let path = marked(path);
    // SAFETY: the path ends with a NUL.
    let size = unsafe { GetFileVersionInfoSizeW(&path, None) };
    if size == 0 || size > LARGEST {
        return None;
    }
    // Of the resource's alignment.
    let mut buffer = vec![0_u32; usize::try_from(size).ok()?.div_ceil(4)];
    // SAFETY: the buffer is at least as long as this.
    unsafe { GetFileVersionInfoW(&path, None, size, buffer.as_mut_ptr().cast()) }.ok()?;
    let resource = buffer.as_bytes();
    // Pairs of a language and a code page.
    let [low, high, page_low, page_high] =
        *query(resource, r"\VarFileInfo\Translation")?.first_chunk::<4>()?;
    let language = u16::from_le_bytes([low, high]);
    let page = u16::from_le_bytes([page_low, page_high]);
    let text = |name: &str| {
        let bytes = query(resource, &format!(r"\StringFileInfo\{language:04x}{page:04x}\{name}"))?;
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| if let [low, high] = pair { u16::from_le_bytes([*low, *high]) } else { 0 })
            .take_while(|unit| *unit != 0)
            .collect();
        let text = String::from_utf16_lossy(&units);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    Some(Version {
        company: text("CompanyName"),
        file: text("FileVersion"),
        original_name: text("OriginalFilename"),
    })
}

/// A path of a drive, marked where it is long.
fn marked(path: &Path) -> HSTRING {
    let text = path.to_string_lossy();
    let is_long = text.encode_utf16().count() >= LONG && text.get(1..3) == Some(r":\");
    if is_long { HSTRING::from(format!(r"\\?\{}", text.replace('/', r"\"))) } else { HSTRING::from(path) }
}

/// A part of a resource. The resource is the program's own, so what the system makes of it is checked to lie within it.
fn query<'resource>(resource: &'resource [u8], part: &str) -> Option<&'resource [u8]> {
    let mut start: *mut c_void = std::ptr::null_mut();
    let mut length = 0;
    // SAFETY: the resource is one that the system read, whole, and outlives the answer, which points into it.
    let found = unsafe {
        VerQueryValueW(resource.as_ptr().cast(), &HSTRING::from(part), &raw mut start, &raw mut length)
    };
    if !found.as_bool() {
        return None;
    }
    let offset = (start as usize).checked_sub(resource.as_ptr() as usize)?;
    // Texts are counted in characters, all else in bytes.
    let bytes = usize::try_from(length).ok()?.checked_mul(if part.starts_with(r"\StringFileInfo") {
        2
    } else {
        1
    })?;
    resource.get(offset..offset.checked_add(bytes)?)
}
