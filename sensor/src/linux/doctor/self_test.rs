//! Makes each thing happen that the sensor must see, and looks whether it saw it. That a program is attached, or a
//! directory marked, proves nothing.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::linux::ebpf::ProcessSource;
use crate::linux::fanotify::Watcher;
use crate::linux::path::bytes_of;
use crate::linux::sources::in_full;
use crate::model::FileOperation;

/// One thing that was made to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is, such as `process sched_process_exec`.
    pub name: String,
    /// `None` when it was seen, else why not.
    pub problem: Option<String>,
}

/// Tests each part by making it happen.
pub fn self_test() -> Vec<Check> {
    let mut checks = processes();
    checks.extend(files());
    checks
}

fn processes() -> Vec<Check> {
    let failed = |problem: String| vec![Check { name: "process".into(), problem: Some(problem) }];
    let source = match ProcessSource::start() {
        Ok(source) => source,
        Err(error) => return failed(in_full(&error)),
    };
    let Ok(before) = source.calls() else { return failed("its counters can't be read".into()) };
    // A child that runs a program and ends calls every hook before it is waited for.
    if let Err(error) = Command::new("/proc/self/exe").arg("--version").output() {
        return failed(format!("no child could be made: {error}"));
    }
    let Ok(after) = source.calls() else { return failed("its counters can't be read".into()) };
    before
        .iter()
        .zip(after)
        .map(|((hook, before), (_hook, after))| Check {
            name: format!("process {hook}"),
            problem: (after <= *before).then(|| "attached, and does not fire".to_owned()),
        })
        .collect()
}

fn files() -> Vec<Check> {
    let failed = |problem: String| vec![Check { name: "fanotify".into(), problem: Some(problem) }];
    let folder = match Folder::new() {
        Ok(folder) => folder,
        Err(error) => return failed(format!("no folder to test in: {error}")),
    };
    let mut watcher = match Watcher::new(vec![bytes_of(&folder.0)]) {
        Ok(watcher) => watcher,
        Err(error) => return failed(in_full(&error)),
    };
    let at = |name: &str| folder.0.join(name);
    let acts: [(&str, FileOperation, Act<'_>); 5] = [
        ("write", FileOperation::Close, Box::new(|| fs::write(at("a.service"), "x"))),
        (
            "symlink",
            FileOperation::Create,
            Box::new(|| std::os::unix::fs::symlink("/dev/null", at("b.service"))),
        ),
        ("link", FileOperation::Create, Box::new(|| fs::hard_link(at("a.service"), at("c.service")))),
        ("rename", FileOperation::RenameTo, Box::new(|| fs::rename(at("a.service"), at("d.service")))),
        ("unlink", FileOperation::Unlink, Box::new(|| fs::remove_file(at("c.service")))),
    ];
    acts.iter()
        .map(|(name, operation, act)| {
            let mut seen = Vec::new();
            let done = act().and_then(|()| {
                while watcher.read(&mut seen)? {}
                Ok(())
            });
            let problem = match done {
                Err(error) => Some(error.to_string()),
                Ok(()) if seen.iter().any(|seen| seen.operation == *operation) => None,
                Ok(()) => Some("done, and not told".to_owned()),
            };
            Check { name: format!("fanotify {name}"), problem }
        })
        .collect()
}

/// Something that is done and must be seen.
type Act<'a> = Box<dyn Fn() -> io::Result<()> + 'a>;

/// A folder of our own that is removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(io::Error::other)?;
        let parent = if Path::new("/run").is_dir() { "/run" } else { "/tmp" };
        let path = Path::new(parent).join(format!("svcsensor-self-test-{}", hex::encode(name)));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "the self-test's folder stays");
        }
    }
}
