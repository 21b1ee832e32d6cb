//! Which program that is run controls services, whatever it is called.
//!
//! A link is known by the file that it leads to, a hard link by its inode, a copy by its content, a program that is many
//! in one by the name that it was called by, and one that the dynamic linker runs by the linker's argument.

use bstr::{BStr, BString, ByteSlice as _};

use crate::dynamic_linker::{self, is_dynamic_linker};
use crate::host::{Host, Program};
use crate::model::observation::Exec;
use crate::model::{Known, Reason};
use crate::path::join;
use crate::systemd::control::{ControlRequest, Tool};

/// Where such programs are installed.
const DIRECTORIES: [&str; 6] =
    ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"];
/// Their names.
const NAMES: [&str; 15] = [
    "systemctl",
    "systemd-run",
    "busctl",
    "dbus-send",
    "gdbus",
    "varlinkctl",
    "loginctl",
    "machinectl",
    "portablectl",
    "service",
    "invoke-rc.d",
    "update-rc.d",
    "chkconfig",
    "rc-service",
    "rc-update",
];
/// Programs that are many in one.
const MULTI_CALL: [&[u8]; 3] = [b"busybox", b"toybox", b"openrc"];

/// The programs of this host that control services.
#[derive(Default)]
pub struct Tools {
    known: Vec<(Tool, Program)>,
}

impl Tools {
    /// Looks for them on the host.
    pub fn read(&mut self, host: &mut dyn Host) {
        self.known.clear();
        for directory in DIRECTORIES {
            for name in NAMES {
                if let Some(tool) = Tool::from_program(BStr::new(name))
                    && let Ok(program) = host.program(BStr::new(&format!("{directory}/{name}")))
                    && self.known.iter().all(|(_tool, known)| known.object != program.object)
                {
                    self.known.push((tool, program));
                }
            }
        }
    }

    /// What a program that was just run asks of a service manager; `None` when it is no such program.
    pub fn request(&mut self, exec: &Exec, host: &mut dyn Host) -> Option<ControlRequest> {
        let argv = exec.process.argv.get()?;
        if let Some(script) = &exec.script {
            let path = script.path.get()?;
            let tool = self.tool(path.as_ref(), &script.object, host)?;
            // The interpreter's own arguments come before the script's name.
            let position =
                argv.iter().skip(1).position(|argument| names(argument.as_ref(), path.as_ref(), exec))?;
            let (script, arguments) = argv.get(position.saturating_add(1)..)?.split_first()?;
            return Some(ControlRequest::parse_as(tool, script.as_ref(), arguments));
        }
        let exe = exec.process.exe.get()?;
        let (called, arguments) = argv.split_first()?;
        if MULTI_CALL.contains(&file_name(exe.as_ref())) {
            return Tool::from_program(called.as_ref())
                .map(|tool| ControlRequest::parse_as(tool, called.as_ref(), arguments));
        }
        if is_dynamic_linker(file_name(exe.as_ref()).as_ref()) {
            let (program, arguments) = dynamic_linker::loaded(arguments)?;
            let directory = exec.process.cwd.get().map(AsRef::as_ref);
            let path = if program.starts_with(b"/") { program.into() } else { join(directory?, program) };
            let tool = self.tool(path.as_ref(), &Known::Missing(Reason::NotRecorded), host)?;
            return Some(ControlRequest::parse_as(tool, program, arguments));
        }
        let tool = match self.known(exe.as_ref(), &exec.object, host) {
            Some(tool) => tool,
            None => match self.copy(exe.as_ref(), host) {
                Ok(tool) => tool?,
                Err(_) => self.hidden_copy(exec, host)?,
            },
        };
        Some(ControlRequest::parse_as(tool, called.as_ref(), arguments))
    }

    /// The tool that the file at `path` is.
    fn tool(&mut self, path: &BStr, object: &Known<(u64, u64)>, host: &mut dyn Host) -> Option<Tool> {
        self.known(path, object, host).or_else(|| self.copy(path, host).ok().flatten())
    }

    /// The tool that has this path's name, or is this file.
    fn known(&mut self, path: &BStr, object: &Known<(u64, u64)>, host: &mut dyn Host) -> Option<Tool> {
        let object = object.get();
        let Some(tool) = Tool::from_program(path) else {
            let (tool, _program) = self.known.iter().find(|(_tool, known)| Some(&known.object) == object)?;
            return Some(*tool);
        };
        // A package may have replaced it: links and copies of the new one are to be known too.
        let is_current = |(_tool, known): &(Tool, Program)| Some(&known.object) == object;
        if known_place(path) && object.is_some() && !self.known.iter().any(is_current) {
            self.read(host);
        }
        Some(tool)
    }

    /// The tool of which the file at `path` is a copy; an error where there is no such file.
    fn copy(&self, path: &BStr, host: &mut dyn Host) -> Result<Option<Tool>, Reason> {
        // Reading every program that is run would cost too much: only one of the same size can be a copy.
        let size = host.size(path)?;
        if self.known.iter().all(|(_tool, known)| known.size != size) {
            return Ok(None);
        }
        Ok(self.with_content_of(&host.program(path)?))
    }

    /// The tool of which a program is a copy that no path of this host leads to: it lies in memory or on a file system of
    /// its own mount namespace, or has been deleted. As long as it runs, the process leads to it.
    fn hidden_copy(&self, exec: &Exec, host: &mut dyn Host) -> Option<Tool> {
        let path = BString::from(format!("/proc/{}/exe", exec.process.key.pid));
        let size = host.size(path.as_ref()).ok()?;
        if self.known.iter().all(|(_tool, known)| known.size != size) {
            return None;
        }
        let program = host.program(path.as_ref()).ok()?;
        // The process may run another program by now.
        let is_it = exec.object.get().is_none_or(|(_device, inode)| *inode == program.object.1);
        self.with_content_of(&program).filter(|_| is_it)
    }

    /// The tool with the same content.
    fn with_content_of(&self, program: &Program) -> Option<Tool> {
        let is_same = |known: &Program| known.sha256.get().is_some() && known.sha256 == program.sha256;
        self.known.iter().find(|(_tool, known)| is_same(known)).map(|(tool, _program)| *tool)
    }
}

fn known_place(path: &BStr) -> bool {
    path.rsplit_once_str("/")
        .is_some_and(|(directory, _name)| DIRECTORIES.iter().any(|known| directory == known.as_bytes()))
}

fn file_name(path: &BStr) -> &[u8] {
    path.rsplit_once_str("/").map_or(path.as_bytes(), |(_directory, name)| name)
}

/// Whether `argument` is the script's name as its interpreter got it.
fn names(argument: &BStr, path: &BStr, exec: &Exec) -> bool {
    exec.filename.get().is_some_and(|filename| filename == argument) || file_name(argument) == file_name(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{FileState, Identity};
    use crate::model::observation::Script;
    use crate::model::{Process, ProcessKey, Scope, Timestamp};

    /// A host with a systemctl of 7 bytes, a script `service`, and copies of both under other names.
    struct Files;

    impl Host for Files {
        fn file(&mut self, _path: &BStr) -> FileState {
            FileState::Absent
        }
        fn link(&mut self, _path: &BStr) -> Result<BString, Reason> {
            Err(Reason::Unsupported)
        }
        fn list(&mut self, _path: &BStr) -> Result<Vec<BString>, Reason> {
            Err(Reason::NotFound)
        }
        fn program(&mut self, path: &BStr) -> Result<Program, Reason> {
            let (inode, size, sha256) = match path.to_str().unwrap() {
                "/usr/bin/systemctl" => (1, 7, "s"),
                "/usr/sbin/service" => (2, 9, "v"),
                "/tmp/copy" | "/tmp/./copy" => (8, 7, "s"),
                "/tmp/other" => (9, 7, "x"),
                // What the process runs, wherever it lies.
                "/proc/9/exe" => (10, 7, "s"),
                _ => return Err(Reason::NotFound),
            };
            Ok(Program {
                path: path.into(),
                sha256: Known::Is(sha256.into()),
                size,
                mode: 0o755,
                owner: (0, 0),
                head: Vec::new(),
                object: (1, inode),
            })
        }
        fn identity(&mut self, _path: &BStr) -> Result<Identity, Reason> {
            Err(Reason::NotFound)
        }
        fn size(&mut self, path: &BStr) -> Result<u64, Reason> {
            self.program(path).map(|program| program.size)
        }
        fn changed(&mut self, _path: &BStr) -> Result<Timestamp, Reason> {
            Err(Reason::NotFound)
        }
        fn comm(&mut self, _pid: u32) -> Result<BString, Reason> {
            Err(Reason::Exited)
        }
        fn watch_name(&mut self, _path: &BStr, _name: &BStr) {}

        fn await_names(&mut self, _path: &BStr) {}
        fn follow(&mut self, _path: &BStr, _file: &BStr) {}
        fn process(&mut self, _pid: u32) -> Result<Process, Reason> {
            Err(Reason::Exited)
        }
        fn processes(&mut self) -> Vec<u32> {
            Vec::new()
        }
        fn writes(&mut self, _pid: u32, _object: (u64, u64)) -> bool {
            false
        }
        fn user_name(&mut self, _uid: u32) -> Result<String, Reason> {
            Err(Reason::NotFound)
        }
        fn remote_address(&mut self, _session: u32) -> Result<String, Reason> {
            Err(Reason::NotFound)
        }
        fn manager_runs(&mut self, _scope: Scope) -> bool {
            false
        }
    }

    fn exec(exe: &str, inode: u64, argv: &[&str]) -> Exec {
        let key = ProcessKey { pid: 9, start_ns: 9 };
        let process = Process {
            exe: Known::Is(exe.into()),
            argv: Known::Is(argv.iter().map(|word| BString::from(*word)).collect()),
            ..Process::unknown(key, Reason::NotRecorded)
        };
        Exec { process, filename: Known::Is(exe.into()), object: Known::Is((1, inode)), script: None }
    }

    fn check(exec: &Exec) -> Option<(Tool, String, Vec<String>)> {
        let mut tools = Tools::default();
        tools.read(&mut Files);
        tools.request(exec, &mut Files).map(|request| (request.tool, request.verb, request.units))
    }

    #[test]
    fn a_tool_is_known_under_any_name() {
        let stop = Some((Tool::Systemctl, "stop".to_owned(), vec!["ssh.service".to_owned()]));
        for (exe, inode, called) in [
            ("/usr/bin/systemctl", 1, "systemctl"),
            // By a symbolic link: the kernel tells the file itself.
            ("/usr/bin/systemctl", 1, "/tmp/link"),
            // By a hard link, by a copy, and by busybox.
            ("/tmp/hard", 1, "hard"),
            ("/tmp/copy", 8, "copy"),
            ("/bin/busybox", 7, "systemctl"),
        ] {
            assert_eq!(check(&exec(exe, inode, &[called, "stop", "ssh"])), stop, "{exe} as {called}");
        }
    }

    #[test]
    fn a_copy_that_no_path_leads_to_is_known_while_it_runs() {
        let stop = Some((Tool::Systemctl, "stop".to_owned(), vec!["ssh.service".to_owned()]));
        for exe in ["/memfd:x (deleted)", "/mnt/private", "/tmp/gone (deleted)"] {
            assert_eq!(check(&exec(exe, 10, &["agent", "stop", "ssh"])), stop, "{exe}");
            // The process runs something else by now.
            assert_eq!(check(&exec(exe, 11, &["agent", "stop", "ssh"])), None, "{exe}");
        }
    }

    #[test]
    fn a_tool_is_known_that_the_dynamic_linker_runs() {
        let stop = Some((Tool::Systemctl, "stop".to_owned(), vec!["ssh.service".to_owned()]));
        let run = |words: &[&str]| {
            let mut exec = exec("/usr/lib/ld-linux-x86-64.so.2", 3, words);
            exec.process.cwd = Known::Is("/tmp".into());
            check(&exec)
        };
        assert_eq!(run(&["ld.so", "/usr/bin/systemctl", "stop", "ssh"]), stop);
        assert_eq!(run(&["ld.so", "--argv0", "sshd", "/tmp/copy", "stop", "ssh"]), stop);
        assert_eq!(run(&["ld.so", "./copy", "stop", "ssh"]), stop);
        assert_eq!(run(&["ld.so", "/tmp/other", "stop", "ssh"]), None);
    }

    #[test]
    fn another_program_is_none_whatever_it_calls_itself() {
        assert_eq!(check(&exec("/bin/sleep", 5, &["systemctl", "stop", "ssh"])), None);
        assert_eq!(check(&exec("/tmp/other", 9, &["systemctl", "stop", "ssh"])), None);
    }

    #[test]
    fn a_script_is_known_by_its_own_name_and_file() {
        let mut exec = exec("/bin/dash", 4, &["/bin/sh", "-e", "/usr/sbin/service", "ssh", "stop"]);
        exec.filename = Known::Is("/usr/sbin/service".into());
        let script =
            |path: &str, inode| Some(Script { path: Known::Is(path.into()), object: Known::Is((1, inode)) });
        exec.script = script("/usr/sbin/service", 2);
        let stop = Some((Tool::Service, "stop".to_owned(), vec!["ssh.service".to_owned()]));
        assert_eq!(check(&exec), stop);
        exec.filename = Known::Is("./hard".into());
        exec.script = script("/tmp/hard", 2);
        exec.process.argv = Known::Is(vec!["/bin/sh".into(), "./hard".into(), "ssh".into(), "stop".into()]);
        assert_eq!(check(&exec), stop);
        exec.script = script("/tmp/x", 5);
        assert_eq!(check(&exec), None);
    }
}
