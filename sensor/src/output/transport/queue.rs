//! The queue between those who send lines and the thread that writes them.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{OnFull, SendError, Stats};

pub(super) struct Queue {
    limit: usize,
    on_full: OnFull,
    loss_line: Box<dyn Fn(u64) -> Vec<u8> + Send + Sync>,
    state: Mutex<State>,
    /// Told whenever `state` changes in a way that somebody may wait for.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Line>,
    /// Bytes of `lines`.
    bytes: usize,
    /// Lines dropped since the last one that was taken.
    gap: u64,
    reopen: bool,
    phase: Phase,
    stats: Stats,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// No more lines; what waits is to be written until then.
    Closing(Instant),
    /// The thread is at its end.
    Ended,
}

/// Bytes to be written together.
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// Whether it stands for lines that were dropped.
    pub(super) is_loss: bool,
}

/// What the thread is to do next.
pub(super) enum Task {
    Write(Vec<Line>),
    Reopen,
    End,
}

impl Queue {
    pub(super) fn new(
        limit: usize,
        on_full: OnFull,
        loss_line: Box<dyn Fn(u64) -> Vec<u8> + Send + Sync>,
    ) -> Self {
        Self { limit, on_full, loss_line, state: Mutex::default(), changed: Condvar::new() }
    }

    /// A thread that panicked while it held the lock left whole values: the counts at worst lack one line.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, line: Vec<u8>) -> Result<(), SendError> {
        let mut state = self.lock();
        loop {
            if state.phase != Phase::Open {
                return Err(SendError::Closed);
            }
            let limit = if state.gap > 0 { self.limit / 2 } else { self.limit };
            if state.bytes.saturating_add(line.len()) <= limit {
                break;
            }
            // A line longer than the queue would wait for ever.
            if self.on_full == OnFull::Drop || line.len() > self.limit {
                state.gap += 1;
                state.stats.dropped += 1;
                return Err(SendError::Full);
            }
            state = self.wait(state);
        }
        self.tell_gap(&mut state);
        state.stats.accepted += 1;
        state.bytes += line.len();
        state.lines.push_back(Line { bytes: line, is_loss: false });
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Puts the line that tells of the lines dropped here. It may exceed the limit: there is one at most for
    /// each time that half of the queue was written.
    fn tell_gap(&self, state: &mut State) {
        if state.gap > 0 {
            let bytes = (self.loss_line)(std::mem::take(&mut state.gap));
            state.bytes += bytes.len();
            state.lines.push_back(Line { bytes, is_loss: true });
        }
    }

    /// Waits for something to do. At most `most` bytes are handed out at once, or one line.
    pub(super) fn next(&self, most: usize) -> Task {
        let mut state = self.lock();
        loop {
            if state.reopen {
                state.reopen = false;
                return Task::Reopen;
            }
            if matches!(state.phase, Phase::Closing(deadline) if deadline <= Instant::now()) {
                return Task::End;
            }
            if state.lines.is_empty() {
                self.tell_gap(&mut state);
            }
            if !state.lines.is_empty() {
                return Task::Write(take(&mut state, most));
            }
            if state.phase != Phase::Open {
                return Task::End;
            }
            state = self.wait(state);
        }
    }

    /// Waits `pause` before another try, or until there is a reason to try sooner. Tells whether to give up.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let until = match state.phase {
                Phase::Open => until,
                Phase::Closing(deadline) if deadline <= now => return true,
                Phase::Closing(deadline) => until.min(deadline),
                Phase::Ended => return true,
            };
            if state.reopen || until <= now {
                return false;
            }
            let waited = self.changed.wait_timeout(state, until - now);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the request to reopen, where there is one.
    pub(super) fn take_reopen(&self) -> bool {
        std::mem::take(&mut self.lock().reopen)
    }

    pub(super) fn request_reopen(&self) {
        self.lock().reopen = true;
        self.changed.notify_all();
    }

    /// The thread wrote `done` bytes of these lines; a line that isn't whole doesn't count.
    pub(super) fn count_written(&self, lines: &[Line], mut done: usize) {
        let mut state = self.lock();
        for line in lines {
            let Some(rest) = done.checked_sub(line.bytes.len()) else { break };
            done = rest;
            state.stats.written += u64::from(!line.is_loss);
            state.stats.written_bytes += line.bytes.len() as u64;
            state.bytes = state.bytes.saturating_sub(line.bytes.len());
        }
        drop(state);
        self.changed.notify_all();
    }

    pub(super) fn count_error(&self) {
        self.lock().stats.errors += 1;
    }

    /// The thread is at its end; `closed` when that is so because the reader went away.
    pub(super) fn end(&self, closed: bool) {
        let mut state = self.lock();
        state.phase = Phase::Ended;
        state.stats.closed = closed;
        drop(state);
        self.changed.notify_all();
    }

    /// Takes no more lines and waits until the thread is at its end: tells whether it came to it in time.
    pub(super) fn close(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing(deadline);
        }
        self.changed.notify_all();
        while state.phase != Phase::Ended {
            let now = Instant::now();
            if deadline <= now {
                return false;
            }
            let waited = self.changed.wait_timeout(state, deadline - now);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Takes no more lines and lets the thread end once it has written the others, at the latest by `deadline`.
    pub(super) fn abandon(&self, deadline: Instant) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing(deadline);
        }
        drop(state);
        self.changed.notify_all();
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        let mut counts = state.stats;
        // Once no more is taken, what was taken and not written is lost to the reader.
        if state.phase != Phase::Open {
            counts.dropped += counts.accepted.saturating_sub(counts.written);
        }
        counts
    }
}

fn take(state: &mut State, most: usize) -> Vec<Line> {
    let mut taken = Vec::new();
    let mut bytes = 0;
    while let Some(line) = state.lines.front() {
        bytes += line.bytes.len();
        if bytes > most && !taken.is_empty() {
            break;
        }
        taken.extend(state.lines.pop_front());
    }
    taken
}
