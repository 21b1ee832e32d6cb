//! fanotify: tells that a name in a marked directory changed, and which process did it.
//!
//! Source: fanotify(7), `fanotify_init(2)`, `fanotify_mark(2)`. Marks lie on the inodes of directories, so a file
//! elsewhere costs nothing. Events of one object by one process merge in the queue and lose their order.

mod event;
mod handle;
mod watcher;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bstr::BStr;
use nix::errno::Errno;
use nix::sys::fanotify::{EventFFlags, Fanotify, InitFlags, MarkFlags, MaskFlags};

use super::path::os_path;

pub use event::{EventError, Notice, Notices, mask};
pub use handle::FileHandle;
pub use watcher::{Counters, Watcher};

/// fanotify did not work.
#[derive(Debug, thiserror::Error)]
pub enum FanotifyError {
    /// The group could not be made; needs `CAP_SYS_ADMIN` and Linux 5.9.
    #[error("fanotify_init")]
    Init(#[source] Errno),
    /// A directory or file could not be marked.
    #[error("fanotify_mark {path}")]
    Mark {
        /// The directory.
        path: String,
        /// What the kernel said.
        #[source]
        errno: Errno,
    },
    /// A directory's handle could not be read, so its events could not be told from others'.
    #[error("name_to_handle_at {path}")]
    Handle {
        /// The directory.
        path: String,
        /// What the kernel said.
        #[source]
        errno: Errno,
    },
}

/// A notification group: a queue of events and the marks that fill it.
pub struct Group {
    inner: Fanotify,
}

impl Group {
    /// Makes a group whose events name a directory, an entry in it and a process.
    ///
    /// # Errors
    /// [`FanotifyError::Init`] without `CAP_SYS_ADMIN`, or before Linux 5.9.
    pub fn of_directories() -> Result<Self, FanotifyError> {
        Self::new(nix::libc::FAN_REPORT_DIR_FID | nix::libc::FAN_REPORT_NAME)
    }

    /// Makes a group whose events name a file and a process.
    ///
    /// # Errors
    /// [`FanotifyError::Init`] without `CAP_SYS_ADMIN`, or before Linux 5.1.
    pub fn of_files() -> Result<Self, FanotifyError> {
        Self::new(nix::libc::FAN_REPORT_FID)
    }

    fn new(report: u32) -> Result<Self, FanotifyError> {
        let flags = InitFlags::FAN_CLASS_NOTIF
            | InitFlags::FAN_CLOEXEC
            | InitFlags::FAN_NONBLOCK
            | InitFlags::from_bits_retain(report);
        let inner = Fanotify::init(flags, EventFFlags::O_RDONLY).map_err(FanotifyError::Init)?;
        Ok(Self { inner })
    }

    /// Marks the directory or file at `path`, following links, for the events of `mask`, and tells its handle.
    ///
    /// # Errors
    /// When it does not exist, or its file system tells no handles.
    pub fn mark(&self, path: &BStr, mask: u64) -> Result<FileHandle, FanotifyError> {
        let os_path = os_path(path);
        self.inner
            .mark(MarkFlags::FAN_MARK_ADD, MaskFlags::from_bits_retain(mask), rustix::fs::CWD, Some(os_path))
            .map_err(|errno| FanotifyError::Mark { path: path.to_string(), errno })?;
        FileHandle::of(os_path).map_err(|errno| FanotifyError::Handle { path: path.to_string(), errno })
    }

    /// Reads as many events as fit into `buffer`; zero bytes when there are none.
    ///
    /// # Errors
    /// What read(2) says, other than that there is nothing to read.
    pub fn read(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match rustix::io::read(&self.inner, buffer) {
            Ok(length) => Ok(length),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Group {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl From<Group> for OwnedFd {
    fn from(group: Group) -> Self {
        group.inner.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Needs `CAP_SYS_ADMIN`; says so where it has none.
    #[test]
    fn a_write_in_a_marked_directory_is_told_with_its_name_and_process() {
        let group = match Group::of_directories() {
            Ok(group) => group,
            Err(error) => {
                println!("skipped: {error}: {:?}", std::error::Error::source(&error));
                return;
            }
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().as_os_str().as_encoded_bytes();
        let handle = group.mark(BStr::new(path), mask::UNIT_DIRECTORY).unwrap();
        std::fs::write(directory.path().join("x.service"), "[Service]\n").unwrap();
        let mut buffer = vec![0; 4096];
        let length = group.read(&mut buffer).unwrap();
        let notices: Vec<_> = Notices::new(&buffer[..length]).map(Result::unwrap).collect();
        assert_eq!(notices[0].directory.as_ref(), Some(&handle));
        assert_eq!(notices[0].name, "x.service");
        assert_eq!(notices[0].pid, i32::try_from(std::process::id()).unwrap());
        assert_ne!(notices[0].mask & mask::CLOSE_WRITE, 0);
    }
}
