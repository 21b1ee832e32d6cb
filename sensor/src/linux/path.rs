//! Paths as Linux has them: any bytes but NUL.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use bstr::{BStr, BString};

pub use crate::path::join;

/// `path` as the standard library wants it.
pub fn os_path(path: &BStr) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

/// `path` as bytes.
pub fn bytes_of(path: &Path) -> BString {
    path.as_os_str().as_bytes().into()
}
