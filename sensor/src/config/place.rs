//! Where the configuration and the key of an installation lie.

use std::path::PathBuf;

use super::ConfigError;

/// Where the configuration is read from when it is there and no other file is named.
///
/// # Errors
/// Only on Windows.
#[cfg(not(windows))]
pub fn default_path() -> Result<PathBuf, ConfigError> {
    Ok("/etc/svcsensor/svcsensor.toml".into())
}

/// Where the configuration is read from when it is there and no other file is named.
///
/// # Errors
/// When the system does not tell where programs keep their data, or when the folder there or the file in it was made by
/// somebody who may not configure the sensor: every user may make folders there.
#[cfg(windows)]
pub fn default_path() -> Result<PathBuf, ConfigError> {
    use crate::windows::folder;

    let failed =
        |source| ConfigError::Read { path: r"%ProgramData%\svcsensor\svcsensor.toml".into(), source };
    let state = folder::state().map_err(failed)?;
    let file = state.join("svcsensor.toml");
    for path in [&state, &file].into_iter().filter(|path| path.exists()) {
        folder::refuse_stranger(path).map_err(failed)?;
    }
    Ok(file)
}

/// Where the key of the marks is kept.
#[cfg(not(windows))]
pub(super) fn key_file() -> PathBuf {
    "/var/lib/svcsensor/redaction.key".into()
}

/// Where the key of the marks is kept.
#[cfg(windows)]
pub(super) fn key_file() -> PathBuf {
    // Without a folder for it there is no key of the installation, and one is made for the run.
    crate::windows::folder::state().map(|folder| folder.join("redaction.key")).unwrap_or_default()
}
