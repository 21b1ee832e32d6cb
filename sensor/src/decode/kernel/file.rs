//! Records of names in watched directories.

use bstr::ByteSlice as _;
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
    let (device, inode) = (super::device(record.watch.device), record.watch.inode);
    let watched = directories.get(&(device, inode)).ok_or(DecodeError::Watch { device, inode })?;
    let path = text::bytes_of(record.name, bytes)?;
    // A name in a directory that lies in the watched one: told before user space could watch that itself.
    let (directory, name) = match path.split_once_str("/") {
        Some((between, name)) => ([watched.as_slice(), b"/", between].concat().into(), name),
        None => (watched.clone(), path),
    };
    Ok(ObservationKind::File(FileObservation {
        operation,
        directory,
        name: name.into(),
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
        hook::CREATE => "vfs_create",
        hook::UNLINK => "vfs_unlink",
        hook::RMDIR => "d_delete",
        hook::ATTRIBUTE => "notify_change",
        hook::SETXATTR => "vfs_setxattr",
        hook::REMOVEXATTR => "vfs_removexattr",
        hook::SET_ACL => "vfs_set_acl",
        hook::FILEATTR => "vfs_fileattr_set",
        number => return Err(DecodeError::Hook(number)),
    })
}
