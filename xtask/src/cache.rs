//! The folder that keeps what is costly to fetch or to build, and the lock that keeps two runs apart.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The cache folder, held by this process alone.
///
/// Everything in it can be deleted at any time; the next run makes it anew.
pub(crate) struct Cache {
    folder: PathBuf,
    _lock: File,
}

impl Cache {
    /// Opens the cache of this name, and waits until no other process uses it.
    ///
    /// One virtual machine at a time: emulation takes all processors there are. One Wine at a time: its services are the
    /// same for all.
    pub(crate) fn open(name: &str) -> Result<Self> {
        let folder = folder(name)?;
        let path = folder.join("lock");
        let lock = File::create(&path).with_context(|| format!("making {}", path.display()))?;
        if lock.try_lock().is_err() {
            eprintln!("waiting for another run that uses {}", folder.display());
            lock.lock().with_context(|| format!("locking {}", path.display()))?;
        }
        Ok(Self { folder, _lock: lock })
    }

    /// The path of an entry; whether it exists is another question.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A new empty folder for unfinished things, on the same file system as the finished ones.
    pub(crate) fn scratch(&self) -> Result<PathBuf> {
        let path = self.folder.join("scratch");
        if path.exists() {
            crate::host::run(crate::host::as_root("rm").arg("-rf").arg("--one-file-system").arg(&path))?;
        }
        fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(path)
    }
}

/// The folder `$XDG_CACHE_HOME/svcsensor/NAME`, or below `~/.cache`; it is made where it is missing.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|path| Path::new(path).is_absolute()) {
        Some(path) => PathBuf::from(path),
        None => std::env::home_dir().context("there is no home directory to keep a cache in")?.join(".cache"),
    };
    let folder = base.join("svcsensor").join(name);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}
