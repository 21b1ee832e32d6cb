//! What outlives a run: how far each log was read.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use windows::Win32::Foundation::ERROR_SHARING_VIOLATION;

use super::folder;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Keeps a second run out for as long as it lives: two would take the trace from each other.
#[derive(Debug)]
pub(super) struct Lock {
    _file: fs::File,
}

/// Takes the lock in the folder, which is made private first: who can write there can make the sensor skip records.
/// `None` when another run has it.
pub(super) fn lock(folder: &Path) -> io::Result<Option<Lock>> {
    folder::make_private(folder)?;
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .share_mode(0)
        .open(folder.join("lock"));
    match file {
        Ok(file) => Ok(Some(Lock { _file: file })),
        Err(error) if error.raw_os_error() == i32::try_from(ERROR_SHARING_VIOLATION.0).ok() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A small file of bookmarks by channel, written whole or not at all.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    bookmarks: BTreeMap<String, String>,
}

impl StateFile {
    /// Reads what the last run left in the folder, in which the lock is held.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join("bookmarks.json");
        let bookmarks = match fs::File::open(&path) {
            Ok(file) => {
                folder::refuse_stranger(&path)?;
                let mut text = String::new();
                file.take(LARGEST).read_to_string(&mut text)?;
                // What was cut off or tampered with is no bookmark: the logs are read from here on.
                serde_json::from_str(&text).unwrap_or_else(|error| {
                    tracing::warn!("{} makes no sense and is not used: {error}", path.display());
                    BTreeMap::new()
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, bookmarks })
    }

    /// How far a log was read.
    pub(super) fn bookmark(&self, channel: &str) -> Option<&str> {
        self.bookmarks.get(channel).map(String::as_str)
    }

    /// Keeps how far a log was read.
    pub(super) fn keep(&mut self, channel: &str, bookmark: String) -> io::Result<()> {
        self.bookmarks.insert(channel.to_owned(), bookmark);
        let new = self.path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        file.write_all(&serde_json::to_vec(&self.bookmarks)?)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_outlive_a_run_and_one_run_locks_another_out() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("svcsensor");
        let held = lock(&folder).unwrap();
        assert!(held.is_some());
        assert!(lock(&folder).unwrap().is_none());
        let mut file = StateFile::open(&folder).unwrap();
        assert_eq!(file.bookmark("System"), None);
        file.keep("System", "<a/>".to_owned()).unwrap();
        file.keep("System", "<b/>".to_owned()).unwrap();
        assert_eq!(StateFile::open(&folder).unwrap().bookmark("System"), Some("<b/>"));
        fs::write(folder.join("bookmarks.json"), "{\"System\": ").unwrap();
        assert_eq!(StateFile::open(&folder).unwrap().bookmark("System"), None);
        drop(held);
        assert!(lock(&folder).unwrap().is_some());
    }
}
