//! Recordings: all that reached the engine and all that the host answered, so that a replay gives the same lines.
//!
//! A recording is JSON, a line each. It holds what was read of the host, unredacted: its file is readable by its
//! owner only.

mod entry;
mod form;
mod read;
mod text;
mod write;

pub use read::{Answers, Reader, RecordingError};
pub use write::{Recorder, RecordingHost};
