//! The parts that paths stand for: each file, each member of an archive.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::ahead::ahead;
use super::error::{ReadError, ReadErrorKind};
use super::evtx::EvtxRecords;
use super::format::{ENOUGH, Encoding, Format, recognise};
use super::limits::Limits;
use super::text::{JsonRecords, XmlRecords};
use super::utf16::Utf16Reader;
use super::{Record, unpack};

/// The records of one part, in its own order.
pub(super) type Records = Box<dyn Iterator<Item = Result<Record, ReadError>> + Send>;

/// A file, or a member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The file.
    pub(super) path: PathBuf,
    /// The numbers of members, from the outermost archive inwards.
    pub(super) members: Vec<usize>,
    /// How people are told of it.
    pub(super) origin: String,
    /// Whether somebody named it, rather than it was found in a folder or an archive.
    pub(super) named: bool,
}

impl Part {
    fn file(path: PathBuf, named: bool) -> Self {
        let origin = path.display().to_string();
        Self { path, members: Vec::new(), origin, named }
    }

    /// Whether it is no matter that its content is no log: it was only found beside logs, and has no log's name.
    pub(super) fn may_be_anything(&self) -> bool {
        const LOGS: [&str; 9] = ["evtx", "xml", "json", "jsonl", "ndjson", "log", "gz", "zip", "txt"];
        let name = self.origin.rsplit(['/', '\\', '!']).next().unwrap_or_default();
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        !self.named && extension.is_none_or(|extension| !LOGS.contains(&extension.as_str()))
    }

    /// The member `number` of this archive.
    pub(super) fn member(&self, number: usize, name: &str) -> Self {
        let mut members = self.members.clone();
        members.push(number);
        Self { path: self.path.clone(), members, origin: format!("{}!{name}", self.origin), named: false }
    }

    /// Its content, unpacked from the archives that it lies in.
    fn content(&self, limits: Limits) -> Result<(File, Option<ReadErrorKind>), ReadErrorKind> {
        let mut file = File::open(&self.path).map_err(ReadErrorKind::Io)?;
        let mut damage = None;
        for member in &self.members {
            let (content, cut) = unpack::member(file, *member, limits)?;
            file = content;
            damage = damage.or(cut);
        }
        Ok((file, damage))
    }

    /// Opens it for reading.
    pub(super) fn open(&self, limits: Limits) -> Result<Records, ReadError> {
        let (file, damage) = self.content(limits).map_err(|kind| kind.at(&self.origin))?;
        let records = records(file, &self.origin, limits, 0).map_err(|kind| kind.at(&self.origin))?;
        let told = damage.map(|kind| Err(kind.at(&self.origin)));
        Ok(Box::new(records.chain(told)))
    }
}

/// Finds the parts below `paths`: folders are walked, archives are listed. Symbolic links in folders are not followed.
pub(super) fn find(paths: &[PathBuf], limits: Limits) -> (Vec<Part>, Vec<ReadError>) {
    let mut finder = Finder { limits, parts: Vec::new(), errors: Vec::new(), full: false };
    for path in paths {
        finder.path(path, true);
    }
    (finder.parts, finder.errors)
}

struct Finder {
    limits: Limits,
    parts: Vec<Part>,
    errors: Vec<ReadError>,
    full: bool,
}

impl Finder {
    fn path(&mut self, path: &Path, named: bool) {
        let mut folders = Vec::new();
        if named && path.is_dir() {
            folders.push(path.to_owned());
        } else {
            self.part(Part::file(path.to_owned(), named));
        }
        while let Some(folder) = folders.pop() {
            match sorted_entries(&folder) {
                Ok(entries) => {
                    for (entry, is_folder) in entries {
                        if is_folder {
                            folders.push(entry);
                        } else {
                            self.part(Part::file(entry, false));
                        }
                    }
                }
                Err(error) => {
                    self.errors.push(ReadErrorKind::Io(error).at(&folder.display().to_string()));
                }
            }
        }
    }

    /// Takes a part, or the members of it when it is an archive.
    fn part(&mut self, part: Part) {
        if self.full {
            return;
        }
        if self.parts.len() >= self.limits.files {
            self.full = true;
            self.errors.push(ReadErrorKind::TooManyFiles(self.limits.files).at(&part.origin));
            return;
        }
        match self.members(&part) {
            Ok(Some(members)) if part.members.len() >= self.limits.depth => {
                drop(members);
                self.errors.push(ReadErrorKind::TooDeep(self.limits.depth).at(&part.origin));
            }
            Ok(Some((names, damage))) => {
                for (number, name) in names {
                    self.part(part.member(number, &name));
                }
                if let Some(kind) = damage {
                    self.errors.push(kind.at(&part.origin));
                }
            }
            Ok(None) => self.parts.push(part),
            Err(kind) => self.errors.push(kind.at(&part.origin)),
        }
    }

    /// The members of an archive; `None` when it isn't one.
    fn members(&self, part: &Part) -> Result<Option<unpack::Listing>, ReadErrorKind> {
        if !part.members.is_empty() && !is_archive_name(&part.origin) {
            // Unpacking a member only to see that it is no archive would double the work.
            return Ok(None);
        }
        let (mut file, _) = part.content(self.limits)?;
        let start = peek(&mut file).map_err(ReadErrorKind::Io)?;
        match recognise(&start) {
            Some((Format::Zip, _)) => unpack::list(file, self.limits).map(Some),
            _ => Ok(None),
        }
    }
}

fn is_archive_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("zip"))
}

/// The entries of a folder by name, each with whether it is a folder.
fn sorted_entries(folder: &Path) -> std::io::Result<Vec<(PathBuf, bool)>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() || kind.is_file() {
            entries.push((entry.path(), kind.is_dir()));
        }
    }
    entries.sort();
    Ok(entries)
}

/// The first bytes of a file, which then stands at its start again.
fn peek<R: Read + Seek>(file: &mut R) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.by_ref().take(peek_length()).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(start)
}

fn peek_length() -> u64 {
    // A little more than the header of an EVTX file: its first chunk shows behind it.
    u64::try_from(ENOUGH + 8).unwrap_or(u64::MAX)
}

/// The records of a content, whatever its format.
fn records(mut file: File, origin: &str, limits: Limits, depth: usize) -> Result<Records, ReadErrorKind> {
    let start = peek(&mut file).map_err(ReadErrorKind::Io)?;
    match recognise(&start) {
        Some((Format::Evtx, _)) => Ok(ahead(EvtxRecords::new(file, origin, limits)?, origin, limits)),
        Some((Format::Xml | Format::Json, _)) => text(file, &start, origin, limits),
        Some((Format::Gzip, _)) => gzip(file, origin, limits, depth),
        Some((Format::Zip, _)) => Err(ReadErrorKind::TooDeep(limits.depth)),
        // An empty file holds no records and is no failure.
        None if start.iter().all(u8::is_ascii_whitespace) => Ok(Box::new(std::iter::empty())),
        None => Err(ReadErrorKind::UnknownFormat),
    }
}

fn gzip(file: File, origin: &str, limits: Limits, depth: usize) -> Result<Records, ReadErrorKind> {
    if depth >= limits.depth {
        return Err(ReadErrorKind::TooDeep(limits.depth));
    }
    let mut unpacked = unpack::gzip(file, limits);
    let mut start = Vec::new();
    let peeked = unpacked.by_ref().take(peek_length()).read_to_end(&mut start);
    match recognise(&start) {
        Some((Format::Xml | Format::Json, _)) => {
            let head = Cursor::new(start.clone());
            let rest = Broken { inner: unpacked, error: peeked.err() };
            text(head.chain(rest), &start, origin, limits)
        }
        // What must be sought in is unpacked into a file that has no name.
        Some(_) => {
            let (content, damage) = unpack::spool(Cursor::new(start).chain(unpacked))?;
            let told = damage.map(|kind| Err(kind.at(origin)));
            Ok(Box::new(records(content, origin, limits, depth + 1)?.chain(told)))
        }
        None => match peeked {
            Err(error) => Err(ReadErrorKind::DamagedArchive(error.to_string())),
            Ok(0) => Ok(Box::new(std::iter::empty())),
            Ok(_) => Err(ReadErrorKind::UnknownFormat),
        },
    }
}

fn text<R: Read + Send + 'static>(
    content: R,
    start: &[u8],
    origin: &str,
    limits: Limits,
) -> Result<Records, ReadErrorKind> {
    let Some((format, encoding)) = recognise(start) else { return Err(ReadErrorKind::UnknownFormat) };
    let content: Box<dyn Read + Send> = match encoding {
        Encoding::Utf8 => Box::new(content),
        Encoding::Utf16Le | Encoding::Utf16Be => Box::new(Utf16Reader::new(content, encoding)),
    };
    Ok(match format {
        Format::Xml => Box::new(XmlRecords::new(content, origin, limits)),
        _ => Box::new(JsonRecords::new(content, origin, limits)),
    })
}

/// A reader that may have failed already while its start was looked at.
struct Broken<R> {
    inner: R,
    error: Option<std::io::Error>,
}

impl<R: Read> Read for Broken<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.inner.read(out),
        }
    }
}
