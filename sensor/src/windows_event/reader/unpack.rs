//! Unpacking zip and gzip, within bounds; what is damaged is unpacked as far as it goes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::error::ReadErrorKind;
use super::limits::Limits;

/// The members of an archive by number and name, and what is wrong with the archive.
pub(super) type Listing = (Vec<(usize, String)>, Option<ReadErrorKind>);

/// The text of a gzip stream.
pub(super) fn gzip(file: File, limits: Limits) -> impl Read + Send {
    let packed = file.metadata().map_or(0, |metadata| metadata.len());
    Capped::new(MultiGzDecoder::new(BufReader::new(file)), limits.unpacked(packed))
}

/// Fails with [`io::ErrorKind::FileTooLarge`] where a content goes on beyond a limit.
struct Capped<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R> Capped<R> {
    fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit, limit }
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        let size = u64::try_from(count).unwrap_or(u64::MAX);
        let Some(left) = self.left.checked_sub(size) else {
            let told = format!("more than {} bytes", self.limit);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, told));
        };
        self.left = left;
        Ok(count)
    }
}

/// The members of a zip archive that are files, by number and name; and what is wrong with the archive.
pub(super) fn list(file: File, limits: Limits) -> Result<Listing, ReadErrorKind> {
    let mut again = file.try_clone().map_err(ReadErrorKind::Io)?;
    match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => {
            let names = (0..archive.len().min(limits.files))
                .filter_map(|number| {
                    let name = archive.name_for_index(number)?;
                    Some((number, name.map_or_else(|_| number.to_string(), std::borrow::Cow::into_owned)))
                })
                // Folders, and what the Finder of macOS adds, hold no records.
                .filter(|(_, name)| !name.ends_with('/') && !name.starts_with("__MACOSX/"))
                .collect();
            Ok((names, None))
        }
        // Without the directory at its end the members can still be found one after the other.
        Err(error) => {
            let mut names = Vec::new();
            again.seek(SeekFrom::Start(0)).map_err(ReadErrorKind::Io)?;
            let mut stream = BufReader::new(again);
            while let Ok(Some(mut member)) = zip::read::read_zipfile_from_stream(&mut stream) {
                if names.len() >= limits.files {
                    break;
                }
                let name = member.name().map_or_else(|_| names.len().to_string(), |name| name.to_string());
                names.push((names.len(), name));
                if io::copy(&mut (&mut member).take(limits.unpacked_bytes), &mut io::sink()).is_err() {
                    break;
                }
            }
            Ok((names, Some(ReadErrorKind::Truncated(format!("the archive has no directory ({error})")))))
        }
    }
}

/// The content of a member of a zip archive, and what is wrong with it.
pub(super) fn member(
    file: File,
    number: usize,
    limits: Limits,
) -> Result<(File, Option<ReadErrorKind>), ReadErrorKind> {
    let mut again = file.try_clone().map_err(ReadErrorKind::Io)?;
    if let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) {
        let member =
            archive.by_index(number).map_err(|error| ReadErrorKind::DamagedArchive(error.to_string()))?;
        let limit = limits.unpacked(member.compressed_size());
        spool(Capped::new(member, limit))
    } else {
        let packed = again.seek(SeekFrom::End(0)).map_err(ReadErrorKind::Io)?;
        again.seek(SeekFrom::Start(0)).map_err(ReadErrorKind::Io)?;
        let mut stream = BufReader::new(again);
        let mut passed = 0;
        while let Ok(Some(mut member)) = zip::read::read_zipfile_from_stream(&mut stream) {
            if passed == number {
                return spool(Capped::new(member, limits.unpacked(packed)));
            }
            passed += 1;
            io::copy(&mut member, &mut io::sink()).map_err(ReadErrorKind::Io)?;
        }
        Err(ReadErrorKind::DamagedArchive("the member is gone".to_owned()))
    }
}

/// Unpacks into a file without a name. What can be unpacked before a failure is kept, and the failure told.
pub(super) fn spool<R: Read>(mut content: R) -> Result<(File, Option<ReadErrorKind>), ReadErrorKind> {
    let mut file = tempfile::tempfile().map_err(ReadErrorKind::Io)?;
    let mut block = vec![0_u8; 64 * 1024];
    let damage = loop {
        match content.read(&mut block) {
            Ok(0) => break None,
            Ok(count) => {
                file.write_all(block.get(..count).unwrap_or_default()).map_err(ReadErrorKind::Io)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Some(failure(error)),
        }
    };
    file.seek(SeekFrom::Start(0)).map_err(ReadErrorKind::Io)?;
    Ok((file, damage))
}

/// What a failure to read a packed content means.
pub(super) fn failure(error: io::Error) -> ReadErrorKind {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadErrorKind::Truncated("the packed content ends early".to_owned()),
        io::ErrorKind::FileTooLarge => ReadErrorKind::TooMuch(error.to_string()),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            ReadErrorKind::DamagedArchive(error.to_string())
        }
        _ => ReadErrorKind::Io(error),
    }
}
