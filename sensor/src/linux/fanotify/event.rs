//! fanotify's events, as values. Decoding is total over any bytes.

use bstr::BString;

use super::handle::FileHandle;

/// Bits of an event's mask, as `fanotify_mark(2)` names them.
pub mod mask {
    /// A file was written to.
    pub const MODIFY: u64 = 0x2;
    /// Mode, owner, times or extended attributes changed.
    pub const ATTRIB: u64 = 0x4;
    /// A writer closed it.
    pub const CLOSE_WRITE: u64 = 0x8;
    /// It was moved away.
    pub const MOVED_FROM: u64 = 0x40;
    /// It was moved here.
    pub const MOVED_TO: u64 = 0x80;
    /// It came to be.
    pub const CREATE: u64 = 0x100;
    /// It was removed.
    pub const DELETE: u64 = 0x200;
    /// The marked file itself was removed.
    pub const DELETE_SELF: u64 = 0x400;
    /// The marked file itself was moved.
    pub const MOVE_SELF: u64 = 0x800;
    /// The queue was full, and an unknown number of events is lost.
    pub const QUEUE_OVERFLOW: u64 = 0x4000;
    /// Marks: events of the directory's entries too.
    pub const ON_CHILD: u64 = 0x0800_0000;
    /// Marks and events: it is a directory.
    pub const ON_DIRECTORY: u64 = 0x4000_0000;

    /// What is asked of a directory that holds unit files.
    pub const UNIT_DIRECTORY: u64 =
        CREATE | DELETE | MOVED_FROM | MOVED_TO | MODIFY | CLOSE_WRITE | ATTRIB | ON_CHILD | ON_DIRECTORY;
    /// What is asked of a file that has other names.
    pub const FILE: u64 = MODIFY | ATTRIB | CLOSE_WRITE | DELETE_SELF | MOVE_SELF;
    /// What is asked of a file that has one name: a further one is a change of its attributes (`fsnotify_link_count`).
    pub const NAMES: u64 = ATTRIB | DELETE_SELF;
    /// What is asked of a directory on the way to one.
    pub const ANCESTOR: u64 = CREATE | DELETE | MOVED_FROM | MOVED_TO | ON_DIRECTORY;
}

/// One event of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What happened: bits of [`mask`], several at once when events merged.
    pub mask: u64,
    /// The process that did it; zero when it is outside of the reader's pid namespace.
    pub pid: i32,
    /// The directory, or the file itself where that is marked; `None` for an overflow of the queue.
    pub directory: Option<FileHandle>,
    /// The entry's name; `.` for the directory itself, empty for a file that is marked itself.
    pub name: BString,
}

/// An event's bytes make no sense; the rest of the buffer is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fanotify event at byte {offset}: {what}")]
pub struct EventError {
    /// Where in the buffer.
    pub offset: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// The events of a buffer, in order; ends after the first that makes no sense.
pub struct Notices<'a> {
    buffer: &'a [u8],
    offset: usize,
}

/// `sizeof(struct fanotify_event_metadata)`.
const METADATA: usize = 24;
/// `FANOTIFY_METADATA_VERSION`.
const VERSION: u8 = 3;
/// `FAN_EVENT_INFO_TYPE_FID`: a file.
const FILE: u8 = 1;
/// `FAN_EVENT_INFO_TYPE_DFID_NAME` and `FAN_EVENT_INFO_TYPE_DFID`: a directory, with and without a name.
const DIRECTORY_AND_NAME: u8 = 2;
const DIRECTORY: u8 = 3;

impl<'a> Notices<'a> {
    /// Reads the events of `buffer`, as read(2) filled it.
    pub fn new(buffer: &'a [u8]) -> Self {
        Self { buffer, offset: 0 }
    }

    fn read(&self, event: &'a [u8]) -> Result<Notice, EventError> {
        let fail = |what| EventError { offset: self.offset, what };
        let version = *event.get(4).ok_or(fail("cut off"))?;
        if version != VERSION {
            return Err(fail("unknown version"));
        }
        let mask = u64::from_ne_bytes(array(event, 8).ok_or(fail("cut off"))?);
        let pid = i32::from_ne_bytes(array(event, 20).ok_or(fail("cut off"))?);
        let metadata = usize::from(u16::from_ne_bytes(array(event, 6).ok_or(fail("cut off"))?));
        let mut notice = Notice { mask, pid, directory: None, name: BString::default() };
        let mut rest = event.get(metadata..).ok_or(fail("metadata longer than the event"))?;
        while let (Some(kind), Some(length)) = (rest.first(), array(rest, 2)) {
            let length = usize::from(u16::from_ne_bytes(length));
            let record = rest.get(4..length).ok_or(fail("record longer than the event"))?;
            if matches!(*kind, FILE | DIRECTORY_AND_NAME | DIRECTORY) {
                let (directory, name) =
                    handle_and_name(record).ok_or(fail("handle longer than its record"))?;
                notice.directory = Some(directory);
                notice.name = name;
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(notice)
    }
}

impl Iterator for Notices<'_> {
    type Item = Result<Notice, EventError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.buffer.get(self.offset..).filter(|rest| !rest.is_empty())?;
        let length = array(rest, 0).map_or(0, u32::from_ne_bytes);
        let event = usize::try_from(length)
            .ok()
            .filter(|length| *length >= METADATA)
            .and_then(|length| rest.get(..length));
        let Some(event) = event else {
            let error = EventError { offset: self.offset, what: "length does not fit" };
            self.offset = self.buffer.len();
            return Some(Err(error));
        };
        let notice = self.read(event);
        self.offset = self.offset.saturating_add(event.len());
        Some(notice)
    }
}

/// `N` bytes of `bytes` from `offset` on.
fn array<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

/// Splits a `struct fanotify_event_info_fid` behind its header: file system id, handle, and a name that ends in NUL.
fn handle_and_name(record: &[u8]) -> Option<(FileHandle, BString)> {
    let filesystem = u64::from_ne_bytes(array(record, 0)?);
    let length = usize::try_from(u32::from_ne_bytes(array(record, 8)?)).ok()?;
    let kind = i32::from_ne_bytes(array(record, 12)?);
    let (handle, name) = record.get(16..)?.split_at_checked(length)?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    Some((FileHandle { filesystem, kind, bytes: handle.to_vec() }, name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(name: &[u8]) -> Vec<u8> {
        let mut record = vec![DIRECTORY_AND_NAME, 0, 0, 0];
        record.extend(7u64.to_ne_bytes());
        record.extend(8u32.to_ne_bytes());
        record.extend(1i32.to_ne_bytes());
        record.extend([9; 8]);
        record.extend(name);
        record.push(0);
        while record.len() % 4 != 0 {
            record.push(0);
        }
        let length = u16::try_from(record.len()).unwrap();
        record[2..4].copy_from_slice(&length.to_ne_bytes());
        let mut event = u32::from(length + 24).to_ne_bytes().to_vec();
        event.extend([VERSION, 0]);
        event.extend(24u16.to_ne_bytes());
        event.extend(mask::CREATE.to_ne_bytes());
        event.extend((-1i32).to_ne_bytes());
        event.extend(4321i32.to_ne_bytes());
        event.extend(record);
        event
    }

    #[test]
    fn reads_events_in_order() {
        let bytes = [event(b"a.service"), event(b"b.service.d")].concat();
        let notices: Vec<_> = Notices::new(&bytes).map(Result::unwrap).collect();
        let handle = FileHandle { filesystem: 7, kind: 1, bytes: vec![9; 8] };
        assert_eq!(notices.len(), 2);
        assert_eq!(notices[0].name, "a.service");
        assert_eq!(notices[1].name, "b.service.d");
        assert_eq!((notices[1].pid, notices[1].directory.as_ref()), (4321, Some(&handle)));
    }

    #[test]
    fn says_where_an_event_is_cut_off() {
        let mut bytes = event(b"a.service");
        let first = bytes.len();
        bytes.extend(&event(b"b.service")[..20]);
        let last = Notices::new(&bytes).last().unwrap();
        assert_eq!(last, Err(EventError { offset: first, what: "length does not fit" }));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Notices::new(&bytes).count() <= bytes.len());
        }

        #[test]
        fn a_damaged_event_ends(position in 0usize..64, value: u8) {
            let mut bytes = event(b"a.service");
            let position = position % bytes.len();
            bytes[position] = value;
            prop_assert!(Notices::new(&bytes).count() <= bytes.len());
        }
    }
}
