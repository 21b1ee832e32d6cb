//! Libraries that stand in for those of Windows where Wine has none that could be tested with.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cargo::workspace;
use crate::host::{output, run};

/// The compiler for C.
const COMPILER: &str = "x86_64-w64-mingw32-gcc";
/// The stand-in of the Event Log.
pub(super) const EVENT_LOG_LIBRARY: &str = "wevtapi.dll";
/// Where the source of the Event Log's stand-in lies.
const EVENT_LOG: &str = "sensor/tests/windows/wevtapi";
/// Where that of the trace sessions' lies.
const TRACE: &str = "sensor/tests/windows/advapi32";
/// The functions that the latter has itself; all others of the library are the system's.
const TRACE_FUNCTIONS: [&str; 6] =
    ["CloseTrace", "ControlTraceW", "EnableTraceEx2", "OpenTraceW", "ProcessTrace", "StartTraceW"];

/// Builds the stand-in of the Event Log into this folder, which is made where it is missing.
pub(super) fn event_log(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    run(compile(&folder.join(EVENT_LOG_LIBRARY)).args(sources(&workspace().join(EVENT_LOG))?))
}

/// Builds the stand-in of trace sessions into this folder, which is made where it is missing.
pub(super) fn trace(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let list = folder.join("advapi_t.def");
    fs::write(&list, functions()?).with_context(|| format!("writing {}", list.display()))?;
    // A copy of the sensor imports it by this name, which is as long as the system's.
    run(compile(&folder.join("advapi_t.dll")).args(sources(&workspace().join(TRACE))?).arg(&list))
}

/// The list of functions for the linker, those of the system's library by their name there.
fn functions() -> Result<String> {
    let library = output(Command::new(COMPILER).arg("-print-file-name=libadvapi32.a"))?;
    let symbols = output(Command::new("x86_64-w64-mingw32-nm").arg(library.trim_end()))?;
    let mut list = String::from("EXPORTS\n");
    for name in symbols.lines().filter_map(|line| line.split_once(" T ")).map(|(_, name)| name.trim()) {
        if !TRACE_FUNCTIONS.contains(&name) {
            writeln!(list, "{name} = advapi32.{name}")?;
        }
    }
    for name in TRACE_FUNCTIONS {
        writeln!(list, "{name}")?;
    }
    Ok(list)
}

/// The compiler for C, to build a library for Windows.
pub(super) fn compile(library: &Path) -> Command {
    let mut command = Command::new(COMPILER);
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
