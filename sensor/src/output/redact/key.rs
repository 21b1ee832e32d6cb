//! The key under which marks are made.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// 32 random bytes that don't leave the host.
#[derive(Clone)]
pub struct Key([u8; 32]);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system gives no random bytes.
    #[error("cannot get random bytes")]
    Random(#[from] getrandom::Error),
    /// The file can't be read or made.
    #[error("cannot read or make the redaction key {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("redaction key {path} does not hold 32 bytes")]
    Length {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read the file, so that they could guess secrets from marks.
    #[error("redaction key {path} is open to others (mode {mode:04o})")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl Key {
    /// A key for this run: marks of two runs can't be compared.
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The key that a recording kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key itself, for a recording, which holds the secrets anyway.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The key of this installation, in the file at `path`; where there is no directory for it, as when nothing is
    /// installed, one for this run.
    pub fn of_installation(path: &Path) -> Result<Self, KeyError> {
        match path.parent() {
            Some(directory) if directory.is_dir() => Self::load_or_create(path),
            _ => Self::random(),
        }
    }

    /// The key in the file at `path`, which is made with mode 0600 where there is none.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        match options().read(true).open(path) {
            Ok(file) => Self::read(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self::random()?;
                // Written under another name first: a key must not be half there after a crash.
                let new = path.with_extension("new");
                let mut file =
                    options().write(true).create(true).truncate(true).open(&new).map_err(failed)?;
                file.write_all(&key.0).and_then(|()| file.sync_all()).map_err(failed)?;
                std::fs::rename(&new, path).map_err(failed)?;
                Ok(key)
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn read(file: File, path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        check_mode(&file.metadata().map_err(failed)?, path)?;
        let mut bytes = Vec::new();
        file.take(33).read_to_end(&mut bytes).map_err(failed)?;
        let bytes = bytes.try_into().map_err(|_| KeyError::Length { path: path.to_owned() })?;
        Ok(Self(bytes))
    }

    /// The mark that stands for `secret`.
    pub(super) fn mark(&self, secret: &[u8]) -> String {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // HMAC takes keys of every length; kept total all the same.
            return "<redacted:0000000000000000>".to_owned();
        };
        let hash = mac.chain_update(secret).finalize().into_bytes();
        let hash = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("<redacted:{hash:016x}>")
    }
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

#[cfg(unix)]
fn check_mode(facts: &std::fs::Metadata, path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt;
    match facts.mode() & 0o7777 {
        mode if mode & 0o077 != 0 => Err(KeyError::Open { path: path.to_owned(), mode }),
        _ => Ok(()),
    }
}

#[cfg(windows)]
fn options() -> OpenOptions {
    OpenOptions::new()
}

/// Who may read it follows from the directory's access control list; one that somebody else has left there is refused.
#[cfg(windows)]
fn check_mode(_: &std::fs::Metadata, path: &Path) -> Result<(), KeyError> {
    crate::windows::folder::refuse_stranger(path)
        .map_err(|source| KeyError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_rfc_2104() {
        // Computed with `printf hunter2 | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…`.
        assert_eq!(Key([7; 32]).mark(b"hunter2"), "<redacted:326eb4f6783e519f>");
    }

    #[test]
    fn a_key_is_made_once_and_kept_from_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("redaction.key");
        let made = Key::load_or_create(&path).unwrap();
        assert_eq!(Key::load_or_create(&path).unwrap().0, made.0);
        assert_ne!(Key::random().unwrap().0, made.0);
        assert_eq!(Key::of_installation(&path).unwrap().0, made.0);
        assert_ne!(Key::of_installation(&directory.path().join("none/key")).unwrap().0, made.0);
        std::fs::write(&path, [1; 33]).unwrap();
        assert!(matches!(Key::load_or_create(&path), Err(KeyError::Length { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("redaction.key");
        Key::load_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Key::load_or_create(&path), Err(KeyError::Open { mode: 0o640, .. })));
    }
}
