//! The folders of an installation: where the program lies, and where its configuration, key and output do.
#![expect(unsafe_code, reason = "Windows gives paths as memory that its caller frees")]

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::windows::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use windows::Win32::Foundation::ERROR_ALREADY_EXISTS;
use windows::Win32::System::Com::CoTaskMemFree;
use windows::Win32::UI::Shell::{
    FOLDERID_ProgramData, FOLDERID_ProgramFiles, KF_FLAG_DEFAULT, SHGetKnownFolderPath,
};
use windows::core::GUID;

use super::fault;
use super::security::{self, Descriptor};

/// The folder's name below those of Windows.
const NAME: &str = "svcsensor";

/// The administrators own it; they and the system may do anything, others nothing; what lies in it inherits that.
const PRIVATE: &str = "O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// The same for a file, whoever made it.
const PRIVATE_FILE: &str = "O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)";

/// For a new file of a user's own: that user, the administrators and the system may do anything, others nothing.
const OWN_FILE: &str = "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)";

/// Owners that a folder of the system may have: the system, its administrators and its installer.
const TRUSTED: [&str; 3] =
    ["O:SY", "O:BA", "O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"];

/// Where the configuration, the key and the output lie: `%ProgramData%\svcsensor`.
///
/// Windows is asked, and not the environment, which an ordinary user can set for an elevated program of theirs.
///
/// # Errors
/// When Windows does not tell.
pub fn state() -> io::Result<PathBuf> {
    Ok(data()?.join(NAME))
}

/// Where programs keep the data of all users: `%ProgramData%`.
///
/// # Errors
/// When Windows does not tell.
pub(super) fn data() -> io::Result<PathBuf> {
    known(&FOLDERID_ProgramData)
}

/// Where the service's program lies: `%ProgramFiles%\svcsensor`, below which only administrators may write.
///
/// # Errors
/// When Windows does not tell.
pub fn program() -> io::Result<PathBuf> {
    Ok(known(&FOLDERID_ProgramFiles)?.join(NAME))
}

/// Makes a folder that is open to administrators and the system only; one that is there becomes so.
///
/// # Errors
/// When it belongs to somebody else, who may have left anything in it, or the system refuses.
pub fn make_private(path: &Path) -> io::Result<()> {
    let private = Descriptor::parse(PRIVATE)?;
    match private.make_folder(path) {
        // From the beginning: until it was private, others could have made files in it, and a user who may not make it so
        // would leave a folder behind that the service refuses.
        Ok(()) => Ok(()),
        Err(error) if fault::is(&error, ERROR_ALREADY_EXISTS) && is_folder(path) => {
            refuse_stranger(path)?;
            private.set_on_file(path)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a new file that is open to its owner, the administrators and the system only, whatever the folder grants others.
///
/// # Errors
/// When there is something of this name, or the system refuses.
pub fn make_private_file(path: &Path) -> io::Result<File> {
    Descriptor::parse(OWN_FILE)?.make_file(path).map_err(|error| fault::io(&error))
}

/// Makes a file that lies in the folder already one of the administrators': it may have been made before the folder was
/// private, and then whoever made it could still write to it.
///
/// # Errors
/// As [`refuse_stranger`].
pub fn take_over(path: &Path) -> io::Result<()> {
    refuse_stranger(path)?;
    Descriptor::parse(PRIVATE_FILE)?.set_on_file(path)
}

/// Refuses a file or folder of somebody else: every user may make both in `%ProgramData%`, and in folders there that are not
/// private.
///
/// # Errors
/// When it belongs to neither the system, nor its administrators, nor the user as whom this process runs, or the system
/// does not tell.
pub fn refuse_stranger(path: &Path) -> io::Result<()> {
    let owner = security::owner(path)?;
    if TRUSTED.contains(&owner.as_str()) || owner == format!("O:{}", security::user()?) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{} belongs to {owner}, not to the administrators", path.display()),
    ))
}

/// Whether it is a folder itself, and no link to one.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|facts| facts.is_dir())
}

fn known(folder: &GUID) -> io::Result<PathBuf> {
    // SAFETY: the id lives through the call, and the text is freed below.
    let text = unsafe { SHGetKnownFolderPath(folder, KF_FLAG_DEFAULT, None) }?;
    // SAFETY: the call succeeded, so that this is a text with its end.
    let path = OsString::from_wide(unsafe { text.as_wide() });
    // SAFETY: Windows allocated it for us, and nothing else holds it.
    unsafe { CoTaskMemFree(Some(text.0.cast())) };
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn folders_of_windows_are_absolute() {
        assert!(state().unwrap().is_absolute());
        assert!(program().unwrap().ends_with(NAME));
    }

    #[test]
    fn a_private_folder_can_be_made_and_made_again() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("state");
        make_private(&path).unwrap();
        assert!(path.is_dir());
        // Wine keeps the user as the owner, Windows hands it to the administrators.
        let owner = security::owner(&path).unwrap();
        let user = format!("O:{}", security::user().unwrap());
        assert!(owner == "O:BA" || owner == user, "{owner}");
        make_private(&path).unwrap();
        fs::write(path.join("file"), "text").unwrap();
        take_over(&path.join("file")).unwrap();
        assert_eq!(fs::read_to_string(path.join("file")).unwrap(), "text");
    }

    #[test]
    fn a_private_file_is_made_once_and_is_for_no_others() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("lines");
        drop(make_private_file(&path).unwrap());
        let permissions = security::permissions(&path).unwrap();
        // Wine does not keep that nothing is inherited.
        assert!(permissions.starts_with("D:"), "{permissions}");
        for others in [";WD)", ";BU)", ";AU)"] {
            assert!(!permissions.contains(others), "{permissions}");
        }
        let error = make_private_file(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_file_where_the_folder_should_be_is_refused() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("state");
        fs::write(&path, "").unwrap();
        assert!(make_private(&path).is_err());
    }
}
