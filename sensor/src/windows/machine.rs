//! What paths of services mean on this machine: the variables in them, and where a program lies that is named without a
//! folder.

use std::path::{Path, PathBuf};

use super::registry::Key;
use super::{facts, folder};
use crate::model::Known;
use crate::scm::image_path::{Variables, is_absolute};

/// Where the variables of the machine stand, below `HKEY_LOCAL_MACHINE`: those that the SCM starts services with.
const ENVIRONMENT: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment";
/// Where the folders of programs stand.
const FOLDERS: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion";
/// Values there, and the variables that hold the same.
const PROGRAMS: [(&str, &str); 4] = [
    ("ProgramFilesDir", "ProgramFiles"),
    ("ProgramFilesDir", "ProgramW6432"),
    ("ProgramFilesDir (x86)", "ProgramFiles(x86)"),
    ("CommonFilesDir", "CommonProgramFiles"),
];
/// Longer variables are lists of folders, such as `Path`, which no path of a service begins with.
const LONGEST: usize = 512;

/// The variables of this machine as they are now. The SCM has them since its own start.
pub(super) fn variables() -> Variables {
    let mut variables = Variables::usual();
    if let Known::Is(root) = facts::system_root() {
        let drive = root.get(..2).unwrap_or_default().to_owned();
        for (name, value) in [
            ("SystemRoot", root.clone()),
            ("windir", root.clone()),
            ("ComSpec", format!(r"{root}\system32\cmd.exe")),
            ("TEMP", format!(r"{root}\TEMP")),
            ("SystemDrive", drive),
        ] {
            variables.set(name, &value);
        }
    }
    for (value, name) in PROGRAMS {
        if let Known::Is(folder) = facts::text(FOLDERS, value) {
            variables.set(name, &folder);
        }
    }
    if let Ok(folder) = folder::data() {
        for name in ["ProgramData", "ALLUSERSPROFILE"] {
            variables.set(name, &folder.to_string_lossy());
        }
    }
    let values = Key::open(ENVIRONMENT).and_then(|key| key.values()).unwrap_or_default();
    for (name, _, bytes) in values {
        let value = facts::to_text(&bytes);
        if !value.is_empty() && value.len() <= LONGEST {
            variables.set(&name, &value);
        }
    }
    variables
}

/// Where a program lies: of one without a folder the first that is found where the SCM looks for it, which is in the folder
/// of the system and in that of Windows (Microsoft, `CreateProcessW`), and not in that of this process.
pub(super) fn locate(program: &str, windows: &str) -> Option<PathBuf> {
    if is_absolute(program) {
        return Some(program.into());
    }
    let windows = Path::new(windows);
    ["System32", "System", ""]
        .into_iter()
        .map(|folder| windows.join(folder).join(program))
        .find_map(|path| [path.with_extension("exe"), path].into_iter().rev().find(|path| path.is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_without_a_folder_is_one_of_windows() {
        let variables = variables();
        let windows = variables.windows();
        assert!(Path::new(windows).is_dir(), "{variables:?}");
        let found = locate("cmd", windows).unwrap();
        assert_eq!(found, Path::new(windows).join(r"System32\cmd.exe"));
        assert_eq!(locate(r"C:\none.exe", windows), Some(r"C:\none.exe".into()));
        // It lies in the folder in which tests run.
        assert_eq!(locate("Cargo.toml", windows), None);
    }
}
