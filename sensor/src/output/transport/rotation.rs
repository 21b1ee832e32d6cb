//! Keeps a file that lines are added to from growing for ever: it is given the name of an older one, and a new one begins.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// When a file becomes an older one, and what is kept of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// From how many bytes on.
    pub bytes: u64,
    /// How many older ones are kept: `FILE.1` is the last of them.
    pub files: u32,
}

impl Rotation {
    /// Makes the file at `path` the last of the older ones. Files that are missing in between are none.
    pub(super) fn rotate(self, path: &Path) -> io::Result<()> {
        // A file that is gone already, as where a new one could not be made, moves no others.
        if !path.try_exists()? {
            return Ok(());
        }
        let name = |number| older(path, number);
        for number in (1..self.files).rev() {
            rename(&name(number), &name(number + 1))?;
        }
        if self.files == 0 {
            return std::fs::remove_file(path);
        }
        rename(path, &name(1))
    }
}

fn older(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn as_many_files_are_kept_as_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        for (files, expected) in [(0, &[][..]), (1, &["4"]), (2, &["4", "3"])] {
            for content in ["1", "2", "3", "4"] {
                fs::write(&path, content).unwrap();
                Rotation { bytes: 1, files }.rotate(&path).unwrap();
            }
            let kept: Vec<String> =
                (1..4).map_while(|number| fs::read_to_string(older(&path, number)).ok()).collect();
            assert_eq!(kept, expected);
            assert!(!path.exists());
        }
    }
}
