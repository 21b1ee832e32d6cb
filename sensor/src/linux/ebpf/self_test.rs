//! Proves each file hook by firing it once: what is attached need not run.

use std::collections::HashSet;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, IFlags, Mode, XattrFlags};
use sensor_common::{FileRecord, hook, kind};
use zerocopy::FromBytes as _;

use super::files::PROGRAMS;
use super::{EbpfError, FileSource, HookState, WatchError};

/// What the self-test found of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookReport {
    /// The program.
    pub name: &'static str,
    /// The kernel function.
    pub function: &'static str,
    /// Whether it is attached.
    pub state: HookState,
    /// Whether it ran when it should have.
    pub ran: bool,
    /// Whether its record reached us.
    pub told: bool,
}

impl HookReport {
    /// Whether all is well with it, or it is nothing that this kernel has.
    pub fn is_sound(&self) -> bool {
        match self.state {
            HookState::Attached => self.ran && self.told,
            HookState::Absent => true,
            HookState::Refused(_) => false,
        }
    }
}

impl FileSource {
    /// Fires every hook once in `folder`, which is made, watched and removed again, and reports each.
    ///
    /// Hooks run before the system call returns, so there is nothing to wait for. The records that are waiting are
    /// taken: test before anything else is watched.
    pub fn self_test(&mut self, folder: &Path) -> Result<Vec<HookReport>, EbpfError> {
        let before =
            PROGRAMS.iter().map(|program| self.calls(program.hook)).collect::<Result<Vec<_>, _>>()?;
        let watched =
            fs::create_dir(folder).map_err(WatchError::Open).and_then(|()| self.watch(folder, false));
        let key = watched.map_err(EbpfError::SelfTest)?;
        let fired = fire_all(folder);
        let mut told = HashSet::new();
        while self.drain(256, |record| told.extend(hook_of(record, key.1))) == 256 {}
        let ended = self.unwatch(key);
        fs::remove_dir_all(folder).map_err(|error| EbpfError::SelfTest(error.into()))?;
        fired.map_err(|error| EbpfError::SelfTest(error.into()))?;
        ended.map_err(EbpfError::SelfTest)?;
        // These records are told to nobody: nobody shall miss them.
        self.restart_lanes()?;
        let mut reports = Vec::with_capacity(PROGRAMS.len());
        for (program, before) in PROGRAMS.iter().zip(before) {
            let Some((_, state)) = self.hooks().iter().find(|(name, _)| *name == program.name) else {
                continue;
            };
            reports.push(HookReport {
                name: program.name,
                function: program.function,
                state: state.clone(),
                ran: self.calls(program.hook)? > before,
                // When a rename begins nothing is told, but its end tells what was kept then.
                told: told.contains(&if program.hook == hook::RENAME_BEGIN {
                    hook::RENAME
                } else {
                    program.hook
                }),
            });
        }
        Ok(reports)
    }
}

/// The hook of a record that is about our folder.
fn hook_of(record: &[u8], inode: u64) -> Option<u16> {
    let (record, _) = FileRecord::read_from_prefix(record).ok()?;
    (record.header.kind == kind::FILE && record.watch.inode == inode).then_some(record.hook)
}

/// Does once what each hook tells of. What the file system can't do has reached its hook before it failed.
fn fire_all(folder: &Path) -> io::Result<()> {
    let (file, moved) = (folder.join("file"), folder.join("moved"));
    fs::write(&file, b"x")?;
    fs::rename(&file, &moved)?;
    fs::hard_link(&moved, folder.join("link"))?;
    symlink("moved", folder.join("symlink"))?;
    fs::create_dir(folder.join("directory"))?;
    fs::remove_dir(folder.join("directory"))?;
    rustix::fs::mknodat(CWD, folder.join("pipe"), FileType::Fifo, Mode::RUSR, 0)?;
    rustix::fs::mknodat(CWD, folder.join("made"), FileType::RegularFile, Mode::RUSR, 0)?;
    fs::remove_file(folder.join("made"))?;
    fs::set_permissions(&moved, Permissions::from_mode(0o600))?;
    let _ = rustix::fs::setxattr(&moved, "trusted.svcsensor", b"x", XattrFlags::empty());
    let _ = rustix::fs::removexattr(&moved, "trusted.svcsensor");
    let _ = rustix::fs::setxattr(&moved, "system.posix_acl_access", &acl(), XattrFlags::empty());
    let _ = rustix::fs::ioctl_setflags(File::open(&moved)?, IFlags::empty());
    Ok(())
}

/// An access list that says no more than a mode of 0600 (`struct posix_acl_xattr_header` and its entries).
fn acl() -> Vec<u8> {
    const VERSION: u32 = 2;
    const ENTRIES: [(u16, u16); 3] = [(0x01, 6), (0x04, 0), (0x20, 0)];
    let mut bytes = VERSION.to_le_bytes().to_vec();
    for (tag, permissions) in ENTRIES {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(u32::MAX.to_le_bytes());
    }
    bytes
}
