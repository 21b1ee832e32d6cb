//! Early roots: cpio archives in the "newc" form, which the kernel unpacks one after the other.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use cpio::newc::{Builder, ModeFileType, trailer};

/// What runs first in a virtual machine: mounts the root, hands the payload over, and gives way to systemd.
pub(crate) const INIT: &str = include_str!("init.sh");

/// What systemd runs last: the payload's command.
const START: &str = include_str!("start.sh");

/// Writes the part that belongs to a kernel: a shell, the first program, and the modules below `modules`.
pub(crate) fn write_early_root(path: &Path, busybox: &Path, modules: &Path) -> Result<()> {
    let mut archive = Archive::create(path)?;
    for folder in ["bin", "dev", "proc", "sys", "sysroot", "payload"] {
        archive.folder(folder)?;
    }
    archive.file("bin/busybox", &read(busybox)?, 0o755)?;
    archive.file("init", INIT.as_bytes(), 0o755)?;
    archive.tree("", modules)?;
    archive.finish()
}

/// Writes the part that belongs to one run: files under their own names, and a shell command that runs beside them.
pub(crate) fn write_payload(path: &Path, files: &[&Path], command: &str) -> Result<()> {
    let mut archive = Archive::create(path)?;
    archive.file("payload/start", START.as_bytes(), 0o755)?;
    archive.file("payload/command", command.as_bytes(), 0o644)?;
    archive.folder("payload/files")?;
    for file in files {
        let name = file.file_name().with_context(|| format!("{} is no file", file.display()))?;
        let name = format!("payload/files/{}", name.to_str().context("a file's name is not in UTF-8")?);
        if file.is_dir() {
            archive.folder(&name)?;
            archive.tree(&name, file)?;
        } else {
            archive.file(&name, &read(file)?, mode(file)?)?;
        }
    }
    archive.finish()
}

/// An archive that is being written.
struct Archive {
    out: BufWriter<File>,
    inode: u32,
}

impl Archive {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self { out: BufWriter::new(file), inode: 0 })
    }

    fn folder(&mut self, name: &str) -> Result<()> {
        self.entry(name, b"", 0o755, ModeFileType::Directory)
    }

    fn file(&mut self, name: &str, content: &[u8], permissions: u32) -> Result<()> {
        self.entry(name, content, permissions, ModeFileType::Regular)
    }

    /// Everything below a folder, under `prefix`.
    fn tree(&mut self, prefix: &str, folder: &Path) -> Result<()> {
        let mut left = vec![folder.to_owned()];
        while let Some(here) = left.pop() {
            for entry in fs::read_dir(&here).with_context(|| format!("listing {}", here.display()))? {
                let path = entry?.path();
                let below = path.strip_prefix(folder)?.to_str().context("a file's name is not in UTF-8")?;
                let name = if prefix.is_empty() { below.to_owned() } else { format!("{prefix}/{below}") };
                if path.is_symlink() {
                    let target =
                        fs::read_link(&path).with_context(|| format!("reading {}", path.display()))?;
                    self.entry(&name, target.as_os_str().as_bytes(), 0o777, ModeFileType::Symlink)?;
                } else if path.is_dir() {
                    self.folder(&name)?;
                    left.push(path);
                } else {
                    self.file(&name, &read(&path)?, mode(&path)?)?;
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, name: &str, content: &[u8], permissions: u32, kind: ModeFileType) -> Result<()> {
        self.inode += 1;
        let size = u32::try_from(content.len()).with_context(|| format!("{name} is too large for cpio"))?;
        let mut writer = Builder::new(name)
            .ino(self.inode)
            .mode(permissions)
            .set_mode_file_type(kind)
            .write(&mut self.out, size);
        writer.write_all(content).with_context(|| format!("packing {name}"))?;
        writer.finish().with_context(|| format!("packing {name}"))?;
        Ok(())
    }

    fn finish(self) -> Result<()> {
        let mut out = trailer(self.out).context("ending an archive")?;
        // The kernel looks for the next archive at a multiple of four bytes.
        out.write_all(&[0; 4]).and_then(|()| out.flush()).context("ending an archive")
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}

fn mode(path: &Path) -> Result<u32> {
    let metadata = path.metadata().with_context(|| format!("reading {}", path.display()))?;
    Ok(metadata.permissions().mode() & 0o777)
}
