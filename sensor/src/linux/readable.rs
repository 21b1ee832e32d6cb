//! Waiting for a descriptor to become readable, or for its reader to go.
#![expect(
    unsafe_code,
    reason = "tokio's registration asks its caller to promise that the descriptor stays the same"
)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};

/// A descriptor that can be awaited.
pub(super) struct Readable {
    fd: AsyncFd<OwnedFd>,
    interest: Interest,
}

impl Readable {
    /// Awaits `fd` by a descriptor of its own.
    ///
    /// # Errors
    /// When there is no descriptor left, or this one can't be awaited.
    pub(super) fn new(fd: impl AsFd) -> io::Result<Self> {
        Self::with_interest(fd, Interest::READABLE)
    }

    /// Awaits urgent data of `fd` (`POLLPRI` of poll(2)).
    ///
    /// # Errors
    /// See [`Self::new`].
    pub(super) fn urgent(fd: impl AsFd) -> io::Result<Self> {
        Self::with_interest(fd, Interest::PRIORITY)
    }

    fn with_interest(fd: impl AsFd, interest: Interest) -> io::Result<Self> {
        register(fd, interest).map(|fd| Self { fd, interest })
    }

    /// Waits until `readable` is so; forever when there is none.
    pub(super) async fn wait(readable: Option<&Self>) -> io::Result<AsyncFdReadyGuard<'_, OwnedFd>> {
        match readable {
            Some(readable) => readable.fd.ready(readable.interest).await,
            None => std::future::pending().await,
        }
    }
}

/// A descriptor that is written to.
pub(super) struct Writable(AsyncFd<OwnedFd>);

impl Writable {
    /// Awaits `fd` by a descriptor of its own.
    ///
    /// # Errors
    /// When there is no descriptor left, or this one can't be awaited: that of a file.
    pub(super) fn new(fd: impl AsFd) -> io::Result<Self> {
        register(fd, Interest::WRITABLE | Interest::ERROR).map(Self)
    }

    /// Waits until nobody is left who could read what is written.
    ///
    /// # Errors
    /// When the wait itself fails.
    pub(super) async fn closed(&self) -> io::Result<()> {
        loop {
            // A pipe tells it as an error, a socket as being closed (epoll_ctl(2), EPOLLERR and EPOLLHUP).
            let mut guard = self.0.ready(Interest::WRITABLE | Interest::ERROR).await?;
            if guard.ready().is_error() || guard.ready().is_write_closed() {
                return Ok(());
            }
            guard.clear_ready();
        }
    }
}

fn register(fd: impl AsFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    let own = fd.as_fd().try_clone_to_owned()?;
    // SAFETY: an `OwnedFd` tells one and the same open descriptor until it is dropped, and it is moved into the
    // registration, which ends before.
    let registered = unsafe { AsyncFd::register_with_interest(own, interest) };
    Ok(registered?)
}
