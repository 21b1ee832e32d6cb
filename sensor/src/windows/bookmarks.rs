//! Bookmarks on their way to the state file: one is kept only once everything before it has been told, and is written.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::state_file::StateFile;
use crate::output::transport::Stats;

/// What was read waits for this long at most to be told.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

/// The bookmarks of all logs.
#[derive(Debug)]
pub(super) struct Bookmarks {
    file: Option<StateFile>,
    logs: HashMap<&'static str, Waiting>,
}

/// Bookmarks of one log.
#[derive(Debug)]
struct Waiting {
    /// The one that is kept next, and when.
    next: (Instant, String),
    /// How many lines had been told by then, once that time has come.
    lines: Option<u64>,
    /// The last that came after it.
    last: Option<String>,
}

impl Bookmarks {
    /// Without a file none is kept.
    pub(super) fn new(file: Option<StateFile>) -> Self {
        Self { file, logs: HashMap::new() }
    }

    /// A log is read from here on: nothing that came before it is to be told.
    pub(super) fn begin(&mut self, channel: &str, bookmark: String) {
        self.write(channel, bookmark);
    }

    /// A log was read this far.
    pub(super) fn read(&mut self, channel: &'static str, bookmark: String) {
        if let Some(waiting) = self.logs.get_mut(channel) {
            waiting.last = Some(bookmark);
        } else {
            let next = (Instant::now() + TOLD_WITHIN, bookmark);
            self.logs.insert(channel, Waiting { next, lines: None, last: None });
        }
    }

    /// Keeps those whose time has come by `now`, and whose lines the reader has: a full disk or a reader that stands still
    /// holds them up, and what is then lost with this process is read again by the next run.
    pub(super) fn keep(&mut self, now: Instant, lines: &Stats) {
        let mut due = Vec::new();
        for (channel, waiting) in &mut self.logs {
            if waiting.next.0 <= now && lines.written >= *waiting.lines.get_or_insert(lines.accepted) {
                due.push(*channel);
            }
        }
        for channel in due {
            let Some(Waiting { next: (_, bookmark), last, .. }) = self.logs.remove(channel) else { continue };
            self.write(channel, bookmark);
            if let Some(last) = last {
                self.read(channel, last);
            }
        }
    }

    /// Nothing more is told: keeps the last of each, unless lines stayed behind.
    pub(super) fn finish(mut self, lines: &Stats) {
        if lines.written < lines.accepted {
            return;
        }
        for (channel, Waiting { next: (_, bookmark), last, .. }) in std::mem::take(&mut self.logs) {
            self.write(channel, last.unwrap_or(bookmark));
        }
    }

    fn write(&mut self, channel: &str, bookmark: String) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.keep(channel, bookmark)
        {
            tracing::warn!("how far the {channel} log was read can't be kept: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(accepted: u64, written: u64) -> Stats {
        Stats { accepted, written, ..Stats::default() }
    }

    fn kept(folder: &tempfile::TempDir) -> String {
        StateFile::open(folder.path()).unwrap().bookmark("System").map(str::to_owned).unwrap_or_default()
    }

    #[test]
    fn a_bookmark_is_kept_at_the_beginning_and_at_the_end_but_not_before_what_was_read_can_be_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut bookmarks = Bookmarks::new(Some(StateFile::open(folder.path()).unwrap()));
        bookmarks.begin("System", "first".to_owned());
        assert_eq!(kept(&folder), "first");
        bookmarks.read("System", "second".to_owned());
        bookmarks.keep(Instant::now(), &lines(1, 1));
        assert_eq!(kept(&folder), "first");
        bookmarks.read("System", "third".to_owned());
        bookmarks.finish(&lines(1, 1));
        assert_eq!(kept(&folder), "third");
    }

    #[test]
    fn a_bookmark_waits_for_the_lines_that_were_told_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut bookmarks = Bookmarks::new(Some(StateFile::open(folder.path()).unwrap()));
        let due = Instant::now() + TOLD_WITHIN * 2;
        bookmarks.read("System", "first".to_owned());
        bookmarks.keep(due, &lines(3, 2));
        assert_eq!(kept(&folder), "");
        // What is told later holds up nothing.
        bookmarks.keep(due, &lines(9, 3));
        assert_eq!(kept(&folder), "first");
        bookmarks.read("System", "second".to_owned());
        bookmarks.finish(&lines(9, 8));
        assert_eq!(kept(&folder), "first");
    }
}
