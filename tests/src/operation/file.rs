//! Changes by ordinary system calls.

use std::fs::{File, OpenOptions};
use std::io::{IoSlice, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rustix::fs::{AtFlags, CWD, FallocateFlags, Mode, OFlags, RenameFlags, XattrFlags};

/// The permissions of new files, before the umask.
const MODE: Mode = Mode::from_raw_mode(0o644);

pub(super) fn create(path: &Path) -> Result<File> {
    Ok(OpenOptions::new().write(true).create(true).truncate(true).open(path)?)
}

pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    Ok(create(path)?.write_all(text.as_bytes())?)
}

pub(super) fn writev(path: &Path, text: &str) -> Result<()> {
    let pieces: Vec<IoSlice<'_>> = text.as_bytes().chunks(1).map(IoSlice::new).collect();
    let mut file = create(path)?;
    // As many pieces as one call takes (IOV_MAX in writev(2)).
    for pieces in pieces.chunks(1024) {
        let written = file.write_vectored(pieces)?;
        ensure!(written == pieces.len(), "{written} of {} bytes were written", pieces.len());
    }
    Ok(())
}

pub(super) fn pwrite(path: &Path, offset: u64, text: &str) -> Result<()> {
    Ok(OpenOptions::new().write(true).open(path)?.write_all_at(text.as_bytes(), offset)?)
}

pub(super) fn ftruncate(path: &Path, size: u64) -> Result<()> {
    Ok(OpenOptions::new().write(true).open(path)?.set_len(size)?)
}

pub(super) fn truncate(path: &Path, size: u64) -> Result<()> {
    // rustix has no truncate by path; truncate(1) opens the file, but this is what it would do without.
    Ok(nix::unistd::truncate(path, i64::try_from(size)?)?)
}

pub(super) fn allocate(path: &Path, size: u64) -> Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    Ok(rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, size)?)
}

pub(super) fn set_attribute(path: &Path, name: &str, value: &str) -> Result<()> {
    Ok(rustix::fs::setxattr(path, name, value.as_bytes(), XattrFlags::empty())?)
}

pub(super) fn open_close(path: &Path) -> Result<()> {
    OpenOptions::new().write(true).open(path)?;
    Ok(())
}

pub(super) fn copy_range(from: &Path, path: &Path) -> Result<()> {
    let (from, to) = (File::open(from)?, create(path)?);
    let size = usize::try_from(from.metadata()?.len())?;
    let copied = rustix::fs::copy_file_range(&from, None, &to, None, size)?;
    ensure!(copied == size, "{copied} of {size} bytes were copied");
    Ok(())
}

pub(super) fn sendfile(from: &Path, path: &Path) -> Result<()> {
    let (from, to) = (File::open(from)?, create(path)?);
    let size = usize::try_from(from.metadata()?.len())?;
    let sent = rustix::fs::sendfile(&to, &from, None, size)?;
    ensure!(sent == size, "{sent} of {size} bytes were sent");
    Ok(())
}

pub(super) fn tmpfile_link(path: &Path, text: &str) -> Result<()> {
    let directory = path.parent().context("a file without a directory")?;
    let file = rustix::fs::open(directory, OFlags::TMPFILE | OFlags::WRONLY, MODE)?;
    let mut file = File::from(file);
    file.write_all(text.as_bytes())?;
    let named = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    Ok(rustix::fs::linkat(CWD, named, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

pub(super) fn exchange(from: &Path, path: &Path) -> Result<()> {
    Ok(rustix::fs::renameat_with(CWD, from, CWD, path, RenameFlags::EXCHANGE)?)
}

pub(super) fn rename_noreplace(from: &Path, path: &Path) -> Result<()> {
    Ok(rustix::fs::renameat_with(CWD, from, CWD, path, RenameFlags::NOREPLACE)?)
}

pub(super) fn dirfd_write(directory: &Path, name: &Path, text: &str) -> Result<()> {
    let directory = File::open(directory)?;
    std::env::set_current_dir("/proc")?;
    let flags = OFlags::CREATE | OFlags::TRUNC | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&directory, name, flags, MODE)?;
    Ok(File::from(file).write_all(text.as_bytes())?)
}
