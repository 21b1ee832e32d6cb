//! Noticing that nobody reads standard output any more, although nothing is written to it.

use std::io;

use super::readable::Writable;

/// Waits until whoever reads standard output has gone; forever where that can't be told, as of a file or a terminal's
/// other end that stays.
pub async fn gone() {
    let watched = Writable::new(io::stdout());
    let closed = match &watched {
        Ok(stdout) => stdout.closed().await,
        Err(error) => Err(io::Error::new(error.kind(), "it can't be awaited")),
    };
    if let Err(error) = closed {
        tracing::debug!(%error, "that the reader went away is noticed when the next line is written");
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A future that is not ready yet stays so; one that should become ready is awaited for as long as a test may take.
    async fn closes(writable: &Writable, patience: Duration) -> bool {
        tokio::time::timeout(patience, writable.closed()).await.is_ok_and(|closed| closed.is_ok())
    }

    #[test]
    fn a_reader_that_goes_away_is_noticed() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (reader, writer) = io::pipe().unwrap();
            let pipe = Writable::new(writer).unwrap();
            let (peer, socket) = std::os::unix::net::UnixStream::pair().unwrap();
            let socket = Writable::new(socket).unwrap();
            assert!(!closes(&pipe, Duration::from_millis(20)).await, "the reader is there");
            assert!(!closes(&socket, Duration::from_millis(20)).await, "the peer is there");
            drop((reader, peer));
            assert!(closes(&pipe, Duration::from_secs(10)).await);
            assert!(closes(&socket, Duration::from_secs(10)).await);
            assert!(Writable::new(tempfile::tempfile().unwrap()).is_err(), "a file has no reader");
        });
    }
}
