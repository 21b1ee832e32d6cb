//! The sources of a live host: which of them run, what they have, and what they lost.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};

use bstr::{BStr, BString};

use super::ebpf::{FileSource, ProcessSource, ToldLosses, TracingWatcher};
use super::fanotify::Watcher;
use super::mounts::Mounts;
use super::newcomers::Newcomers;
use crate::config::Attach;
use crate::engine::Input;
use crate::model::line::SourceState;
use crate::model::observation::FileObservation;
use crate::model::{Loss, Timestamp};

/// What follows a loss of file changes.
const RESCAN: &str = "everything is read again: changes are told, without who made them";
/// The most kernel records that are taken at a time.
const BATCH: usize = 1024;

/// The sources of a live host.
pub struct Sources {
    process: Option<ProcessSource>,
    files: Files,
    mounts: Option<Mounts>,
    newcomers: Option<Newcomers>,
    states: Vec<SourceState>,
    blind: Vec<String>,
    lost: Lost,
}

/// What watches files.
enum Files {
    /// Tracing programs.
    Tracing(Box<TracingWatcher>),
    /// fanotify.
    Fanotify(Box<Watcher>),
    /// Nothing.
    Unwatched,
}

impl Files {
    fn take_refused(&mut self) -> Vec<(BString, String)> {
        match self {
            Self::Tracing(watcher) => watcher.take_refused(),
            Self::Fanotify(watcher) => watcher.take_refused(),
            Self::Unwatched => Vec::new(),
        }
    }
}

/// Losses that were told already.
#[derive(Default)]
struct Lost {
    process: ToldLosses,
    files: ToldLosses,
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
    pub fn start(attach: Attach, directories: Vec<BString>) -> Self {
        let mut sources = Self {
            process: None,
            files: Files::Unwatched,
            mounts: None,
            newcomers: None,
            states: Vec::new(),
            blind: Vec::new(),
            lost: Lost::default(),
        };
        sources.start_process();
        sources.start_mounts();
        let traced = match attach {
            Attach::Auto | Attach::Tracing => sources.start_tracing(directories.clone()),
            Attach::Fanotify => false,
        };
        if !traced && attach != Attach::Tracing {
            sources.start_fanotify(directories);
        }
        if matches!(sources.files, Files::Unwatched) {
            sources.blind.push("changes of unit files are not seen".into());
        }
        sources
    }

    fn start_process(&mut self) {
        match ProcessSource::start() {
            Ok(process) => {
                self.process = Some(process);
                self.runs("process (eBPF tp_btf)");
            }
            Err(error) => {
                self.fails("process (eBPF tp_btf)", &error);
                self.blind.push(
                    "who made a change is told from /proc only: a process that ended by then is not named"
                        .into(),
                );
                self.blind.push("commands such as systemctl are not seen".into());
            }
        }
    }

    /// Before files: what is mounted in between is looked at once more, and none is missed.
    fn start_mounts(&mut self) {
        match Mounts::read() {
            Ok(mounts) => self.mounts = Some(mounts),
            Err(error) => {
                self.fails("mounts (mountinfo)", &error);
                self.blind.push("what appears by mounting a file system is not seen".into());
            }
        }
    }

    /// Watches files by tracing programs; false where they are refused, or don't prove that they run.
    fn start_tracing(&mut self, directories: Vec<BString>) -> bool {
        const NAME: &str = "files (eBPF fentry, fexit)";
        let tested = FileSource::start().and_then(|mut source| {
            let reports = source.self_test(&self_test_folder())?;
            Ok((source, reports))
        });
        let (source, reports) = match tested {
            Ok(tested) => tested,
            Err(error) => {
                self.fails(NAME, &error);
                return false;
            }
        };
        for report in reports.iter().filter(|report| !report.is_sound()) {
            tracing::warn!("the hook {} of {} does not work: {report:?}", report.name, report.function);
            self.blind.push(format!("changes by {} are not seen: its hook does not work", report.function));
        }
        let mut watcher = TracingWatcher::new(source, directories);
        for (path, reason) in watcher.take_refused() {
            self.blind.push(format!("changes in {path} are not seen: {reason}"));
        }
        self.files = Files::Tracing(Box::new(watcher));
        self.runs(NAME);
        true
    }

    fn start_fanotify(&mut self, directories: Vec<BString>) {
        const NAME: &str = "files (fanotify)";
        match Watcher::new(directories) {
            Ok(mut watcher) => {
                for (path, reason) in watcher.take_refused() {
                    self.blind.push(format!("changes in {path} are not seen: {reason}"));
                }
                self.blind.push(
                    "fanotify tells neither failed attempts nor what is written through a mapping before it is closed"
                        .into(),
                );
                self.files = Files::Fanotify(Box::new(watcher));
                self.runs(NAME);
            }
            Err(error) => self.fails(NAME, &error),
        }
    }

    /// Watches the directories of users besides `known`, as they come.
    pub fn expect_users(&mut self, known: Newcomers) {
        self.newcomers = Some(known);
    }

    /// Looks who came, and watches their directories; tells it to the engine.
    pub fn newcomers(&mut self, now: Timestamp) -> Vec<Input> {
        let Some(came) = self.newcomers.as_mut().map(Newcomers::look) else { return Vec::new() };
        if came.users.users.is_empty() {
            return Vec::new();
        }
        // Before anything is read, so that nothing changes unseen in between.
        let mut inputs = match &mut self.files {
            Files::Tracing(watcher) => watcher.want(came.watched),
            Files::Fanotify(watcher) => {
                watcher.want(came.watched);
                Vec::new()
            }
            Files::Unwatched => return Vec::new(),
        };
        inputs.push(Input::Users(now, Box::new(came.users)));
        inputs
    }

    /// What the engine must know of the watches before it can read their records.
    pub fn watched(&self) -> Vec<Input> {
        match &self.files {
            Files::Tracing(watcher) => watcher.watched(),
            Files::Fanotify(_) | Files::Unwatched => Vec::new(),
        }
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
        self.process.is_none() && matches!(self.files, Files::Unwatched)
    }

    /// Whether both processes and files are watched, one way or another.
    pub fn is_whole(&self) -> bool {
        self.process.is_some() && !matches!(self.files, Files::Unwatched)
    }

    /// What becomes readable when there are kernel records.
    pub fn process_fd(&self) -> Option<BorrowedFd<'_>> {
        self.process.as_ref().map(|process| process.as_fd())
    }

    /// What becomes readable when files changed.
    pub fn files_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.files {
            Files::Tracing(watcher) => Some(watcher.as_fd()),
            Files::Fanotify(watcher) => Some(watcher.group().as_fd()),
            Files::Unwatched => None,
        }
    }

    /// What becomes readable when files that are followed changed.
    pub fn followed_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.files {
            Files::Fanotify(watcher) => Some(watcher.files().as_fd()),
            Files::Tracing(_) | Files::Unwatched => None,
        }
    }

    /// What has urgent data when file systems were mounted or unmounted.
    pub fn mounts_fd(&self) -> Option<BorrowedFd<'_>> {
        self.mounts.as_ref().map(|mounts| mounts.as_fd())
    }

    /// What changed by the file systems that were mounted or unmounted since this was asked last.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn remounted(&mut self, now: Timestamp) -> io::Result<Vec<Input>> {
        let points = self.mounts.as_mut().map_or(Ok(Vec::new()), Mounts::changed)?;
        // What is mounted for who logs in; the directory below it can't be watched by every kernel.
        let login = points.iter().any(|point| point.starts_with(b"/run/user/"));
        let mut inputs = if login { self.newcomers(now) } else { Vec::new() };
        match &mut self.files {
            Files::Tracing(watcher) => inputs.extend(watcher.remount(&points, now)),
            Files::Fanotify(watcher) => {
                let mut seen = Vec::new();
                watcher.remount(&points, &mut seen);
                inputs.extend(file_inputs(now, seen));
            }
            Files::Unwatched => {}
        }
        Ok(inputs)
    }

    /// Tells changes of `file` as changes at `path`, which leads to it; what the engine must know of that comes back.
    pub fn follow(&mut self, path: &BStr, file: &BStr) -> Option<Input> {
        let followed = match &mut self.files {
            Files::Fanotify(watcher) => {
                watcher.follow(path, file).map(|()| None).map_err(|error| in_full(&error))
            }
            Files::Tracing(watcher) => watcher.follow(path, file).map_err(|error| in_full(&error)),
            Files::Unwatched => Ok(None),
        };
        followed.unwrap_or_else(|error| {
            tracing::warn!("what is written to {file} by another name than {path} is not seen: {error}");
            None
        })
    }

    /// Tells what happens to `name` as changes at `path`, which leads to it; what the engine must know of that comes back.
    pub fn watch_name(&mut self, path: BString, name: &BString) -> Vec<Input> {
        match &mut self.files {
            Files::Fanotify(watcher) => {
                watcher.watch_name(path, name);
                Vec::new()
            }
            Files::Tracing(watcher) => watcher.watch_name(path, name),
            Files::Unwatched => Vec::new(),
        }
    }

    /// Tells when the file at `path` gets a further name. Tracing programs tell that by themselves.
    pub fn await_names(&mut self, path: &BStr) {
        let awaited = match &mut self.files {
            Files::Fanotify(watcher) => watcher.await_names(path),
            Files::Tracing(_) | Files::Unwatched => return,
        };
        if let Err(error) = awaited {
            tracing::debug!("a further name of {path} will not be noticed: {}", in_full(&error));
        }
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
    pub fn file_changes(&mut self, now: Timestamp) -> io::Result<Vec<Input>> {
        let (mut inputs, users_changed) = match &mut self.files {
            Files::Tracing(watcher) => (watcher.read(BATCH, now), watcher.take_users_changed()),
            Files::Fanotify(watcher) => {
                let mut seen = Vec::new();
                while seen.is_empty() && watcher.read(&mut seen)? {}
                watcher.read_followed(&mut seen)?;
                (file_inputs(now, seen), watcher.take_users_changed())
            }
            Files::Unwatched => return Ok(Vec::new()),
        };
        if users_changed {
            inputs.extend(self.newcomers(now));
        }
        Ok(inputs)
    }

    /// What was lost since this was asked last.
    pub fn losses(&mut self, now: Timestamp) -> Vec<SourceLoss> {
        let mut losses = Vec::new();
        let mut tell = |source: &str, reason: &str, count, consequence: &str, rescan| {
            losses.push(SourceLoss {
                loss: Loss {
                    time: now,
                    source: source.into(),
                    reason: reason.into(),
                    count,
                    consequence: consequence.into(),
                },
                rescan,
            });
        };
        if let Some(Ok(lost)) = self.process.as_ref().map(ProcessSource::losses) {
            let consequence = "processes and commands of that moment may be missing or misnamed";
            for (reason, count) in self.lost.process.look(lost) {
                tell("process records", reason, Some(count), consequence, false);
            }
        }
        for (path, reason) in self.files.take_refused() {
            let reason = format!("{path} can't be watched: {reason}");
            tell("watched directories", &reason, None, "what changes in it from now on is not seen", false);
        }
        match &self.files {
            Files::Tracing(watcher) => {
                if let Ok(lost) = watcher.losses() {
                    for (reason, count) in self.lost.files.look(lost) {
                        tell("file records", reason, Some(count), RESCAN, true);
                    }
                }
            }
            Files::Fanotify(watcher) => {
                if watcher.counters().overflows > self.lost.overflows {
                    self.lost.overflows = watcher.counters().overflows;
                    tell("fanotify queue", "the queue was full", None, RESCAN, true);
                }
            }
            Files::Unwatched => {}
        }
        losses
    }

    /// Whether the sources must be asked once more to know what they lost.
    pub fn is_unsure_of_losses(&self) -> bool {
        self.lost.process.is_unsure() || self.lost.files.is_unsure()
    }

    /// What the sources count, by name.
    pub fn counters(&self) -> Vec<(String, u64)> {
        let mut counters = Vec::new();
        let files = match &self.files {
            Files::Tracing(watcher) => Some(watcher.counters()),
            Files::Fanotify(_) | Files::Unwatched => None,
        };
        for (object, kernel) in
            [("process", self.process.as_ref().map(ProcessSource::counters)), ("files", files)]
        {
            // Counters that can't be read are left out.
            let Some(Ok(kernel)) = kernel else { continue };
            let figures = [
                ("seen", kernel.seen),
                ("filtered", kernel.filtered),
                ("submitted", kernel.submitted),
                ("dropped", kernel.losses.dropped.saturating_add(kernel.losses.no_slot)),
                ("rescued", kernel.rescued),
                ("skipped", kernel.losses.skipped),
                ("truncated", kernel.truncated),
            ];
            counters.extend(figures.map(|(name, count)| (format!("{object}.{name}"), count)));
        }
        if let Files::Fanotify(watcher) = &self.files {
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

/// What was seen just now, as inputs.
pub(super) fn file_inputs(now: Timestamp, seen: Vec<FileObservation>) -> Vec<Input> {
    seen.into_iter().map(|seen| Input::File(now, Box::new(seen))).collect()
}

/// A folder for the self-test, which makes and removes it. What others put there first makes the test fail.
pub(super) fn self_test_folder() -> PathBuf {
    let parent = if Path::new("/run").is_dir() { "/run" } else { "/tmp" };
    Path::new(parent).join(format!("svcsensor-self-test-{}", std::process::id()))
}

/// An error with its causes, the first line of each: a verifier's log has many, and the first says what is wrong. A cause
/// that the error before it has told is not told again.
pub(super) fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = first_line(error);
    let mut source = error.source();
    while let Some(cause) = source {
        let told = first_line(cause);
        if !text.ends_with(&told) {
            text.push_str(": ");
            text.push_str(&told);
        }
        source = cause.source();
    }
    text
}

fn first_line(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default().trim_end();
    // A program that was refused before the verifier saw it has no log.
    line.strip_suffix(". Verifier output:").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the loader words it (`ProgramError::LoadError` of aya).
    #[derive(Debug, thiserror::Error)]
    #[error("open: it returned {source}. Verifier output: {log}")]
    struct Refused {
        source: io::Error,
        log: &'static str,
    }

    #[test]
    fn a_refused_program_is_told_in_one_plain_line() {
        let told = |log| in_full(&Refused { source: io::Error::from_raw_os_error(1), log });
        let plain = "open: it returned Operation not permitted (os error 1)";
        assert_eq!(told(""), plain);
        let log = "R1 is bad\nprocessed 5";
        let cause = "Operation not permitted (os error 1)";
        assert_eq!(told(log), format!("{plain}. Verifier output: R1 is bad: {cause}"));
    }
}
