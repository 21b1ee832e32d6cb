//! A descriptor that one process opens and another one writes to.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};

/// The argument by which this program becomes the other process.
pub const RECEIVE: &str = "receive-descriptor";

/// Opens a file, passes its descriptor on, closes its own, and waits until the other process has written.
pub(super) fn pass(path: &Path, text: &str) -> Result<()> {
    let (here, there) = UnixStream::pair()?;
    let mut receiver = Command::new(std::env::current_exe()?)
        .arg(RECEIVE)
        .arg(text)
        .stdin(Stdio::from(OwnedFd::from(there)))
        .spawn()
        .context("starting the receiver")?;
    let file = super::file::create(path)?;
    let descriptors = [file.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    rustix::net::sendmsg(&here, &[IoSlice::new(b"x")], &mut control, SendFlags::empty())?;
    drop(file);
    // One byte tells the receiver that this process no longer holds the file.
    (&here).write_all(b"x")?;
    let status = receiver.wait()?;
    anyhow::ensure!(status.success(), "the receiver ended with {status}");
    Ok(())
}

/// The other process: takes a descriptor from its standard input and writes to it as the last one that holds it.
pub fn receive(text: &str) -> Result<()> {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    rustix::net::recvmsg(&socket, &mut [IoSliceMut::new(&mut [0])], &mut control, RecvFlags::empty())?;
    let descriptor = control
        .drain()
        .find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        })
        .context("no descriptor came")?;
    (&socket).read_exact(&mut [0])?;
    Ok(File::from(descriptor).write_all(text.as_bytes())?)
}
