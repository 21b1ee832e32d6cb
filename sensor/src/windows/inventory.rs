//! The services of this host as their registry keys have them.

use std::ffi::OsStr;

use windows::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_KEY_DELETED};
use windows::core::{Error, Result};

use super::fault;
use super::registry::Key;
use crate::scm::inventory::{Definition, KEYS, MOST_VALUES, RegistryValue};

/// The key of all services, below `HKEY_LOCAL_MACHINE`.
pub(super) const SERVICES: &str = r"SYSTEM\CurrentControlSet\Services";
/// How often a key is read again that changes while it is read.
const TRIES: usize = 4;

/// Whether an error says that a key is not there, or no longer.
pub(super) fn is_gone(error: &Error) -> bool {
    fault::is(error, ERROR_FILE_NOT_FOUND) || fault::is(error, ERROR_KEY_DELETED)
}

/// Reads the definition of a service; `None` when there is no such key.
pub(super) fn read(services: &Key, name: &OsStr) -> Result<Option<Definition>> {
    let mut tries = 0;
    loop {
        tries += 1;
        let read = services.open_below(name).and_then(|key| {
            let before = key.last_write()?;
            let definition = definition(&key)?;
            Ok((definition, before == key.last_write()?))
        });
        match read {
            Ok((definition, whole)) if whole || tries >= TRIES => return Ok(Some(definition)),
            Ok(_) => {}
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

fn definition(key: &Key) -> Result<Definition> {
    let mut values = Vec::new();
    take(key, &[], &mut values)?;
    for (name, deep) in KEYS {
        // Absent, or not for everybody's eyes: then it has no settings that can be known.
        let Ok(below) = key.open_below(name) else { continue };
        take(&below, &[name], &mut values)?;
        if deep {
            for child in below.subkeys()? {
                if let Ok(key) = below.open_below(&child) {
                    take(&key, &[name, &child.to_string_lossy()], &mut values)?;
                }
            }
        }
    }
    Ok(Definition::new(&values, key.permissions().ok()))
}

fn take(key: &Key, path: &[&str], values: &mut Vec<RegistryValue>) -> Result<()> {
    for (name, kind, data) in key.values()? {
        if values.len() >= MOST_VALUES {
            break;
        }
        let path = path.iter().copied().chain([name.as_str()]).map(str::to_owned).collect();
        values.push(RegistryValue { path, kind, data });
    }
    Ok(())
}
