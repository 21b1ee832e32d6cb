//! Root file systems: a minimal Debian with systemd, as a disk image.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::archive;
use crate::cache::Cache;
use crate::host;

/// Packages beyond a minimal Debian: the service manager, users' managers, and what makes file systems and edits files.
const PACKAGES: &str =
    "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,kmod,e2fsprogs,xfsprogs,btrfs-progs,vim-tiny";

/// What is done in the new root, as a shell command whose first argument is its path.
const SETUP: &str = include_str!("root.sh");

/// A root file system in the cache.
pub(crate) struct Root {
    /// Its image: ext4, without a partition table.
    pub(crate) image: PathBuf,
}

impl Root {
    /// Takes the root that suits a kernel's release from the cache; builds it first where it isn't there.
    pub(crate) fn get(cache: &Cache, release: &str) -> Result<Self> {
        // The service manager of a kernel's own time: bookworm has systemd 252, trixie 257.
        let suite = if release.starts_with("5.") { "bookworm" } else { "trixie" };
        let recipe = Sha256::new().chain_update(PACKAGES).chain_update(SETUP).finalize();
        let recipe: u64 = recipe.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        let image = cache.path(&format!("root-{suite}-{recipe:016x}.img"));
        if !image.exists() {
            build(cache, suite, &image)?;
        }
        Ok(Self { image })
    }
}

fn build(cache: &Cache, suite: &str, image: &Path) -> Result<()> {
    eprintln!("building a root file system from {suite} (mmdebstrap, mke2fs)");
    let mirror = archive::mirror()?;
    let scratch = cache.scratch()?;
    let (tree, unfinished) = (scratch.join("root"), scratch.join("root.img"));
    host::run(
        host::as_root("mmdebstrap")
            .args(["--quiet", "--mode=root", "--variant=minbase", "--architectures=amd64"])
            .arg(format!("--include={PACKAGES}"))
            .arg("--aptopt=Acquire::Languages \"none\"")
            .args(["doc", "man", "locale"].map(|name| format!("--dpkgopt=path-exclude=/usr/share/{name}/*")))
            .arg(format!("--customize-hook={SETUP}"))
            .arg(suite)
            .arg(&tree)
            .arg(format!("deb {mirror} {suite} main")),
    )?;
    host::run(Command::new("truncate").args(["--size", "1G"]).arg(&unfinished))?;
    host::run(
        host::as_root("/sbin/mke2fs").args(["-q", "-F", "-t", "ext4", "-d"]).arg(&tree).arg(&unfinished),
    )?;
    fs::rename(&unfinished, image).with_context(|| format!("making {}", image.display()))?;
    cache.scratch().map(drop)
}
