//! The directories of units as they were before, and the way back.

use std::collections::BTreeMap;
use std::fs::{self, Metadata, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Where scenarios change files. What generators write and what PID 1 makes for transient units is left out: it goes
/// with what it was made for.
const FOLDERS: [&str; 14] = [
    "/etc/systemd",
    "/run/systemd/system",
    "/run/systemd/system.control",
    "/run/systemd/system.attached",
    "/run/systemd/user",
    "/usr/lib/systemd/system",
    "/usr/lib/systemd/user",
    "/usr/lib/systemd/system-generators",
    "/usr/lib/systemd/user-generators",
    "/usr/lib/systemd/system-preset",
    "/usr/local/lib/systemd",
    "/home/tester/.config/systemd",
    "/home/tester/.local/share/systemd",
    "/etc/init.d",
];

/// What is at a path.
#[derive(PartialEq, Eq)]
struct Entry {
    inode: u64,
    changed: (i64, i64),
    permissions: u32,
    content: Content,
}

/// What a file holds.
#[derive(PartialEq, Eq)]
enum Content {
    Folder,
    Link(PathBuf),
    File(Vec<u8>),
    /// A device, a socket: never put back.
    Other,
}

/// The files of all folders at one moment.
pub(crate) struct Snapshot(BTreeMap<PathBuf, Entry>);

impl Snapshot {
    /// Reads them all.
    pub(crate) fn take() -> Result<Self> {
        let mut entries = BTreeMap::new();
        for (path, metadata) in walk()? {
            let entry = read(&path, &metadata)?;
            entries.insert(path, entry);
        }
        Ok(Self(entries))
    }

    /// Removes what has come, and puts back what has gone or changed.
    pub(crate) fn restore(&mut self) -> Result<()> {
        let now: BTreeMap<PathBuf, Metadata> = walk()?.into_iter().collect();
        // Deepest first.
        for (path, metadata) in now.iter().rev().filter(|(path, _)| !self.0.contains_key(*path)) {
            let removed = if metadata.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
            removed.with_context(|| format!("removing {}", path.display()))?;
        }
        for (path, entry) in &mut self.0 {
            let same = now.get(path).is_some_and(|metadata| {
                metadata.ino() == entry.inode
                    && (metadata.is_dir() || (metadata.ctime(), metadata.ctime_nsec()) == entry.changed)
            });
            if !same {
                write(path, entry).with_context(|| format!("putting {} back", path.display()))?;
                *entry = read(path, &path.symlink_metadata()?)?;
            }
        }
        Ok(())
    }
}

fn walk() -> Result<Vec<(PathBuf, Metadata)>> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    while let Some(path) = left.pop() {
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_dir() {
            for entry in fs::read_dir(&path).with_context(|| format!("listing {}", path.display()))? {
                left.push(entry?.path());
            }
        }
        found.push((path, metadata));
    }
    Ok(found)
}

fn read(path: &Path, metadata: &Metadata) -> Result<Entry> {
    let content = if metadata.is_dir() {
        Content::Folder
    } else if metadata.is_symlink() {
        Content::Link(fs::read_link(path)?)
    } else if metadata.is_file() {
        Content::File(fs::read(path).with_context(|| format!("reading {}", path.display()))?)
    } else {
        Content::Other
    };
    Ok(Entry {
        inode: metadata.ino(),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        permissions: metadata.permissions().mode() & 0o7777,
        content,
    })
}

fn write(path: &Path, entry: &Entry) -> Result<()> {
    let is_folder = path.symlink_metadata().map(|metadata| metadata.is_dir());
    match (&entry.content, is_folder) {
        (Content::Folder, Ok(true)) | (Content::Other, _) => return Ok(()),
        (_, Ok(true)) => fs::remove_dir_all(path)?,
        (_, Ok(false)) => fs::remove_file(path)?,
        (_, Err(_)) => {}
    }
    match &entry.content {
        Content::Folder => fs::create_dir(path)?,
        Content::Link(target) => return Ok(symlink(target, path)?),
        Content::File(bytes) => fs::write(path, bytes)?,
        Content::Other => {}
    }
    Ok(fs::set_permissions(path, Permissions::from_mode(entry.permissions))?)
}
