//! Recordings of `svcsensor run --record`.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use anyhow::Result;

use crate::output::transport::Writer;
use crate::pipeline::{Pipeline, WayOut};
use crate::recording::Reader;

/// What a recording begins with.
const MAGIC: &[u8] = b"{\"recording\":";

/// Whether the file at `path` is a recording; one that can't be read is none.
pub(super) fn is_one(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *MAGIC
}

/// Replays one recording; false when lines of it could not be read.
///
/// # Errors
/// When it can't be opened.
pub(super) fn replay(path: &Path, way_out: WayOut, writer: &Writer) -> Result<bool> {
    let mut reader = Reader::new(BufReader::new(File::open(path)?));
    let mut pipeline = Pipeline::new(way_out);
    let mut errors = Vec::new();
    let mut lines = Vec::new();
    let mut whole = true;
    while let Some((input, mut answers)) = reader.read(&mut errors) {
        pipeline.feed(input, &mut answers, &mut lines);
        for error in errors.drain(..) {
            tracing::error!("{}: {error}", path.display());
            whole = false;
        }
        if answers.unanswered() > 0 {
            tracing::warn!("{} questions were not answered when this was recorded", answers.unanswered());
            whole = false;
        }
        if !lines.is_empty() && writer.send(std::mem::take(&mut lines)).is_err() {
            return Ok(whole);
        }
    }
    for error in errors {
        tracing::error!("{}: {error}", path.display());
        whole = false;
    }
    Ok(whole)
}
