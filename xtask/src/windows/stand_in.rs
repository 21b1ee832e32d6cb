//! Libraries that stand in for those of Windows where Wine has none that could be tested with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo::workspace;
use crate::host::run;

/// Where the source of the Event Log's stand-in lies.
const EVENT_LOG: &str = "sensor/tests/windows/wevtapi";

/// Builds the stand-in of the Event Log into this folder, which is made where it is missing.
pub(super) fn event_log(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    run(compile(&folder.join("wevtapi.dll")).args(sources(&workspace().join(EVENT_LOG))?))
}

/// The compiler for C, to build a library for Windows.
pub(super) fn compile(library: &Path) -> Command {
    let mut command = Command::new("x86_64-w64-mingw32-gcc");
    command.args(["-shared", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(library);
    command
}

/// What a library is made of: its code, and the list of its functions.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "c" || extension == "def") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
