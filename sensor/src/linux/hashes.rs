//! Hashes of programs. One event asks for a program's hash more than once, and a burst of events for that of one program.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::files;
use crate::model::Reason;

/// How long a hash is remembered. Two writes within one tick of the kernel's clock leave the same times in a file, so they
/// are not relied on for longer than an event takes.
const MOMENT: Duration = Duration::from_millis(5);
/// How many are remembered.
const MOST: usize = 16;

/// Hashes of files that were read a moment ago.
#[derive(Debug, Default)]
pub struct Hashes {
    recent: VecDeque<(Version, Instant, String)>,
}

/// Which file it was, and in which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    object: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        Self {
            object: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Hashes {
    /// The SHA-256 of the file at `path`, in hexadecimal.
    ///
    /// # Errors
    /// As [`files::sha256`].
    pub fn of(&mut self, path: &Path) -> Result<String, Reason> {
        let (mut file, metadata) = files::open(path).map_err(|error| files::reason(&error))?;
        let version = Version::of(&metadata);
        self.recent.retain(|(_version, read, _hash)| read.elapsed() < MOMENT);
        if let Some((_version, _read, hash)) = self.recent.iter().find(|(known, ..)| *known == version) {
            return Ok(hash.clone());
        }
        let read = Instant::now();
        let hash = files::hash(&mut file, &metadata)?;
        if self.recent.len() >= MOST {
            self.recent.pop_front();
        }
        self.recent.push_back((version, read, hash.clone()));
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_hash_is_of_the_file_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut hashes = Hashes::default();
        for content in ["one", "two", "longer"] {
            fs::write(folder.path().join("new"), content).unwrap();
            fs::rename(folder.path().join("new"), &path).unwrap();
            for _again in 0..2 {
                assert_eq!(hashes.of(&path), files::sha256(&path), "{content}");
            }
        }
        assert_eq!(hashes.of(folder.path()), Err(Reason::Unsupported));
        assert!(hashes.recent.len() <= 3);
    }

    #[test]
    fn few_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let mut hashes = Hashes::default();
        for number in 0..2 * MOST {
            let path = folder.path().join(number.to_string());
            fs::write(&path, number.to_string()).unwrap();
            assert!(hashes.of(&path).is_ok());
            assert!(hashes.recent.len() <= MOST);
        }
    }
}
