//! System calls that change files in ways which no ordinary command does, each made by a process of its own.

use std::io::{Read as _, Write as _, stdin, stdout};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

pub mod descriptor;
mod file;
mod mapping;
mod ring;

/// One change to files, as a scenario names it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// open(2) with `O_CREAT | O_TRUNC`, write(2), close(2).
    Write {
        /// The file.
        path: PathBuf,
        /// Its new content.
        text: String,
    },
    /// The same, with the content in pieces of one byte by writev(2).
    Writev {
        /// The file.
        path: PathBuf,
        /// Its new content.
        text: String,
    },
    /// pwrite(2) over part of a file.
    Pwrite {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What.
        text: String,
    },
    /// ftruncate(2) by a descriptor, and nothing written.
    Ftruncate {
        /// The file.
        path: PathBuf,
        /// Its new size in bytes.
        size: u64,
    },
    /// truncate(2) by a path.
    Truncate {
        /// The file.
        path: PathBuf,
        /// Its new size in bytes.
        size: u64,
    },
    /// fallocate(2) that makes a file longer.
    Allocate {
        /// The file.
        path: PathBuf,
        /// Its new size in bytes.
        size: u64,
    },
    /// setxattr(2).
    SetAttribute {
        /// The file.
        path: PathBuf,
        /// The extended attribute's name, with its class.
        name: String,
        /// Its value.
        value: String,
    },
    /// Opens a file for writing and closes it with nothing written.
    OpenClose {
        /// The file.
        path: PathBuf,
    },
    /// mmap(2), shared and writable; the content is changed in memory after the descriptor was closed.
    MmapWrite {
        /// The file.
        path: PathBuf,
        /// Its new content.
        text: String,
    },
    /// `copy_file_range(2)` from another file.
    CopyRange {
        /// The other file.
        from: PathBuf,
        /// The file.
        path: PathBuf,
    },
    /// sendfile(2) from another file.
    Sendfile {
        /// The other file.
        from: PathBuf,
        /// The file.
        path: PathBuf,
    },
    /// A file without a name (`O_TMPFILE`), which gets one by linkat(2) when its content is complete.
    TmpfileLink {
        /// The file.
        path: PathBuf,
        /// Its content.
        text: String,
    },
    /// renameat2(2) with `RENAME_EXCHANGE`.
    Exchange {
        /// One name.
        from: PathBuf,
        /// The other.
        path: PathBuf,
    },
    /// renameat2(2) with `RENAME_NOREPLACE`.
    RenameNoreplace {
        /// The old name.
        from: PathBuf,
        /// The new name.
        path: PathBuf,
    },
    /// openat(2) relative to a directory's descriptor, from a working directory elsewhere.
    DirfdWrite {
        /// The directory.
        directory: PathBuf,
        /// The file's name in it.
        name: PathBuf,
        /// Its content.
        text: String,
    },
    /// Opens a file, passes the descriptor over a socket to another process, and ends; the other one writes.
    PassDescriptor {
        /// The file.
        path: PathBuf,
        /// Its content.
        text: String,
    },
    /// Opens and writes a file, and keeps it open until the scenario has ended.
    Hold {
        /// The file.
        path: PathBuf,
        /// Its content.
        text: String,
    },
    /// The same as `Write`, each call by way of `io_uring`.
    RingWrite {
        /// The file.
        path: PathBuf,
        /// Its new content.
        text: String,
    },
    /// renameat(2) by way of `io_uring`.
    RingRename {
        /// The old name.
        from: PathBuf,
        /// The new name.
        path: PathBuf,
    },
    /// linkat(2) by way of `io_uring`.
    RingLink {
        /// The file.
        from: PathBuf,
        /// Its further name.
        path: PathBuf,
    },
    /// symlinkat(2) by way of `io_uring`.
    RingSymlink {
        /// What it points to.
        target: PathBuf,
        /// The symbolic link.
        path: PathBuf,
    },
    /// unlinkat(2) by way of `io_uring`.
    RingUnlink {
        /// The file.
        path: PathBuf,
    },
}

impl Operation {
    /// Whether it goes on until its standard input ends, and says `ready` on its standard output before.
    pub fn lasts(&self) -> bool {
        matches!(self, Self::Hold { .. })
    }

    /// Does it in this process.
    pub fn perform(&self) -> Result<()> {
        match self {
            Self::Write { path, text } => file::write(path, text),
            Self::Writev { path, text } => file::writev(path, text),
            Self::Pwrite { path, offset, text } => file::pwrite(path, *offset, text),
            Self::Ftruncate { path, size } => file::ftruncate(path, *size),
            Self::Truncate { path, size } => file::truncate(path, *size),
            Self::Allocate { path, size } => file::allocate(path, *size),
            Self::SetAttribute { path, name, value } => file::set_attribute(path, name, value),
            Self::OpenClose { path } => file::open_close(path),
            Self::MmapWrite { path, text } => mapping::write(path, text),
            Self::CopyRange { from, path } => file::copy_range(from, path),
            Self::Sendfile { from, path } => file::sendfile(from, path),
            Self::TmpfileLink { path, text } => file::tmpfile_link(path, text),
            Self::Exchange { from, path } => file::exchange(from, path),
            Self::RenameNoreplace { from, path } => file::rename_noreplace(from, path),
            Self::DirfdWrite { directory, name, text } => file::dirfd_write(directory, name, text),
            Self::PassDescriptor { path, text } => descriptor::pass(path, text),
            Self::Hold { path, text } => hold(path, text),
            Self::RingWrite { path, text } => ring::write(path, text),
            Self::RingRename { from, path } => ring::rename(from, path),
            Self::RingLink { from, path } => ring::link(from, path),
            Self::RingSymlink { target, path } => ring::symlink(target, path),
            Self::RingUnlink { path } => ring::unlink(path),
        }
        .with_context(|| format!("{self:?}"))
    }
}

fn hold(path: &std::path::Path, text: &str) -> Result<()> {
    let mut file = file::create(path)?;
    file.write_all(text.as_bytes())?;
    stdout().write_all(b"ready\n")?;
    stdout().flush()?;
    stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
