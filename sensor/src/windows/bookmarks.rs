//! Bookmarks on their way to the state file: one is kept only once everything before it has been told.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::state_file::StateFile;

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
            self.logs.insert(channel, Waiting { next, last: None });
        }
    }

    /// Keeps those whose time has come.
    pub(super) fn keep(&mut self) {
        let now = Instant::now();
        let due: Vec<&'static str> = self
            .logs
            .iter()
            .filter(|(_, waiting)| waiting.next.0 <= now)
            .map(|(channel, _)| *channel)
            .collect();
        for channel in due {
            let Some(Waiting { next: (_, bookmark), last }) = self.logs.remove(channel) else { continue };
            self.write(channel, bookmark);
            if let Some(last) = last {
                self.read(channel, last);
            }
        }
    }

    /// Everything is told: keeps the last of each.
    pub(super) fn finish(mut self) {
        for (channel, Waiting { next: (_, bookmark), last }) in std::mem::take(&mut self.logs) {
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

    #[test]
    fn a_bookmark_is_kept_at_the_beginning_and_at_the_end_but_not_before_what_was_read_can_be_told() {
        let folder = tempfile::tempdir().unwrap();
        let kept = || {
            StateFile::open(folder.path()).unwrap().bookmark("System").map(str::to_owned).unwrap_or_default()
        };
        let mut bookmarks = Bookmarks::new(Some(StateFile::open(folder.path()).unwrap()));
        bookmarks.begin("System", "first".to_owned());
        assert_eq!(kept(), "first");
        bookmarks.read("System", "second".to_owned());
        bookmarks.keep();
        assert_eq!(kept(), "first");
        bookmarks.read("System", "third".to_owned());
        bookmarks.finish();
        assert_eq!(kept(), "third");
    }
}
