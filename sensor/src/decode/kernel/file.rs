//! Records of names in watched directories.

use sensor_common::{FileRecord, hook, operation};

use super::{DecodeError, Directories, process, text};
use crate::model::observation::FileObservation;
use crate::model::{FileOperation, Known, ObservationKind, Reason};

/// The type bits of a mode, and a directory's (inode(7)).
const TYPE: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;

pub(super) fn file(
    record: &FileRecord,
    bytes: &[u8],
    directories: &Directories,
) -> Result<ObservationKind, DecodeError> {
    let operation = operation_of(record.operation)?;
    let hook = hook_of(record.hook)?;
    let (device, inode) = (super::device(record.directory.device), record.directory.inode);
    let directory = directories.get(&(device, inode)).ok_or(DecodeError::Directory { device, inode })?;
    Ok(ObservationKind::File(FileObservation {
        operation,
        directory: directory.clone(),
        name: text::bytes_of(record.name, bytes)?.into(),
        is_directory: record.object.mode & TYPE == DIRECTORY,
        actor: process::key(record.actor),
        object: process::object(record.object).map_or(Known::Missing(Reason::NotRecorded), Known::Is),
        error: record.result.checked_neg().unwrap_or(i32::MAX),
        hook,
    }))
}

fn operation_of(number: u16) -> Result<FileOperation, DecodeError> {
    Ok(match number {
        operation::CREATE => FileOperation::Create,
        operation::WRITE => FileOperation::Write,
        operation::CLOSE => FileOperation::Close,
        operation::RENAME_FROM => FileOperation::RenameFrom,
        operation::RENAME_TO => FileOperation::RenameTo,
        operation::LINK => FileOperation::Link,
        operation::SYMLINK => FileOperation::Symlink,
        operation::UNLINK => FileOperation::Unlink,
        operation::ATTRIBUTE => FileOperation::Attribute,
        number => return Err(DecodeError::Operation(number)),
    })
}

/// The kernel function's name.
fn hook_of(number: u16) -> Result<&'static str, DecodeError> {
    Ok(match number {
        hook::WRITE_CLOSED => "locks_remove_file",
        hook::OPEN => "security_file_open",
        hook::RENAME => "vfs_rename",
        hook::LINK => "vfs_link",
        hook::SYMLINK => "vfs_symlink",
        hook::MKDIR => "vfs_mkdir",
        hook::MKNOD => "vfs_mknod",
        hook::UNLINK => "vfs_unlink",
        hook::RMDIR => "vfs_rmdir",
        hook::ATTRIBUTE => "notify_change",
        hook::SETXATTR => "__vfs_setxattr_noperm",
        hook::REMOVEXATTR => "__vfs_removexattr_locked",
        number => return Err(DecodeError::Hook(number)),
    })
}
