//! The way out, as the configuration wants it, for every verb that tells lines.

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::config::{Config, Format, Output};
use crate::detect::Detector;
use crate::model::{Line, Loss, Timestamp};
use crate::output::encode::human::{Color, HumanEncoder};
use crate::output::encode::json::JsonEncoder;
use crate::output::redact::{Key, Redactor};
use crate::output::transport::{OnFull, Options, Rotation, Target, Writer};
use crate::pipeline::{Encoder, WayOut};

/// How long the end waits until the reader has taken all lines.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What a slow reader does to those who tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Nothing: lines are dropped, counted, and told as lost.
    Live,
    /// They wait.
    Replay,
}

/// What every line goes through, secrets being marked under `key`.
///
/// # Errors
/// When the settings of the analytics make no sense.
pub(super) fn way_out(config: &Config, key: Key) -> Result<WayOut> {
    let redactor = config.redact.enabled.then(|| Redactor::new(key, config.redact.keep.clone()));
    let detector = Detector::new(config.detect.clone()).context("setting up the analytics")?;
    Ok(WayOut { detector, redactor, encoder: encoder(config) })
}

/// Opens what the lines go to; `closed` is called when nobody reads them any more.
///
/// # Errors
/// When it can't be opened.
pub(super) fn writer(config: &Config, pace: Pace, closed: impl FnOnce() + Send + 'static) -> Result<Writer> {
    let target = config.output.path.clone().map_or(Target::Stdout, Target::File);
    let told = encoder(config);
    let options = Options {
        queue_bytes: config.output.queue_bytes,
        on_full: if pace == Pace::Live { OnFull::Drop } else { OnFull::Wait },
        retry: RETRY,
        rotation: rotation(&config.output),
        loss_line: Box::new(move |count| loss_line(&told, count)),
        on_closed: Box::new(closed),
    };
    Ok(Writer::start(target, options)?)
}

/// When the file becomes an older one, where the configuration asks for that.
fn rotation(output: &Output) -> Option<Rotation> {
    let bytes = output.rotate_bytes.filter(|bytes| *bytes > 0)?;
    Some(Rotation { bytes, files: output.rotate_files })
}

/// Whether the terminal shows colours.
#[cfg(not(windows))]
fn shows_colors() -> bool {
    true
}

/// Whether the console shows colours, as those of Windows do that are asked to.
#[cfg(windows)]
fn shows_colors() -> bool {
    crate::windows::console::show_colors(&std::io::stdout())
}

fn encoder(config: &Config) -> Encoder {
    let terminal = config.output.path.is_none() && std::io::stdout().is_terminal();
    let human = match config.output.format {
        Format::Auto => terminal,
        Format::Json => false,
        Format::Human => true,
    };
    if !human {
        return Encoder::Json(JsonEncoder::new(None));
    }
    let variable = |name| std::env::var(name).ok();
    let shows = terminal && shows_colors();
    let color = Color::choose(shows, variable("NO_COLOR").as_deref(), variable("TERM").as_deref());
    Encoder::Human(HumanEncoder::new(color))
}

/// The line that stands where `count` lines are missing.
fn loss_line(encoder: &Encoder, count: u64) -> Vec<u8> {
    let now = jiff::Timestamp::now().as_nanosecond();
    let loss = Loss {
        time: Timestamp(i64::try_from(now).unwrap_or(i64::MAX)),
        source: "output".into(),
        reason: "the reader was too slow".into(),
        count: Some(count),
        consequence: "lines are missing here".into(),
    };
    let mut line = Vec::new();
    encoder.encode(&Line::Loss(loss), &mut line);
    line
}
