//! Opens what lines are written to, and refuses files through which others could read or forge them.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file is not written to.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system refused, such as for want of the directory. A symbolic link as the last part is not followed.
    #[error("cannot open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no regular file.
    #[error("{path} is not a regular file")]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
    /// It has another owner than the sensor, who could read and forge what is written.
    #[error("{path} belongs to user {owner}")]
    OtherOwner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Others may write to it.
    #[error("{path} is writable for others (mode {mode:04o})")]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It has a second name, by which somebody may have led us to a file of another purpose.
    #[error("{path} has {links} names")]
    Linked {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
    /// Everybody may replace files in its directory: there is no sticky bit.
    #[error("everybody may replace files in {directory}")]
    OpenDirectory {
        /// The directory.
        directory: PathBuf,
    },
}

/// Opens `path` to add lines to, readable for its owner only where it is new. A file that ends within a line, as
/// after a loss of power, gets a line feed first.
pub(super) fn open(path: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Open { path: path.to_owned(), source };
    let mut file = platform::open(path)?;
    end_line(&mut file).map_err(failed)?;
    Ok(file)
}

fn end_line(file: &mut File) -> io::Result<()> {
    use io::{Read, Seek, SeekFrom, Write};
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}

/// Standard output without the buffer that the standard library keeps, which would tear lines; with it where it is a
/// console of Windows, which takes text and no bytes.
pub(super) fn stdout() -> io::Result<Box<dyn io::Write + Send>> {
    platform::stdout()
}

#[cfg(unix)]
mod platform {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use super::OpenError;

    pub(super) fn stdout() -> io::Result<Box<dyn io::Write + Send>> {
        Ok(Box::new(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
    }

    pub(super) fn open(path: &Path) -> Result<File, OpenError> {
        let failed = |source| OpenError::Open { path: path.to_owned(), source };
        check_directory(path)?;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            // Not blocking, since opening a pipe that nobody reads would wait: it is refused below.
            .custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed())
            .open(path)
            .map_err(failed)?;
        // Checked on the open file, so that nobody can change it in between.
        let facts = file.metadata().map_err(failed)?;
        let path = || path.to_owned();
        if !facts.is_file() {
            return Err(OpenError::NotRegular { path: path() });
        }
        if facts.uid() != rustix::process::geteuid().as_raw() {
            return Err(OpenError::OtherOwner { path: path(), owner: facts.uid() });
        }
        if facts.mode() & 0o022 != 0 {
            return Err(OpenError::Writable { path: path(), mode: facts.mode() & 0o7777 });
        }
        if facts.nlink() > 1 {
            return Err(OpenError::Linked { path: path(), links: facts.nlink() });
        }
        if facts.mode() & 0o004 != 0 {
            tracing::warn!(path = %path().display(), "everybody may read the output");
        }
        Ok(file)
    }

    /// A directory that a group may write to, as /var/log is on some distributions, is accepted with a warning.
    fn check_directory(path: &Path) -> Result<(), OpenError> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let facts =
            directory.metadata().map_err(|source| OpenError::Open { path: directory.to_owned(), source })?;
        let sticky = facts.mode() & 0o1000 != 0;
        if facts.mode() & 0o002 != 0 && !sticky {
            return Err(OpenError::OpenDirectory { directory: directory.to_owned() });
        }
        if facts.mode() & 0o020 != 0 && !sticky {
            tracing::warn!(directory = %directory.display(), "a group may replace the output");
        }
        Ok(())
    }
}

#[cfg(windows)]
mod platform {
    use std::fs::{File, OpenOptions};
    use std::io::{self, IsTerminal, Seek, SeekFrom};
    use std::os::windows::io::AsHandle;
    use std::path::Path;

    use super::OpenError;
    use crate::windows::folder;

    pub(super) fn stdout() -> io::Result<Box<dyn io::Write + Send>> {
        let stdout = io::stdout();
        if stdout.is_terminal() {
            // The bytes themselves would be shown in the console's own code page.
            return Ok(Box::new(stdout));
        }
        Ok(Box::new(File::from(stdout.as_handle().try_clone_to_owned()?)))
    }

    /// A new file is its owner's, the administrators' and the system's alone. One that is there keeps its access control
    /// list, and is refused where it belongs to somebody else.
    pub(super) fn open(path: &Path) -> Result<File, OpenError> {
        let failed = |source| OpenError::Open { path: path.to_owned(), source };
        match folder::make_private_file(path) {
            Ok(file) => return Ok(file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        if path.symlink_metadata().map_err(failed)?.is_symlink() {
            return Err(OpenError::NotRegular { path: path.to_owned() });
        }
        // To be cut back it has to be open for more than for adding to its end.
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(OpenError::NotRegular { path: path.to_owned() });
        }
        folder::refuse_stranger(path).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(file)
    }
}
