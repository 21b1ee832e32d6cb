//! Transport: a thread that brings lines to their reader, whatever the reader does.
//!
//! - Whoever sends never waits on the reader. Lines wait in a queue of bounded size; when it is full, [`OnFull`]
//!   decides whether lines are dropped and counted (live) or the sender waits (replay).
//! - Dropped lines leave a line of their own in the stream, where they are missing. Once lines were dropped, more
//!   are until half of the queue is free, so that a slow reader gets few gaps and not many.
//! - Lines are written whole. Where a file takes only half of one, it is cut back to the last whole line.
//! - A file that has become large is given the name of an older one, and a new one begins, where [`Options::rotation`] says
//!   so.
//! - A reader that went away is final: [`SendError::Closed`], and [`Options::on_closed`] is called at once. It is noticed
//!   when the next line is written; whoever must know sooner watches the descriptor itself.
//! - Any other error, such as a full disk, is logged once, counted, and tried again.

mod file;
mod queue;
mod rotation;
#[cfg(test)]
mod tests;
mod thread;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use file::OpenError;
use queue::Queue;
pub use rotation::Rotation;

/// Where lines go.
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file that lines are added to: see [`OpenError`] for the files that are refused.
    File(PathBuf),
    /// Anything else that takes bytes.
    Stream(Box<dyn Write + Send>),
}

/// What happens to a line for which the queue has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// It is dropped and counted, and the stream says so.
    Drop,
    /// The sender waits for room.
    Wait,
}

/// How a writer behaves.
pub struct Options {
    /// How many bytes of lines may wait. A single longer line is dropped.
    pub queue_bytes: usize,
    /// What happens when they do.
    pub on_full: OnFull,
    /// How long to wait before a failed write is tried again.
    pub retry: Duration,
    /// When a file becomes an older one; `None` for never, as where somebody else sees to that.
    pub rotation: Option<Rotation>,
    /// Makes the line, with its line feed, that says that so many lines are missing here.
    pub loss_line: Box<dyn Fn(u64) -> Vec<u8> + Send + Sync>,
    /// Called once, on the writer's thread, when the reader went away.
    pub on_closed: Box<dyn FnOnce() + Send>,
}

/// Why a line was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The line was dropped and counted.
    #[error("queue of the output is full")]
    Full,
    /// Nobody reads any more.
    #[error("reader of the output is gone")]
    Closed,
}

/// Why a writer could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The target can't be opened.
    #[error("cannot open the output")]
    Open(#[from] OpenError),
    /// Standard output can't be used.
    #[error("cannot use standard output")]
    Stdout(#[source] io::Error),
    /// No thread could be made.
    #[error("cannot start the output's thread")]
    Thread(#[source] io::Error),
}

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Lines that were taken.
    pub accepted: u64,
    /// Lines that were written, those that tell of a loss left out.
    pub written: u64,
    /// Bytes that were written.
    pub written_bytes: u64,
    /// Lines that were dropped: for want of room, or because nobody read them until the end. Those of the last
    /// write, if it was never finished, count here too, although the reader may have got some of them.
    pub dropped: u64,
    /// Writes and reopenings that failed.
    pub errors: u64,
    /// Whether the reader went away.
    pub closed: bool,
}

/// Brings lines to their reader, on a thread of its own.
pub struct Writer {
    queue: Arc<Queue>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    /// Opens `target` and starts the thread.
    pub fn start(target: Target, options: Options) -> Result<Self, StartError> {
        let Options { queue_bytes, on_full, retry, rotation, loss_line, on_closed } = options;
        let sink = thread::Sink::open(target, rotation)?;
        let queue = Arc::new(Queue::new(queue_bytes, on_full, loss_line));
        let thread = std::thread::Builder::new()
            .name("output".to_owned())
            .spawn({
                let queue = Arc::clone(&queue);
                move || thread::run(&queue, sink, retry, on_closed)
            })
            .map_err(StartError::Thread)?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Takes one line, or several whole ones that belong together, with their line feeds.
    pub fn send(&self, line: Vec<u8>) -> Result<(), SendError> {
        self.queue.push(line)
    }

    /// Opens a file anew by its name, after it was moved away: for SIGHUP. Other targets stay.
    pub fn reopen(&self) {
        self.queue.request_reopen();
    }

    /// What became of the lines so far.
    pub fn stats(&self) -> Stats {
        self.queue.stats()
    }

    /// Takes no more lines and waits at most `patience` until the others are written. What the reader didn't
    /// take by then is counted as dropped.
    pub fn close(mut self, patience: Duration) -> Stats {
        let finished = self.queue.close(Instant::now() + patience);
        if finished && let Some(thread) = self.thread.take() {
            // It has told that it is at its end, so that this doesn't wait.
            if thread.join().is_err() {
                tracing::error!("the output's thread panicked");
            }
        }
        self.queue.stats()
    }
}

/// Leaves the thread some seconds to write what waits, and doesn't wait for it.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.abandon(Instant::now() + Duration::from_secs(5));
    }
}
