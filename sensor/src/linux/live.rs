//! The live run: waits for whatever comes first, and hands it to the pipeline in the order in which it happened.
//!
//! One thread does it all, so that order needs no locks; hashing of large programs and writing of lines have threads
//! of their own, so that neither a slow disk nor a slow reader holds it up.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::unix::AsyncFdReadyGuard;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc};

use super::clock::Clock;
use super::host::{Hashed, LiveHost};
use super::readable::Readable;
use super::sources::Sources;
use super::watchdog::Watchdog;
use crate::config::Events;
use crate::engine::{Input, Start};
use crate::model::Timestamp;
use crate::output::transport::{SendError, Writer};
use crate::pipeline::Pipeline;
use crate::recording::{Recorder, RecordingHost};

/// How many batches are taken from a source before others get their turn.
const BATCHES: usize = 16;

/// How long after a record the sources are asked what they lost: to ask takes longer than to tell a change.
const LOSSES_EVERY: Duration = Duration::from_millis(50);

/// Why a live run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to, by a signal.
    Signal(&'static str),
    /// Nobody reads its lines any more.
    ReaderGone,
}

/// What became of a source's turn.
struct Turn {
    /// Whether it has nothing more. What is left would not wake anybody once more.
    is_dry: bool,
    ended: Option<Ended>,
}

impl Turn {
    /// Lets the source rest until there is more, where it has nothing left.
    fn rest(self, guard: &mut AsyncFdReadyGuard<'_, OwnedFd>) -> Option<Ended> {
        if self.is_dry {
            guard.clear_ready();
        }
        self.ended
    }
}

/// A live run.
pub struct Live {
    pipeline: Pipeline,
    sources: Sources,
    host: LiveHost,
    hashed: mpsc::UnboundedReceiver<Hashed>,
    recorder: Recorder,
    writer: Writer,
    closed: Arc<Notify>,
    heartbeat: Duration,
    out: Vec<u8>,
    clock: Clock,
    /// When to ask the sources next what they lost, where any of them had something since.
    losses_due: Option<Timestamp>,
}

impl Live {
    /// Puts a run together; nothing is read yet. `closed` is notified when nobody reads the lines any more.
    ///
    /// # Errors
    /// When no thread for hashing can be started.
    pub fn new(
        pipeline: Pipeline,
        sources: Sources,
        recorder: Recorder,
        writer: Writer,
        closed: Arc<Notify>,
        clock: Clock,
        events: &Events,
    ) -> io::Result<Self> {
        let (ready, hashed) = mpsc::unbounded_channel();
        // A receiver that is gone means that the run is over.
        let host = LiveHost::new(events.hash_limit_bytes, move |hash| drop(ready.send(hash)))?;
        Ok(Self {
            pipeline,
            sources,
            host,
            hashed,
            recorder,
            writer,
            closed,
            heartbeat: events.heartbeat,
            out: Vec::new(),
            clock,
            losses_due: None,
        })
    }

    /// Runs until a signal or the reader ends it. `ready` is called once the host has been read and every change from
    /// then on is told.
    ///
    /// # Errors
    /// When signals or a source can't be awaited.
    pub async fn run(&mut self, start: Start, ready: impl FnOnce()) -> io::Result<Ended> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let process = self.sources.process_fd().map(Readable::new).transpose()?;
        let files = self.sources.files_fd().map(Readable::new).transpose()?;
        let followed = self.sources.followed_fd().map(Readable::new).transpose()?;
        let mounts = self.sources.mounts_fd().map(Readable::urgent).transpose()?;
        let mut heartbeat = tokio::time::interval(self.heartbeat);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        heartbeat.tick().await;
        let mut watchdog = Watchdog::of_environment();
        let mut ended = None;
        let watched = self.sources.watched();
        for input in std::iter::once(Input::Start(Box::new(start))).chain(watched) {
            ended = ended.or(self.feed(input));
        }
        // Who came while the sources were started.
        ended = ended.or_else(|| self.take_newcomers());
        ready();
        while ended.is_none() {
            let wait = self.wait();
            tokio::select! {
                biased;
                _ = terminate.recv() => ended = Some(Ended::Signal("SIGTERM")),
                _ = interrupt.recv() => ended = Some(Ended::Signal("SIGINT")),
                () = self.closed.notified() => ended = Some(Ended::ReaderGone),
                _ = hangup.recv() => self.writer.reopen(),
                // Before the sources: a flood from them is no reason to be ended.
                () = watchdog.sign() => {}
                guard = Readable::wait(process.as_ref()) => {
                    ended = self.take_process_records().rest(&mut guard?).or_else(|| self.losses_after_turn());
                }
                guard = Readable::wait(files.as_ref()) => {
                    ended = self.take_file_changes()?.rest(&mut guard?).or_else(|| self.losses_after_turn());
                }
                guard = Readable::wait(followed.as_ref()) => {
                    ended = self.take_file_changes()?.rest(&mut guard?).or_else(|| self.losses_after_turn());
                }
                guard = Readable::wait(mounts.as_ref()) => {
                    guard?.clear_ready();
                    ended = self.take_mounts()?.or_else(|| self.losses_after_turn());
                }
                Some(hash) = self.hashed.recv() => {
                    ended = self.feed(Input::Hashed(self.clock.now(), hash.path, hash.sha256));
                }
                () = tokio::time::sleep(wait) => ended = self.tick(),
                _ = heartbeat.tick() => ended = self.beat(),
            }
        }
        Ok(ended.unwrap_or(Ended::ReaderGone))
    }

    /// Takes what the sources still hold, tells the last line, and waits at most `patience` until it is written.
    pub fn stop(mut self, reason: &str, patience: Duration) -> crate::output::transport::Stats {
        let _reader_may_be_gone = self.take_file_changes();
        self.tell_losses();
        if self.losses_due.is_some() {
            // No later look will come.
            self.tell_losses();
        }
        let counters = self.counters();
        self.feed(Input::Stop(self.clock.now(), reason.to_owned(), counters));
        self.recorder.flush();
        self.writer.close(patience)
    }

    /// How long to wait for what is due next; an hour when nothing is.
    fn wait(&self) -> Duration {
        let due = self.pipeline.deadline().into_iter().chain(self.losses_due).min();
        due.map_or(Duration::from_hours(1), |due| due.since(self.clock.now()))
    }

    /// Time has passed.
    fn tick(&mut self) -> Option<Ended> {
        let now = self.clock.now();
        // Forks and exits wake nobody, and what is due may wait for one.
        let ended = self.take_process_records().ended.or_else(|| self.feed(Input::Tick(now)));
        if ended.is_none() && self.losses_due.is_some_and(|due| due <= now) {
            return self.tell_losses();
        }
        ended
    }

    fn take_process_records(&mut self) -> Turn {
        let mut is_dry = false;
        for _ in 0..BATCHES {
            let records = self.sources.process_records();
            is_dry = records.is_empty();
            if is_dry {
                break;
            }
            for record in records {
                if let Some(ended) = self.feed(Input::Kernel(record)) {
                    return Turn { is_dry, ended: Some(ended) };
                }
            }
        }
        Turn { is_dry, ended: None }
    }

    fn take_file_changes(&mut self) -> io::Result<Turn> {
        for _ in 0..BATCHES {
            let changes = self.sources.file_changes(self.clock.now())?;
            // Whoever made these changes was forked and executed before: their records come first.
            let ended = self.take_process_records().ended;
            let is_dry = changes.is_empty();
            if is_dry || ended.is_some() {
                return Ok(Turn { is_dry, ended });
            }
            for change in changes {
                if let Some(ended) = self.feed(change) {
                    return Ok(Turn { is_dry, ended: Some(ended) });
                }
            }
        }
        Ok(Turn { is_dry: false, ended: None })
    }

    fn take_mounts(&mut self) -> io::Result<Option<Ended>> {
        // What was done before is told first, by whom.
        if let Some(ended) = self.take_file_changes()?.ended {
            return Ok(Some(ended));
        }
        for change in self.sources.remounted(self.clock.now())? {
            if let Some(ended) = self.feed(change) {
                return Ok(Some(ended));
            }
        }
        Ok(None)
    }

    /// Tells losses once it is time, and only after what was taken in the turn: a loss has everything read again, and what
    /// that finds has no doer.
    fn losses_after_turn(&mut self) -> Option<Ended> {
        // A source that is never dry leaves no time to pass.
        let now = self.clock.now();
        let due = *self.losses_due.get_or_insert(now.after(LOSSES_EVERY));
        if due <= now { self.tell_losses() } else { None }
    }

    fn take_newcomers(&mut self) -> Option<Ended> {
        let inputs = self.sources.newcomers(self.clock.now());
        inputs.into_iter().find_map(|input| self.feed(input))
    }

    fn tell_losses(&mut self) -> Option<Ended> {
        let now = self.clock.now();
        let losses = self.sources.losses(now);
        self.losses_due = self.sources.is_unsure_of_losses().then(|| now.after(LOSSES_EVERY));
        if losses.iter().any(|loss| loss.rescan) {
            // What has arrived is told first, by whom.
            match self.take_file_changes() {
                Ok(Turn { ended: Some(ended), .. }) => return Some(ended),
                Ok(_) => {}
                // The source's own turn meets it again, and ends the run.
                Err(error) => tracing::warn!(%error, "file changes can't be read"),
            }
        }
        for loss in losses {
            let rescan = loss.rescan;
            if let Some(ended) = self.feed(Input::Loss(loss.loss)) {
                return Some(ended);
            }
            if rescan && let Some(ended) = self.take_newcomers() {
                return Some(ended);
            }
            if rescan && let Some(ended) = self.feed(Input::Rescan(self.clock.now())) {
                return Some(ended);
            }
        }
        None
    }

    fn beat(&mut self) -> Option<Ended> {
        let taken = self.take_process_records().ended;
        let counters = self.counters();
        let ended = taken
            .or_else(|| self.tell_losses())
            // Accounts that are written in place are not seen everywhere.
            .or_else(|| self.take_newcomers())
            .or_else(|| self.feed(Input::Heartbeat(self.clock.now(), counters)));
        self.recorder.flush();
        ended
    }

    fn counters(&self) -> Vec<(String, u64)> {
        let mut counters = self.sources.counters();
        let lines = self.writer.stats();
        counters.push(("output.accepted".into(), lines.accepted));
        counters.push(("output.written".into(), lines.written));
        counters.push(("output.dropped".into(), lines.dropped));
        counters
    }

    fn feed(&mut self, input: Input) -> Option<Ended> {
        let set = self.clock.follow().and_then(|offset_ns| self.feed_one(Input::Clock(offset_ns)));
        let mut ended = set.or(self.feed_one(input));
        for path in self.host.take_awaited() {
            self.sources.await_names(path.as_ref());
        }
        for (path, name) in self.host.take_watched() {
            for input in self.sources.watch_name(path, &name) {
                ended = ended.or(self.feed_one(input));
            }
        }
        for (path, file) in self.host.take_followed() {
            if let Some(input) = self.sources.follow(path.as_ref(), file.as_ref()) {
                ended = ended.or(self.feed_one(input));
            }
        }
        ended
    }

    fn feed_one(&mut self, input: Input) -> Option<Ended> {
        self.recorder.input(&input);
        let mut host = RecordingHost { host: &mut self.host, recorder: &mut self.recorder };
        self.pipeline.feed(input, &mut host, &mut self.out);
        if self.out.is_empty() {
            return None;
        }
        match self.writer.send(std::mem::take(&mut self.out)) {
            // What does not fit is counted by the writer, which tells it when the reader is back.
            Ok(()) | Err(SendError::Full) => None,
            Err(SendError::Closed) => Some(Ended::ReaderGone),
        }
    }
}
