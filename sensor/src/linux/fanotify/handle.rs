//! File handles: what a directory is called in fanotify's events.
#![expect(unsafe_code, reason = "name_to_handle_at has no safe wrapper")]

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::libc;

/// Names an inode across the host: its file system and a handle within it (`name_to_handle_at(2)`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileHandle {
    /// The file system's id (statfs(2), `f_fsid`).
    pub filesystem: u64,
    /// The handle's type.
    pub kind: i32,
    /// The handle, opaque and at most 128 bytes.
    pub bytes: Vec<u8>,
}

/// Asks for a handle that only identifies (`AT_HANDLE_FID`, Linux 6.5).
const AT_HANDLE_FID: libc::c_int = 0x200;
/// The most bytes that a handle may have (`MAX_HANDLE_SZ`).
const MAX_HANDLE: usize = 128;

/// `struct file_handle` with room for the largest handle.
#[repr(C)]
struct Buffer {
    bytes: libc::c_uint,
    kind: libc::c_int,
    handle: [u8; MAX_HANDLE],
}

impl FileHandle {
    /// The handle of the file at `path`, following symbolic links.
    ///
    /// # Errors
    /// What `name_to_handle_at(2)` or statvfs(3) says; `EOPNOTSUPP` where the file system has no handles.
    pub fn of(path: &Path) -> Result<Self, Errno> {
        let name = CString::new(path.as_os_str().as_bytes()).map_err(|_interior_nul| Errno::EINVAL)?;
        // A file system such as overlayfs may give handles that can't be opened; to compare them is all that is done.
        match Self::read(path, &name, libc::AT_SYMLINK_FOLLOW) {
            Err(Errno::EOPNOTSUPP) => Self::read(path, &name, libc::AT_SYMLINK_FOLLOW | AT_HANDLE_FID),
            handle => handle,
        }
    }

    fn read(path: &Path, name: &CStr, flags: libc::c_int) -> Result<Self, Errno> {
        let mut buffer =
            Buffer { bytes: u32::try_from(MAX_HANDLE).unwrap_or(0), kind: 0, handle: [0; MAX_HANDLE] };
        let mut mount_id: libc::c_int = 0;
        // SAFETY: `name` is a C string, `buffer` has the layout of struct file_handle with as many bytes
        // as it says, and both outlive the call, which keeps no pointer.
        let result = unsafe {
            libc::name_to_handle_at(
                libc::AT_FDCWD,
                name.as_ptr(),
                (&raw mut buffer).cast(),
                &raw mut mount_id,
                flags,
            )
        };
        Errno::result(result)?;
        let length = usize::try_from(buffer.bytes).unwrap_or(MAX_HANDLE).min(MAX_HANDLE);
        let filesystem =
            rustix::fs::statvfs(path).map_err(|errno| Errno::from_raw(errno.raw_os_error()))?.f_fsid;
        let bytes = buffer.handle.get(..length).unwrap_or_default().to_vec();
        Ok(Self { filesystem, kind: buffer.kind, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_of_a_directory_have_one_handle() {
        let directory = tempfile::tempdir().unwrap();
        let other = directory.path().join("../").join(directory.path().file_name().unwrap());
        assert_eq!(FileHandle::of(directory.path()), FileHandle::of(&other));
        assert_ne!(FileHandle::of(directory.path()), FileHandle::of(Path::new("/")));
        assert_eq!(FileHandle::of(Path::new("/nowhere/at/all")), Err(Errno::ENOENT));
    }
}
