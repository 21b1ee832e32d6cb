//! Records of the kernel programs, as sensor-common defines them.

mod file;
mod lanes;
mod process;
#[cfg(test)]
mod tests;
mod text;

use std::collections::HashMap;

use bstr::BString;
use sensor_common::{ABI_VERSION, FileRecord, Header, kind};
use thiserror::Error;
use zerocopy::{FromBytes, Immutable, KnownLayout};

pub use lanes::Lanes;

use crate::model::{ObservationKind, Timestamp};

/// A record, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelRecord {
    /// When it happened.
    pub time: Timestamp,
    /// Whose count [`Self::sequence`] belongs to; see [`Lanes`].
    pub lane: u32,
    /// Its number within the lane.
    pub sequence: u64,
    /// The CPU that it happened on.
    pub cpu: u32,
    /// For a file's record, what is watched.
    pub watch: Option<Watched>,
    /// What it tells.
    pub kind: ObservationKind,
}

/// How the kernel's boot clock relates to the time of day. It drifts when the time of day is set: a long run measures it
/// anew now and then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// What must be added to a time of the boot clock, in nanoseconds, to get one since 1970.
    pub offset_ns: i64,
}

/// A watched directory or file: the kernel's device, in the form of stat(2), and its inode. On some file systems, such as
/// btrfs, stat(2) itself tells another device.
pub type WatchKey = (u64, u64);

/// What a file's record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its key.
    pub key: WatchKey,
    /// The inode's generation: another one than before means that its number may stand for another file by now.
    pub generation: u32,
}

/// The paths of what is watched.
pub type Directories = HashMap<WatchKey, BString>;

/// Why a record can't be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Shorter than what it must hold.
    #[error("the record has {length} bytes of at least {expected}")]
    Short {
        /// Its length.
        length: usize,
        /// What it must have.
        expected: usize,
    },
    /// Written by programs of another version.
    #[error("the record has version {0} of the wire contract, not {ABI_VERSION}")]
    Version(u16),
    /// It tells another length than it has.
    #[error("the record tells a length of {told} bytes and has {length}")]
    Length {
        /// What its header tells.
        told: u32,
        /// What it has.
        length: usize,
    },
    /// A kind that is not known.
    #[error("records of kind {0} are not known")]
    Kind(u16),
    /// A file operation that is not known.
    #[error("file operation {0} is not known")]
    Operation(u16),
    /// A hook that is not known.
    #[error("hook {0} is not known")]
    Hook(u16),
    /// A text that does not lie within the record.
    #[error("the text at byte {offset} does not lie within the record")]
    Text {
        /// Where it says that it begins.
        offset: u32,
    },
    /// A directory or file that is not watched, or no longer.
    #[error("inode {inode} of device {device:#x} is not watched")]
    Watch {
        /// Its device, in the form of stat(2).
        device: u64,
        /// Its inode.
        inode: u64,
    },
}

/// Decodes one record. Any bytes are answered, in time and memory proportional to their length.
pub fn decode(bytes: &[u8], clock: Clock, directories: &Directories) -> Result<KernelRecord, DecodeError> {
    let header = prefix::<Header>(bytes)?;
    if header.abi != ABI_VERSION {
        return Err(DecodeError::Version(header.abi));
    }
    if usize::try_from(header.length) != Ok(bytes.len()) {
        return Err(DecodeError::Length { told: header.length, length: bytes.len() });
    }
    let mut watch = None;
    let kind = match header.kind {
        kind::FORK => process::fork(&prefix(bytes)?),
        kind::EXEC => process::exec(&prefix(bytes)?, bytes)?,
        kind::EXIT => process::exit(&prefix(bytes)?),
        kind::FILE => {
            let record = prefix::<FileRecord>(bytes)?;
            let key = (device(record.watch.device), record.watch.inode);
            watch = Some(Watched { key, generation: record.generation });
            file::file(&record, bytes, directories)?
        }
        kind => return Err(DecodeError::Kind(kind)),
    };
    Ok(KernelRecord {
        time: clock.time(header.time_ns),
        lane: header.lane,
        sequence: header.sequence,
        cpu: header.cpu,
        watch,
        kind,
    })
}

impl Clock {
    /// The time of day at `boot_ns` on the boot clock.
    pub fn time(self, boot_ns: u64) -> Timestamp {
        Timestamp(i64::try_from(boot_ns).unwrap_or(i64::MAX).saturating_add(self.offset_ns))
    }
}

/// The fixed part at the start of a record.
fn prefix<T: FromBytes + KnownLayout + Immutable>(bytes: &[u8]) -> Result<T, DecodeError> {
    let short = DecodeError::Short { length: bytes.len(), expected: size_of::<T>() };
    T::read_from_prefix(bytes).map(|(value, _)| value).map_err(|_| short)
}

/// A device number as stat(2) tells it, from the kernel's own form (`huge_encode_dev` of `include/linux/kdev_t.h`).
pub(crate) fn device(kernel: u32) -> u64 {
    let (major, minor) = (u64::from(kernel >> 20), u64::from(kernel & 0xf_ffff));
    (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & !0xff) << 12)
}
