//! Waiting for a descriptor to become readable.
#![expect(
    unsafe_code,
    reason = "tokio's registration asks its caller to promise that the descriptor stays the same"
)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

/// A descriptor that can be awaited.
pub(super) struct Readable(AsyncFd<OwnedFd>);

impl Readable {
    /// Awaits `fd` by a descriptor of its own.
    ///
    /// # Errors
    /// When there is no descriptor left, or this one can't be awaited.
    pub(super) fn new(fd: impl AsFd) -> io::Result<Self> {
        let own = fd.as_fd().try_clone_to_owned()?;
        // SAFETY: an `OwnedFd` tells one and the same open descriptor until it is dropped, and it is moved into the
        // registration, which ends before.
        let registered = unsafe { AsyncFd::register_with_interest(own, Interest::READABLE) };
        Ok(Self(registered?))
    }

    /// Waits until `readable` is so; forever when there is none.
    pub(super) async fn wait(readable: Option<&Self>) -> io::Result<AsyncFdReadyGuard<'_, OwnedFd>> {
        match readable {
            Some(readable) => readable.0.readable().await,
            None => std::future::pending().await,
        }
    }
}
