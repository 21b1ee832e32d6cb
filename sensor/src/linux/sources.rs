//! The sources of a live host: which of them run, what they have, and what they lost.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use bstr::BString;

use super::clock;
use super::ebpf::ProcessSource;
use super::fanotify::Watcher;
use crate::config::Attach;
use crate::engine::Input;
use crate::model::line::SourceState;
use crate::model::{Loss, Timestamp};

/// The most kernel records that are taken at a time.
const BATCH: usize = 1024;

/// The sources of a live host.
pub struct Sources {
    process: Option<ProcessSource>,
    files: Option<Watcher>,
    states: Vec<SourceState>,
    blind: Vec<String>,
    lost_records: u64,
    overflows: u64,
}

/// A loss, and whether what it hides can be found by reading everything again.
pub struct SourceLoss {
    /// The loss.
    pub loss: Loss,
    /// Whether to read everything again.
    pub rescan: bool,
}

impl Sources {
    /// Starts what can be started; what can't is told by [`Sources::states`], and the rest runs.
    pub fn start(_attach: Attach, directories: Vec<BString>) -> Self {
        let mut sources = Self {
            process: None,
            files: None,
            states: Vec::new(),
            blind: Vec::new(),
            lost_records: 0,
            overflows: 0,
        };
        match ProcessSource::start() {
            Ok(process) => {
                sources.process = Some(process);
                sources.runs("process (eBPF tp_btf)");
            }
            Err(error) => {
                sources.fails("process (eBPF tp_btf)", &error);
                sources.blind.push(
                    "who made a change is told from /proc only: a process that ended by then is not named"
                        .into(),
                );
                sources.blind.push("commands such as systemctl are not seen".into());
            }
        }
        match Watcher::new(directories) {
            Ok(watcher) => {
                for (path, reason) in watcher.refused() {
                    sources.blind.push(format!("changes in {path} are not seen: {reason}"));
                }
                sources.blind.push(
                    "fanotify tells neither failed attempts nor what is written through a mapping before it is closed"
                        .into(),
                );
                sources.files = Some(watcher);
                sources.runs("files (fanotify)");
            }
            Err(error) => {
                sources.fails("files (fanotify)", &error);
                sources.blind.push("changes of unit files are not seen".into());
            }
        }
        sources
    }

    /// Each source and whether it runs.
    pub fn states(&self) -> &[SourceState] {
        &self.states
    }

    /// What can't be seen, a sentence each.
    pub fn blind(&self) -> &[String] {
        &self.blind
    }

    /// Whether no source runs.
    pub fn is_empty(&self) -> bool {
        self.process.is_none() && self.files.is_none()
    }

    /// What becomes readable when there are kernel records.
    pub fn process_fd(&self) -> Option<BorrowedFd<'_>> {
        self.process.as_ref().map(|process| process.as_fd())
    }

    /// What becomes readable when files changed.
    pub fn files_fd(&self) -> Option<BorrowedFd<'_>> {
        self.files.as_ref().map(|watcher| watcher.group().as_fd())
    }

    /// Takes a batch of kernel records, oldest first; empty when there are none.
    pub fn process_records(&mut self) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        if let Some(process) = self.process.as_mut() {
            process.drain(BATCH, |record| records.push(record.to_vec()));
        }
        records
    }

    /// Takes a batch of file changes; empty when there are none.
    ///
    /// # Errors
    /// When the queue can't be read.
    pub fn file_changes(&mut self) -> io::Result<Vec<Input>> {
        let Some(watcher) = self.files.as_mut() else { return Ok(Vec::new()) };
        let mut seen = Vec::new();
        while seen.is_empty() && watcher.read(&mut seen)? {}
        let now = clock::now();
        Ok(seen.into_iter().map(|seen| Input::File(now, Box::new(seen))).collect())
    }

    /// What was lost since this was asked last.
    pub fn losses(&mut self, now: Timestamp) -> Vec<SourceLoss> {
        let mut losses = Vec::new();
        if let Some(Ok(counters)) = self.process.as_ref().map(ProcessSource::counters)
            && counters.lost() > self.lost_records
        {
            losses.push(SourceLoss {
                loss: Loss {
                    time: now,
                    source: "process ring buffer".into(),
                    reason: "the ring buffer was full".into(),
                    count: Some(counters.lost() - self.lost_records),
                    consequence: "processes and commands of that moment may be missing or misnamed".into(),
                },
                rescan: false,
            });
            self.lost_records = counters.lost();
        }
        if let Some(watcher) = self.files.as_ref()
            && watcher.counters().overflows > self.overflows
        {
            self.overflows = watcher.counters().overflows;
            losses.push(SourceLoss {
                loss: Loss {
                    time: now,
                    source: "fanotify queue".into(),
                    reason: "the queue was full".into(),
                    count: None,
                    consequence: "everything is read again: changes are told, without who made them".into(),
                },
                rescan: true,
            });
        }
        losses
    }

    /// What the sources count, by name.
    pub fn counters(&self) -> Vec<(String, u64)> {
        let mut counters = Vec::new();
        if let Some(Ok(kernel)) = self.process.as_ref().map(ProcessSource::counters) {
            counters.extend([
                ("process.seen".to_owned(), kernel.seen),
                ("process.filtered".to_owned(), kernel.filtered),
                ("process.submitted".to_owned(), kernel.submitted),
                ("process.dropped".to_owned(), kernel.lost()),
                ("process.truncated".to_owned(), kernel.truncated),
            ]);
        }
        if let Some(watcher) = self.files.as_ref() {
            let files = watcher.counters();
            counters.extend([
                ("fanotify.read".to_owned(), files.read),
                ("fanotify.told".to_owned(), files.told),
                ("fanotify.unrelated".to_owned(), files.unrelated),
                ("fanotify.stale".to_owned(), files.stale),
                ("fanotify.undecodable".to_owned(), files.undecodable),
                ("fanotify.overflows".to_owned(), files.overflows),
            ]);
        }
        counters
    }

    fn runs(&mut self, name: &str) {
        self.states.push(SourceState { name: name.to_owned(), error: None });
    }

    fn fails(&mut self, name: &str, error: &dyn std::error::Error) {
        let text = in_full(error);
        tracing::warn!("{name} does not run: {text}");
        self.states.push(SourceState { name: name.to_owned(), error: Some(text) });
    }
}

/// An error with its causes, the first line of each: a verifier's log has many, and the first says what is wrong.
pub(super) fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string().lines().next().unwrap_or_default().to_owned();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(cause.to_string().lines().next().unwrap_or_default());
        source = cause.source();
    }
    text
}
