//! How far a replay is, for who waits at a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often it is shown.
const INTERVAL: Duration = Duration::from_millis(200);
/// How many records pass between two looks at the clock.
const STRIDE: u32 = 1024;

/// Shows how far a replay is on standard error, if that is a terminal and standard output is none.
pub(super) struct Progress {
    shown: bool,
    last: Instant,
    passed: u32,
}

impl Progress {
    /// Nothing is shown yet.
    pub(super) fn new() -> Self {
        let shown = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
        Self { shown, last: Instant::now(), passed: 0 }
    }

    /// Shows `text` now and then.
    pub(super) fn show(&mut self, text: impl FnOnce() -> String) {
        self.passed = self.passed.wrapping_add(1);
        if self.shown && self.passed.is_multiple_of(STRIDE) && self.last.elapsed() >= INTERVAL {
            self.last = Instant::now();
            write(&text());
        }
    }

    /// Takes it away.
    pub(super) fn clear(&mut self) {
        if self.shown {
            write("");
        }
    }
}

fn write(text: &str) {
    // A terminal that is gone doesn't end the replay.
    let _gone = write!(std::io::stderr(), "\r\x1b[K{text}");
}
