//! The thread that writes.

use std::io::{self, ErrorKind, Seek as _, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use super::queue::{Line, Queue, Task};
use super::{Rotation, StartError, Target, file};

/// How many bytes of lines are written at once: no less than a pipe holds.
const BATCH_BYTES: usize = 64 * 1024;

/// An open target.
pub(super) enum Sink {
    File { path: PathBuf, file: std::fs::File, rotation: Option<Rotation> },
    Stream(Box<dyn Write + Send>),
}

impl Sink {
    pub(super) fn open(target: Target, rotation: Option<Rotation>) -> Result<Self, StartError> {
        Ok(match target {
            Target::Stdout => Self::Stream(file::stdout().map_err(StartError::Stdout)?),
            Target::File(path) => {
                let file = file::open(&path)?;
                Self::File { path, file, rotation }
            }
            Target::Stream(stream) => Self::Stream(stream),
        })
    }

    /// Writes all of `bytes`, of which the first `done` were written before; after an error, `done` says how
    /// much is now. A file holds whole lines even then, which its size tells.
    fn write(&mut self, bytes: &[u8], done: &mut usize) -> io::Result<()> {
        let stream: &mut dyn Write = match self {
            Self::File { file, .. } => file,
            Self::Stream(stream) => stream,
        };
        while let Some(rest) = bytes.get(*done..).filter(|rest| !rest.is_empty()) {
            match stream.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => *done += written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        stream.flush()
    }

    /// After a failed write: where the target is a file, takes back what stands there of an unfinished line.
    fn take_back(&mut self, bytes: &[u8], done: &mut usize) -> io::Result<()> {
        let Self::File { file, .. } = self else { return Ok(()) };
        let written = bytes.get(..*done).unwrap_or(bytes);
        let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let torn = written.len() - whole;
        if torn > 0 {
            let length = file.metadata()?.len();
            file.set_len(length.saturating_sub(torn as u64))?;
            *done = whole;
            // Where files are not written at their end by themselves.
            file.seek(SeekFrom::End(0))?;
        }
        Ok(())
    }

    fn reopen(&mut self) -> Result<(), super::OpenError> {
        if let Self::File { path, file, .. } = self {
            *file = file::open(path)?;
        }
        Ok(())
    }

    /// Makes a file that has become large an older one. It is still written to until it is opened anew.
    fn rotate(&self) -> io::Result<bool> {
        let Self::File { path, file, rotation: Some(rotation) } = self else { return Ok(false) };
        let is_large = file.metadata()?.len() >= rotation.bytes;
        if is_large {
            rotation.rotate(path)?;
        }
        Ok(is_large)
    }
}

/// Writes until there is nothing more to write or nobody to read it.
pub(super) fn run(queue: &Queue, mut sink: Sink, retry: Duration, on_closed: Box<dyn FnOnce() + Send>) {
    let mut trouble = Trouble::default();
    loop {
        let lines = match queue.next(BATCH_BYTES) {
            Task::Write(lines) => lines,
            Task::Reopen => {
                reopen(queue, &mut sink);
                continue;
            }
            Task::End => return queue.end(false),
        };
        let (outcome, done) = write_lines(queue, &mut sink, &lines, retry, &mut trouble);
        queue.count_written(&lines, done);
        match outcome {
            Outcome::Written => rotate(queue, &mut sink, &mut trouble),
            Outcome::GivenUp => return queue.end(false),
            Outcome::Closed => {
                queue.end(true);
                return on_closed();
            }
        }
    }
}

enum Outcome {
    Written,
    /// The time to finish is over.
    GivenUp,
    /// The reader went away.
    Closed,
}

/// Writes all of `lines`, with further tries after errors. Gives the number of bytes that were written, too.
fn write_lines(
    queue: &Queue,
    sink: &mut Sink,
    lines: &[Line],
    retry: Duration,
    trouble: &mut Trouble,
) -> (Outcome, usize) {
    let bytes = lines.iter().map(|line| line.bytes.as_slice()).collect::<Vec<_>>().concat();
    let mut done = 0;
    loop {
        match sink.write(&bytes, &mut done) {
            Ok(()) => {
                trouble.over();
                return (Outcome::Written, done);
            }
            Err(error) if is_closed(&error) => return (Outcome::Closed, done),
            Err(error) => {
                queue.count_error();
                trouble.tell(&error);
            }
        }
        if let Err(error) = sink.take_back(&bytes, &mut done) {
            // The file now ends in half a line, which the rest of the batch completes once it can be written.
            queue.count_error();
            trouble.tell(&error);
        }
        if queue.pause(retry) {
            return (Outcome::GivenUp, done);
        }
        if queue.take_reopen() {
            reopen(queue, sink);
        }
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

/// When it fails, which is told once, the file grows on.
fn rotate(queue: &Queue, sink: &mut Sink, trouble: &mut Trouble) {
    match sink.rotate() {
        Ok(true) => {
            trouble.no_rotation = false;
            reopen(queue, sink);
        }
        Ok(false) => {}
        Err(error) => {
            queue.count_error();
            if !std::mem::replace(&mut trouble.no_rotation, true) {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the output can't be given another name, so it grows on"
                );
            }
        }
    }
}

/// When it fails, lines go where they went before: a moved file is better than none.
fn reopen(queue: &Queue, sink: &mut Sink) {
    if let Err(error) = sink.reopen() {
        queue.count_error();
        tracing::error!(error = &error as &dyn std::error::Error, "cannot reopen the output, so it stays");
    }
}

/// Tells an error once and not on each try.
#[derive(Default)]
struct Trouble {
    told: bool,
    /// The same of a file that can't become an older one.
    no_rotation: bool,
}

impl Trouble {
    fn tell(&mut self, error: &io::Error) {
        if !self.told {
            tracing::error!(error = error as &dyn std::error::Error, "cannot write the output; trying again");
            self.told = true;
        }
    }

    fn over(&mut self) {
        if self.told {
            tracing::info!("the output can be written again");
            self.told = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_taken_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines");
        let mut sink = Sink::open(Target::File(path.clone()), None).unwrap();
        let (bytes, mut done) = (b"one\ntwo\n", 0);
        sink.write(&bytes[..6], &mut done).unwrap();
        sink.take_back(bytes, &mut done).unwrap();
        assert_eq!((done, std::fs::read(&path).unwrap().as_slice()), (4, b"one\n".as_slice()));
        sink.write(bytes, &mut done).unwrap();
        sink.take_back(bytes, &mut done).unwrap();
        assert_eq!((done, std::fs::read(&path).unwrap().as_slice()), (8, bytes.as_slice()));
    }
}
