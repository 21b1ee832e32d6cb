//! Paths as bytes, as Unix has them.

use bstr::{BStr, BString, ByteSlice as _};

/// `directory` and `name`, joined by one slash.
pub fn join(directory: &BStr, name: &BStr) -> BString {
    let mut path = BString::from(directory.to_vec());
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The directory that `path` lies in, and its name there; `None` for the root and for a bare name.
pub fn split(path: &BStr) -> Option<(&BStr, &BStr)> {
    let (directory, name) = path.rsplit_once_str("/")?;
    let directory = if directory.is_empty() { b"/" } else { directory };
    (!name.is_empty()).then_some((directory.as_bstr(), name.as_bstr()))
}

/// `path`, as it is meant from the directory `base`: absolute, without `.`, `..` and double slashes, by the text alone.
pub fn normal(base: &BStr, path: &BStr) -> BString {
    let base = if path.starts_with(b"/") { BStr::new("") } else { base };
    let mut names: Vec<&[u8]> = Vec::new();
    for name in base.split_str("/").chain(path.split_str("/")) {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let mut normal = BString::default();
    for name in names {
        normal.push(b'/');
        normal.extend_from_slice(name);
    }
    if normal.is_empty() { "/".into() } else { normal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_and_made_normal() {
        assert_eq!(split(BStr::new("/a/b")), Some((BStr::new("/a"), BStr::new("b"))));
        assert_eq!(split(BStr::new("/a")), Some((BStr::new("/"), BStr::new("a"))));
        assert_eq!((split(BStr::new("/")), split(BStr::new("a"))), (None, None));
        for (base, path, expected) in [
            ("/etc/systemd", "/opt/a", "/opt/a"),
            ("/etc/systemd", "b", "/etc/systemd/b"),
            ("/etc/systemd", "../user/./b/", "/etc/user/b"),
            ("/etc", "../../../x", "/x"),
            ("/etc", "..", "/"),
            ("/", "//opt//a", "/opt/a"),
        ] {
            assert_eq!(normal(BStr::new(base), BStr::new(path)), expected, "{base} {path}");
        }
    }
}
