//! Changes by way of `io_uring`: the calls are made by the kernel, and no system call names the file.
#![expect(
    unsafe_code,
    reason = "what is submitted must outlive the submission, which only the caller can know"
)]

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use io_uring::squeue::Entry;
use io_uring::types::Fd;
use io_uring::{IoUring, opcode};

/// The working directory, as the *at system calls name it.
const HERE: Fd = Fd(nix::libc::AT_FDCWD);

pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let path = name(path)?;
    let flags = nix::libc::O_CREAT | nix::libc::O_TRUNC | nix::libc::O_WRONLY | nix::libc::O_CLOEXEC;
    let mut ring = IoUring::new(4).context("setting up io_uring")?;
    let open = opcode::OpenAt::new(HERE, path.as_ptr()).flags(flags).mode(0o644).build();
    let file = Fd(submit(&mut ring, &open).context("opening")?);
    let size = u32::try_from(text.len())?;
    submit(&mut ring, &opcode::Write::new(file, text.as_ptr(), size).build()).context("writing")?;
    submit(&mut ring, &opcode::Close::new(file).build()).context("closing").map(drop)
}

pub(super) fn rename(from: &Path, path: &Path) -> Result<()> {
    let (from, path) = (name(from)?, name(path)?);
    once(&opcode::RenameAt::new(HERE, from.as_ptr(), HERE, path.as_ptr()).build())
}

pub(super) fn link(from: &Path, path: &Path) -> Result<()> {
    let (from, path) = (name(from)?, name(path)?);
    once(&opcode::LinkAt::new(HERE, from.as_ptr(), HERE, path.as_ptr()).build())
}

pub(super) fn symlink(target: &Path, path: &Path) -> Result<()> {
    let (target, path) = (name(target)?, name(path)?);
    once(&opcode::SymlinkAt::new(HERE, target.as_ptr(), path.as_ptr()).build())
}

pub(super) fn unlink(path: &Path) -> Result<()> {
    let path = name(path)?;
    once(&opcode::UnlinkAt::new(HERE, path.as_ptr()).build())
}

fn once(entry: &Entry) -> Result<()> {
    let mut ring = IoUring::new(4).context("setting up io_uring")?;
    submit(&mut ring, entry).map(drop)
}

fn name(path: &Path) -> Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

/// Submits one entry and waits for its result. What the entry points to is borrowed by the caller until then.
fn submit(ring: &mut IoUring, entry: &Entry) -> Result<i32> {
    // SAFETY: every caller keeps the names and buffers of the entry until this function has seen its completion.
    unsafe { ring.submission().push(entry) }.context("the submission queue is full")?;
    ring.submit_and_wait(1).context("waiting for io_uring")?;
    let completion = ring.completion().next().context("io_uring completed nothing")?;
    let result = completion.result();
    if result < 0 { Err(io::Error::from_raw_os_error(-result).into()) } else { Ok(result) }
}
