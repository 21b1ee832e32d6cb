//! Processes as /proc tells them: those that were there before the sensor.
//!
//! Source: proc(5). Everything is read from `/proc/PID`, whose owner may change its own text at any time.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use super::path::bytes_of;
use crate::model::process::{Credentials, Namespaces};
use crate::model::{Known, Process, ProcessKey, Reason};
use crate::systemd::cgroup;

/// The most bytes of arguments that are read.
const ARGUMENTS: u64 = 16 * 1024;
/// Nanoseconds in a clock tick as /proc counts them (`USER_HZ` is 100 on every architecture that Linux keeps).
const TICK_NS: u64 = 10_000_000;
/// `loginuid` and `sessionid` of those who never logged in.
const UNSET: u32 = u32::MAX;

/// Reads what /proc tells of process `pid`.
///
/// # Errors
/// [`Reason::Exited`] when there is no such process, or the reason why its identity can't be read.
pub fn process(pid: u32) -> Result<Process, Reason> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let stat = read(&folder.join("stat"), 4096).map_err(|error| reason(&error))?;
    let stat = Stat::parse(&stat).ok_or(Reason::Malformed)?;
    let key = ProcessKey { pid, start_ns: stat.start_ticks.saturating_mul(TICK_NS) };
    let mut process = Process::unknown(key, Reason::NotRecorded);
    process.parent = (stat.parent != 0).then(|| parent_key(stat.parent));
    process.comm = Known::Is(stat.comm);
    process.tty = Known::Is(terminal(stat.terminal));
    process.exe = link(&folder.join("exe"));
    process.cwd = link(&folder.join("cwd"));
    (process.argv, process.argv_truncated) = arguments(&folder.join("cmdline"));
    process.user = credentials(&folder).into();
    process.namespaces = namespaces(&folder).into();
    process.cgroup = read(&folder.join("cgroup"), 64 * 1024)
        .map_err(|error| reason(&error))
        .and_then(|text| unified_cgroup(&text).ok_or(Reason::Unsupported))
        .into();
    if let Known::Is(path) = &process.cgroup {
        process.unit = cgroup::unit_of(path.as_ref());
        process.container = cgroup::container_of(path.as_ref());
    }
    // The id may have been given to another process meanwhile: what was read must be of one and the same.
    let again = read(&folder.join("stat"), 4096).map_err(|error| reason(&error))?;
    match Stat::parse(&again) {
        Some(again) if again.start_ticks == stat.start_ticks => Ok(process),
        Some(_) | None => Err(Reason::Raced),
    }
}

/// The name that process `pid` bears now.
///
/// # Errors
/// Why it can't be read.
pub fn comm(pid: u32) -> Result<BString, Reason> {
    let text = read(Path::new(&format!("/proc/{pid}/comm")), 64).map_err(|error| reason(&error))?;
    Ok(text.strip_suffix(b"\n").unwrap_or(&text).into())
}

/// The ids of all processes that are there now.
pub fn all() -> io::Result<Vec<u32>> {
    Ok(fs::read_dir("/proc")?
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
        .collect())
}

/// Whether process `pid` holds the file of `inode` on `device` open for writing.
pub fn writes(pid: u32, device: u64, inode: u64) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    entries.filter_map(Result::ok).any(|entry| {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        // The link's own permissions tell how the file was opened (proc(5), /proc/PID/fd).
        let writable =
            entry.path().symlink_metadata().is_ok_and(|link| link.permissions().mode() & 0o200 != 0);
        writable && entry.path().metadata().is_ok_and(|file| file.dev() == device && file.ino() == inode)
    })
}

struct Stat {
    comm: BString,
    parent: u32,
    terminal: i32,
    start_ticks: u64,
}

impl Stat {
    /// The name stands in parentheses and may hold anything, closing parentheses and newlines too.
    fn parse(text: &[u8]) -> Option<Self> {
        let (before, after) = text.rsplit_once_str(")")?;
        let (_pid, comm) = before.split_once_str("(")?;
        let fields: Vec<&str> = after.to_str().ok()?.split_ascii_whitespace().collect();
        Some(Self {
            comm: comm.into(),
            parent: fields.get(1)?.parse().ok()?,
            terminal: fields.get(4)?.parse().ok()?,
            start_ticks: fields.get(19)?.parse().ok()?,
        })
    }
}

fn parent_key(pid: u32) -> ProcessKey {
    let start = read(Path::new(&format!("/proc/{pid}/stat")), 4096).ok().and_then(|text| Stat::parse(&text));
    ProcessKey { pid, start_ns: start.map_or(0, |stat| stat.start_ticks.saturating_mul(TICK_NS)) }
}

/// A terminal's name from its device number (proc(5), `tty_nr`).
pub fn terminal(device: i32) -> Option<BString> {
    let device = u32::from_ne_bytes(device.to_ne_bytes());
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xf_ff00));
    match (major, minor) {
        (0, _) => None,
        (4, 64..) => Some(format!("ttyS{}", minor.saturating_sub(64)).into()),
        (4, _) => Some(format!("tty{minor}").into()),
        (136..=143, _) => Some(format!("pts/{}", (major - 136) * 256 + minor).into()),
        (229, _) => Some(format!("hvc{minor}").into()),
        _ => Some(format!("{major}:{minor}").into()),
    }
}

fn credentials(folder: &Path) -> Result<Credentials, Reason> {
    let status = read(&folder.join("status"), 16 * 1024).map_err(|error| reason(&error))?;
    let ids = |name: &str| -> Option<(u32, u32)> {
        let line = status.lines().find_map(|line| line.strip_prefix(name.as_bytes()))?;
        let mut fields = line.to_str().ok()?.split_ascii_whitespace();
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let (uid, euid) = ids("Uid:").ok_or(Reason::Malformed)?;
    let (gid, _egid) = ids("Gid:").ok_or(Reason::Malformed)?;
    let audit = |name| {
        let text = read(&folder.join(name), 32).ok()?;
        text.to_str().ok()?.trim().parse().ok().filter(|id| *id != UNSET)
    };
    Ok(Credentials { uid, gid, euid, login_uid: audit("loginuid"), session: audit("sessionid") })
}

fn namespaces(folder: &Path) -> Result<Namespaces, Reason> {
    let inode = |name: &str| -> Result<u32, Reason> {
        let target = fs::read_link(folder.join("ns").join(name)).map_err(|error| reason(&error))?;
        let text = bytes_of(&target);
        let number = text.split_once_str("[").and_then(|(_kind, rest)| rest.strip_suffix(b"]"));
        number.and_then(|number| number.to_str().ok()?.parse().ok()).ok_or(Reason::Malformed)
    };
    Ok(Namespaces { mount: inode("mnt")?, pid: inode("pid")?, user: inode("user")?, network: inode("net")? })
}

/// The arguments, and whether some were cut off.
fn arguments(path: &Path) -> (Known<Vec<BString>>, bool) {
    match read(path, ARGUMENTS + 1) {
        Ok(text) => {
            let truncated = text.len() as u64 > ARGUMENTS;
            let text = text.strip_suffix(b"\0").unwrap_or(&text);
            // Kernel threads and zombies have none.
            let arguments =
                if text.is_empty() { Vec::new() } else { text.split_str("\0").map(BString::from).collect() };
            (Known::Is(arguments), truncated)
        }
        Err(error) => (Known::Missing(reason(&error)), false),
    }
}

/// The path in the unified hierarchy, or in systemd's own where there is only the legacy one.
fn unified_cgroup(text: &[u8]) -> Option<BString> {
    let path = |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix.as_bytes()));
    let named = text.lines().find_map(|line| line.split_once_str(":name=systemd:").map(|(_id, path)| path));
    named.or_else(|| path("0::")).map(BString::from)
}

fn link(path: &Path) -> Known<BString> {
    fs::read_link(path).map(|target| bytes_of(&target)).map_err(|error| reason(&error)).into()
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    fs::File::open(path)?.take(most).read_to_end(&mut text)?;
    Ok(text)
}

/// Why reading below /proc/PID failed.
fn reason(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::NotFound => Reason::Exited,
        io::ErrorKind::PermissionDenied => Reason::Denied,
        // ESRCH: the process ended between open and read.
        _ if error.raw_os_error() == Some(3) => Reason::Exited,
        _ => Reason::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_itself() {
        let me = process(std::process::id()).unwrap();
        assert_eq!(me.exe.get(), Some(&bytes_of(&std::env::current_exe().unwrap())));
        assert_eq!(me.cwd.get(), Some(&bytes_of(&std::env::current_dir().unwrap())));
        assert!(me.key.start_ns > 0 && me.parent.is_some());
        assert!(me.user.get().is_some() && me.namespaces.get().is_some());
        assert!(all().unwrap().contains(&std::process::id()));
    }

    #[test]
    fn a_process_that_is_not_there_has_exited() {
        assert_eq!(process(u32::MAX), Err(Reason::Exited));
    }

    #[test]
    fn a_name_may_hold_parentheses_and_newlines() {
        let fields = "S 7 1 1 34816 1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        let stat = Stat::parse(format!("12 (a) b\n(c) {fields}").as_bytes()).unwrap();
        assert_eq!((stat.comm, stat.parent, stat.start_ticks), (BString::from("a) b\n(c"), 7, 4711));
        assert_eq!(terminal(stat.terminal), Some("pts/0".into()));
        for length in 0..fields.len() {
            let _ = Stat::parse(&fields.as_bytes()[..length]);
        }
    }

    #[test]
    fn a_writer_is_told_from_a_reader() {
        use std::os::unix::fs::MetadataExt as _;
        let file = tempfile::NamedTempFile::new().unwrap();
        let facts = file.path().metadata().unwrap();
        let pid = std::process::id();
        assert!(writes(pid, facts.dev(), facts.ino()));
        let path = file.into_temp_path();
        let reader = fs::File::open(&path).unwrap();
        assert!(!writes(pid, facts.dev(), facts.ino()));
        drop(reader);
    }
}
