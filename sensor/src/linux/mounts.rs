//! File systems that are mounted and unmounted: what they cover or uncover changes without any change of a name.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::{AsFd, BorrowedFd};

use bstr::{BString, ByteSlice as _};

/// The mounts of the sensor's mount namespace.
const MOUNTS: &str = "/proc/self/mountinfo";
/// The most bytes that are read of it: some hundred thousand mounts.
const MOST: u64 = 16 << 20;

/// The mounts of the mount namespace that the sensor lives in.
pub(super) struct Mounts {
    file: File,
    known: BTreeSet<Mount>,
}

/// A mount: its id, device, root and the path that it is mounted on, as the kernel writes them.
type Mount = BString;

impl Mounts {
    /// Reads them. From then on the descriptor has urgent data (`POLLPRI`) when they change, once for each time that it is
    /// polled (`mounts_poll` of `fs/proc_namespace.c`).
    ///
    /// # Errors
    /// When they can't be read.
    pub(super) fn read() -> io::Result<Self> {
        let mut mounts = Self { file: File::open(MOUNTS)?, known: BTreeSet::new() };
        mounts.known = mounts.now()?;
        Ok(mounts)
    }

    /// Where file systems were mounted or unmounted since this was asked last.
    ///
    /// # Errors
    /// When they can't be read.
    pub(super) fn changed(&mut self) -> io::Result<Vec<BString>> {
        let now = self.now()?;
        let points: BTreeSet<BString> = self.known.symmetric_difference(&now).filter_map(point).collect();
        self.known = now;
        Ok(points.into_iter().collect())
    }

    fn now(&mut self) -> io::Result<BTreeSet<Mount>> {
        self.file.rewind()?;
        let mut text = Vec::new();
        self.file.by_ref().take(MOST).read_to_end(&mut text)?;
        Ok(text.lines().filter_map(mount).collect())
    }
}

impl AsFd for Mounts {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// What identifies a mount, of a line `ID PARENT DEVICE ROOT POINT OPTIONS …` (`proc_pid_mountinfo(5)`).
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let (id, _parent) = (fields.next()?, fields.next()?);
    let rest: Vec<&[u8]> = fields.take(3).collect();
    (rest.len() == 3).then(|| [id, &rest.join(&b' ')].join(&b' ').into())
}

/// The path that it is mounted on.
fn point(mount: &Mount) -> Option<BString> {
    mount.rsplit(|byte| *byte == b' ').next().map(unescape)
}

/// The kernel writes blanks and backslashes as three octal digits (`mangle` of `fs/proc_namespace.c`).
fn unescape(text: &[u8]) -> BString {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        plain.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_where() {
        for (line, expected) in [
            ("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw", Some("/mnt2")),
            (r"36 35 0:4 / /a\040b\134c rw - tmpfs tmpfs rw", Some(r"/a b\c")),
            (r"36 35 0:4 / /a\04 rw - tmpfs tmpfs rw", Some(r"/a\04")),
            (r"36 35 0:4 / /a\999 rw - tmpfs tmpfs rw", Some(r"/a\999")),
            ("36 35 0:4 /", None),
            ("", None),
        ] {
            let found = mount(line.as_bytes()).as_ref().and_then(point);
            assert_eq!(found, expected.map(BString::from), "{line}");
        }
    }

    #[test]
    fn only_what_identifies_a_mount_counts() {
        let a = mount(b"36 35 98:0 /a /b rw,noatime master:1 - ext3 /dev/root rw");
        assert_eq!(a, mount(b"36 35 98:0 /a /b ro - ext3 /dev/root rw"));
        assert_ne!(a, mount(b"36 35 98:0 /c /b rw - ext3 /dev/root rw"));
        assert_ne!(a, mount(b"37 35 98:0 /a /b rw - ext3 /dev/root rw"));
    }

    #[test]
    fn nothing_changes_by_itself() {
        let mut mounts = Mounts::read().unwrap();
        assert!(!mounts.known.is_empty());
        assert_eq!(mounts.changed().unwrap(), Vec::<BString>::new());
    }
}
