//! Texts within records.

use bstr::BString;
use sensor_common::{Text, text_flag};

use super::DecodeError;
use crate::model::{Known, Reason};

/// The bytes of a text.
pub(super) fn bytes_of(text: Text, record: &[u8]) -> Result<&[u8], DecodeError> {
    let start = usize::try_from(text.offset).unwrap_or(usize::MAX);
    start
        .checked_add(usize::from(text.length))
        .and_then(|end| record.get(start..end))
        .ok_or(DecodeError::Text { offset: text.offset })
}

/// Whether the text goes on.
pub(super) fn is_truncated(text: Text) -> bool {
    text.flags & text_flag::TRUNCATED != 0
}

/// A text as it stands.
pub(super) fn plain(text: Text, record: &[u8]) -> Result<Known<BString>, DecodeError> {
    let bytes = bytes_of(text, record)?;
    Ok(if text.flags & text_flag::FAULT != 0 {
        Known::Missing(Reason::Failed)
    } else {
        Known::Is(bytes.into())
    })
}

/// A path that stands from the leaf to the root, each name followed by a slash.
///
/// As in /proc, a path of a name that was removed ends in ` (deleted)`, and one of a file that has no place in the tree
/// has no leading slash. One that was too deep is missing rather than wrong.
pub(super) fn path(text: Text, record: &[u8]) -> Result<Known<BString>, DecodeError> {
    let bytes = bytes_of(text, record)?;
    if text.flags & text_flag::FAULT != 0 {
        return Ok(Known::Missing(Reason::Failed));
    }
    if is_truncated(text) {
        return Ok(Known::Missing(Reason::TooLarge));
    }
    let detached = text.flags & text_flag::DETACHED != 0;
    let names = bytes.strip_suffix(b"/").unwrap_or(bytes);
    let mut path = Vec::with_capacity(bytes.len() + 1);
    for name in names.rsplit(|byte| *byte == b'/') {
        if !(detached && path.is_empty()) {
            path.push(b'/');
        }
        path.extend_from_slice(name);
    }
    if text.flags & text_flag::UNLINKED != 0 {
        path.extend_from_slice(b" (deleted)");
    }
    Ok(Known::Is(path.into()))
}

/// Words with a NUL after each. The last one may lack it, when the text goes on.
pub(super) fn words(text: Text, record: &[u8]) -> Result<Known<Vec<BString>>, DecodeError> {
    let bytes = bytes_of(text, record)?;
    if bytes.is_empty() && text.flags & text_flag::FAULT != 0 {
        return Ok(Known::Missing(Reason::Failed));
    }
    if bytes.is_empty() {
        return Ok(Known::Is(Vec::new()));
    }
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    Ok(Known::Is(bytes.split(|byte| *byte == 0).map(BString::from).collect()))
}

/// Text in a field of fixed size, up to the first NUL.
pub(super) fn padded(field: &[u8]) -> BString {
    field.split(|byte| *byte == 0).next().unwrap_or_default().into()
}
