//! Paths as bytes, as Unix has them.

use bstr::{BStr, BString};

/// `directory` and `name`, joined by one slash.
pub fn join(directory: &BStr, name: &BStr) -> BString {
    let mut path = BString::from(directory.to_vec());
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}
