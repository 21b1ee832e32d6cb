//! Files of a live host, read so that what is told belongs together.

use std::fs;
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::SystemTime;

use bstr::{BStr, BString};
use sha2::{Digest as _, Sha256};

use super::hashes::Hashes;
use super::path::{bytes_of, os_path};
use crate::host::{FileState, Identity, MOST_CONTENT, Program, RegularFile, SpecialKind};
use crate::model::{Known, Reason, Timestamp};

/// How often a file that changes while it is read is read again.
const TRIES: usize = 3;
/// The most names of a directory that are read.
const MOST_NAMES: usize = 100_000;
/// The largest program whose hash is part of its identity, in bytes.
const SMALL: u64 = 64 * 1024;
/// How many bytes of a program's beginning are told.
const HEAD: usize = 256;

/// What stands at `path`, without following a link there.
pub fn state(path: &BStr) -> FileState {
    let path = os_path(path);
    let mut state = FileState::Unreadable(Reason::Raced);
    for _ in 0..TRIES {
        state = match read_once(path) {
            Ok(state) => state,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                FileState::Absent
            }
            Err(error) => FileState::Unreadable(reason(&error)),
        };
        if state != FileState::Unreadable(Reason::Raced) {
            break;
        }
    }
    state
}

fn read_once(path: &Path) -> io::Result<FileState> {
    let named = path.symlink_metadata()?;
    if named.is_symlink() {
        return Ok(FileState::Symlink { target: bytes_of(&fs::read_link(path)?) });
    }
    if named.is_dir() {
        return Ok(FileState::Directory);
    }
    if let Some(kind) = special(named.file_type()) {
        return Ok(FileState::Special(kind));
    }
    let (mut file, before) = open(path)?;
    let mut content = Vec::new();
    file.by_ref().take(MOST_CONTENT).read_to_end(&mut content)?;
    let after = file.metadata()?;
    let unchanged = (before.ctime(), before.ctime_nsec(), before.size())
        == (after.ctime(), after.ctime_nsec(), after.size());
    if !unchanged || before.ino() != named.ino() {
        return Ok(FileState::Unreadable(Reason::Raced));
    }
    Ok(FileState::Regular(RegularFile {
        content: content.into(),
        size: after.size(),
        mode: after.mode() & 0o7777,
        uid: after.uid(),
        gid: after.gid(),
        links: after.nlink(),
        object: (after.dev(), after.ino()),
    }))
}

/// What a file is that is neither regular, nor a directory, nor a link.
fn special(kind: fs::FileType) -> Option<SpecialKind> {
    if kind.is_file() {
        None
    } else if kind.is_char_device() {
        Some(SpecialKind::CharacterDevice)
    } else if kind.is_block_device() {
        Some(SpecialKind::BlockDevice)
    } else if kind.is_fifo() {
        Some(SpecialKind::Pipe)
    } else {
        Some(SpecialKind::Socket)
    }
}

/// Opens a regular file: neither a link that was put there meanwhile, nor a pipe or device that would block.
pub(super) fn open(path: &Path) -> io::Result<(fs::File, fs::Metadata)> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Where the symbolic link at `path` points to, as it stands.
///
/// # Errors
/// Why that can't be told; [`Reason::Unsupported`] where it is no link.
pub fn link(path: &BStr) -> Result<BString, Reason> {
    fs::read_link(os_path(path)).map(|target| bytes_of(&target)).map_err(|error| reason(&error))
}

/// The names in a directory, sorted.
///
/// # Errors
/// Why it can't be read.
pub fn list(path: &BStr) -> Result<Vec<BString>, Reason> {
    let entries = fs::read_dir(os_path(path)).map_err(|error| reason(&error))?;
    let mut names: Vec<BString> = entries
        .take(MOST_NAMES)
        .filter_map(Result::ok)
        .map(|entry| bytes_of(entry.file_name().as_ref()))
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// The program at `path`, its hash pending when it is larger than `hash_limit` bytes.
///
/// # Errors
/// Why it can't be read.
pub fn program(path: &BStr, hash_limit: u64, hashes: &mut Hashes) -> Result<Program, Reason> {
    if is_running(path) {
        return running(path, hash_limit);
    }
    let path = fs::canonicalize(os_path(path)).map_err(|error| reason(&error))?;
    let (mut file, metadata) = open(&path).map_err(|error| reason(&error))?;
    let sha256 = if metadata.size() > hash_limit { Known::Pending } else { hashes.of(&path).into() };
    described(bytes_of(&path), &mut file, &metadata, sha256)
}

/// The program that is open as `file`, just opened.
fn described(
    path: BString,
    file: &mut fs::File,
    metadata: &fs::Metadata,
    sha256: Known<String>,
) -> Result<Program, Reason> {
    let mut head = Vec::new();
    file.take(HEAD as u64).read_to_end(&mut head).map_err(|error| reason(&error))?;
    Ok(Program {
        path,
        sha256,
        size: metadata.size(),
        mode: metadata.mode() & 0o7777,
        owner: (metadata.uid(), metadata.gid()),
        object: (metadata.dev(), metadata.ino()),
        head,
    })
}

/// Whether a path is `/proc/PID/exe`, which leads to a file without any path.
fn is_running(path: &BStr) -> bool {
    path.strip_prefix(b"/proc/")
        .and_then(|rest| rest.strip_suffix(b"/exe"))
        .is_some_and(|pid| !pid.is_empty() && pid.iter().all(u8::is_ascii_digit))
}

/// The program that a process runs, its hash missing when it is larger than `hash_limit` bytes: none can follow, as the
/// process may be gone by then.
fn running(path: &BStr, hash_limit: u64) -> Result<Program, Reason> {
    let mut file = fs::File::open(os_path(path)).map_err(|error| reason(&error))?;
    let metadata = file.metadata().map_err(|error| reason(&error))?;
    if !metadata.is_file() {
        return Err(Reason::Unsupported);
    }
    let sha256 =
        if metadata.size() > hash_limit { Err(Reason::TooLarge) } else { hash(&mut file, &metadata) };
    file.rewind().map_err(|error| reason(&error))?;
    described(path.into(), &mut file, &metadata, sha256.into())
}

/// What tells the program at `path` from another one.
///
/// # Errors
/// Why it can't be told; [`Reason::Unsupported`] where that is no regular file.
pub fn identity(path: &BStr, hashes: &mut Hashes) -> Result<Identity, Reason> {
    let path = fs::canonicalize(os_path(path)).map_err(|error| reason(&error))?;
    let metadata = path.symlink_metadata().map_err(|error| reason(&error))?;
    if !metadata.is_file() {
        return Err(Reason::Unsupported);
    }
    let born = metadata.created().ok().and_then(|born| born.duration_since(SystemTime::UNIX_EPOCH).ok());
    let small = metadata.size() <= SMALL;
    Ok(Identity {
        sha256: small.then(|| hashes.of(&path).ok()).flatten(),
        path: bytes_of(&path),
        object: (metadata.dev(), metadata.ino()),
        born_ns: born.and_then(|born| i64::try_from(born.as_nanos()).ok()).unwrap_or(0),
        size: metadata.size(),
        modified_ns: modified(&metadata),
        mode: metadata.mode() & 0o7777,
        owner: (metadata.uid(), metadata.gid()),
    })
}

/// The size in bytes of the file at `path`.
///
/// # Errors
/// Why it can't be told.
pub fn size(path: &BStr) -> Result<u64, Reason> {
    os_path(path).metadata().map(|metadata| metadata.size()).map_err(|error| reason(&error))
}

/// When it was last written to, in nanoseconds since 1970.
pub(super) fn modified(metadata: &fs::Metadata) -> i64 {
    metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec())
}

/// When what stands at `path` changed last, without following a link there.
///
/// # Errors
/// Why that can't be told.
pub fn changed(path: &BStr) -> Result<Timestamp, Reason> {
    let found = os_path(path).symlink_metadata().map_err(|error| reason(&error))?;
    Ok(Timestamp(found.ctime().saturating_mul(1_000_000_000).saturating_add(found.ctime_nsec())))
}

/// The SHA-256 of the file at `path`, in hexadecimal.
///
/// # Errors
/// [`Reason::Raced`] when it changed meanwhile, else why it can't be read.
pub fn sha256(path: &Path) -> Result<String, Reason> {
    let (mut file, before) = open(path).map_err(|error| reason(&error))?;
    hash(&mut file, &before)
}

/// The SHA-256 of a file that was just opened, and was then as `before` tells.
///
/// # Errors
/// As [`sha256`].
pub(super) fn hash(file: &mut fs::File, before: &fs::Metadata) -> Result<String, Reason> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => hasher.update(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reason(&error)),
        }
    }
    let after = file.metadata().map_err(|error| reason(&error))?;
    if (before.mtime(), before.mtime_nsec(), before.size())
        != (after.mtime(), after.mtime_nsec(), after.size())
    {
        return Err(Reason::Raced);
    }
    Ok(hex::encode(hasher.finalize()))
}

pub(super) fn reason(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Reason::NotFound,
        io::ErrorKind::PermissionDenied => Reason::Denied,
        io::ErrorKind::InvalidInput => Reason::Unsupported,
        _ => Reason::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &Path) -> BString {
        bytes_of(path)
    }

    #[test]
    fn tells_each_kind_of_file_and_never_follows() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a"), "text").unwrap();
        std::os::unix::fs::symlink("/dev/null", at("mask")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RUSR).unwrap();
        let FileState::Regular(file) = state(path(&at("a")).as_ref()) else { panic!("no file") };
        assert_eq!((&*file.content, file.size, file.links), (&b"text"[..], 4, 1));
        assert_eq!(state(path(&at("mask")).as_ref()), FileState::Symlink { target: "/dev/null".into() });
        assert_eq!(state(path(&at("pipe")).as_ref()), FileState::Special(SpecialKind::Pipe));
        assert_eq!(state(BStr::new("/dev/zero")), FileState::Special(SpecialKind::CharacterDevice));
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        assert_eq!(state(path(&at("socket")).as_ref()), FileState::Special(SpecialKind::Socket));
        assert_eq!(state(path(folder.path()).as_ref()), FileState::Directory);
        assert_eq!(link(path(&at("mask")).as_ref()), Ok("/dev/null".into()));
        assert_eq!(link(path(&at("a")).as_ref()), Err(Reason::Unsupported));
        assert_eq!(link(path(&at("none")).as_ref()), Err(Reason::NotFound));
        assert_eq!(state(path(&at("none")).as_ref()), FileState::Absent);
        assert_eq!(state(path(&at("a/b")).as_ref()), FileState::Absent);
        assert_eq!(list(path(folder.path()).as_ref()).unwrap(), ["a", "mask", "pipe", "socket"]);
    }

    #[test]
    fn a_program_is_hashed_up_to_the_limit() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hashes = &mut Hashes::default();
        let whole = program(path(file.path()).as_ref(), 3, hashes).unwrap();
        let (whole_path, whole_object) = (whole.path.clone(), whole.object);
        assert_eq!((whole.sha256, whole.head), (Known::Is(abc.into()), b"abc".to_vec()));
        assert_eq!(program(path(file.path()).as_ref(), 2, hashes).unwrap().sha256, Known::Pending);
        let told = identity(path(file.path()).as_ref(), hashes).unwrap();
        assert_eq!((told.path, told.object, told.size), (whole_path, whole_object, 3));
        assert_eq!(identity(BStr::new("/dev/zero"), hashes), Err(Reason::Unsupported));
        assert_eq!(program(BStr::new("/dev/zero"), 9, hashes), Err(Reason::Unsupported));
        assert_eq!(program(BStr::new("/no/such"), 9, hashes), Err(Reason::NotFound));
        let this = BString::from(format!("/proc/{}/exe", std::process::id()));
        let own = program(this.as_ref(), u64::MAX, hashes).unwrap();
        let here = fs::metadata(std::env::current_exe().unwrap()).unwrap();
        assert_eq!((own.object.1, own.size), (here.ino(), here.size()));
        assert_eq!(own.sha256, sha256(&std::env::current_exe().unwrap()).into());
        assert_eq!(program(BStr::new("/proc/0/exe"), 9, hashes), Err(Reason::NotFound));
    }
}
