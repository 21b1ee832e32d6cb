//! `svcsensor replay`: what happened then, from recordings and Windows event logs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::output::{self, Pace};
use super::settings::SettingsArgs;
use crate::config::Config;
use crate::output::redact::Key;
use crate::output::transport::Writer;
use crate::pipeline::Pipeline;
use crate::recording::Reader;

/// What a recording begins with.
const RECORDING: &[u8] = b"{\"recording\":";

/// Reads recordings or Windows event logs, and tells what happened then.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Recordings made by `svcsensor run --record`.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Replays every file; the exit status is 1 when one of them can't be read to its end.
pub(super) fn replay(args: &Args) -> Result<ExitCode> {
    let config = args.settings.load()?;
    let writer = output::writer(&config, Pace::Replay, || {})?;
    let mut whole = true;
    for path in &args.files {
        whole &=
            recording(path, &config, &writer).with_context(|| format!("replaying {}", path.display()))?;
    }
    let closed = writer.close(output::PATIENCE).closed;
    Ok(match (closed, whole) {
        (true, _) => ExitCode::from(super::READER_GONE),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    })
}

/// Replays one recording; false when lines of it could not be read.
fn recording(path: &Path, config: &Config, writer: &Writer) -> Result<bool> {
    let mut input = BufReader::new(File::open(path)?);
    anyhow::ensure!(input.fill_buf()?.starts_with(RECORDING), "this is not a recording of svcsensor");
    let mut reader = Reader::new(input);
    let mut pipeline =
        Pipeline::new(output::way_out(config, Key::of_installation(&config.redact.key_file)?)?);
    let mut errors = Vec::new();
    let mut lines = Vec::new();
    let mut whole = true;
    while let Some((input, mut answers)) = reader.read(&mut errors) {
        pipeline.feed(input, &mut answers, &mut lines);
        if answers.unanswered() > 0 {
            tracing::warn!("{} questions were not answered when this was recorded", answers.unanswered());
            whole = false;
        }
        if writer.send(std::mem::take(&mut lines)).is_err() {
            return Ok(whole);
        }
    }
    for error in &errors {
        tracing::error!("{}: {error}", path.display());
    }
    Ok(whole && errors.is_empty())
}
