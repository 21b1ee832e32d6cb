//! Taking the steps of a scenario, each in a process of its own.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal};
use sensor_tests::operation::Operation;
use sensor_tests::scenario::Step;

/// How many seconds a step may take. Emulated processors are slow.
const PATIENCE: i64 = 90;

/// Runs a user's command with the address of the user's own service manager.
const AS_USER: &str = r#"exec runuser -u "$1" -- env XDG_RUNTIME_DIR="/run/user/$(id -u "$1")" sh -c "$2""#;

/// Takes steps, and keeps those that last.
#[derive(Default)]
pub(crate) struct Steps {
    lasting: Vec<Child>,
    variables: Vec<(&'static str, String)>,
}

impl Steps {
    /// Steps in whose commands these variables are set.
    pub(crate) fn new(variables: Vec<(&'static str, String)>) -> Self {
        Self { lasting: Vec::new(), variables }
    }

    /// Takes steps one after the other until one fails.
    pub(crate) fn take(&mut self, steps: &[Step]) -> Result<()> {
        steps.iter().try_for_each(|step| self.take_one(step).with_context(|| format!("in the step {step:?}")))
    }

    fn take_one(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Shell(command) => Self::finish(self.shell(command)),
            Step::As { user, run } => {
                let mut command = self.shell(AS_USER);
                command.args(["sh", user, run]);
                Self::finish(command)
            }
            Step::Background { background } => {
                let child = self.shell(background).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
                self.lasting.push(child);
                Ok(())
            }
            Step::Operation(operation) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("operate").arg(self.expand(&serde_json::to_string(operation)?));
                if operation.lasts() { self.start_lasting(command, operation) } else { Self::finish(command) }
            }
        }
    }

    fn start_lasting(&mut self, mut command: Command, operation: &Operation) -> Result<()> {
        let mut child = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        self.lasting.push(child);
        if line != "ready\n" {
            bail!("{operation:?} failed");
        }
        Ok(())
    }

    /// What a shell command writes on its standard output, without the last line's end.
    pub(crate) fn output(&self, command: &str) -> Result<String> {
        let output = self.shell(command).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("`{command}`: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// A text with each `${NAME}` of the variables replaced.
    pub(crate) fn expand(&self, text: &str) -> String {
        self.variables
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
    }

    /// Ends the steps that last, as the end of their terminal would.
    pub(crate) fn end_lasting(&mut self) -> Result<()> {
        for mut child in self.lasting.drain(..) {
            drop(child.stdin.take());
            if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                // It may have ended by itself.
                _ = rustix::process::kill_process_group(group, Signal::KILL);
            }
            child.wait()?;
        }
        Ok(())
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).process_group(0).envs(self.variables.iter().cloned());
        shell
    }

    /// Runs a command to its end. Its output goes to a file, so that what it leaves running can't hold up a pipe.
    fn finish(mut command: Command) -> Result<()> {
        let mut output = tempfile::tempfile()?;
        let mut child =
            command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?).spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("no pid")?;
        let descriptor = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
        let patience = Timespec { tv_sec: PATIENCE, tv_nsec: 0 };
        let ready = rustix::event::poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&patience))?;
        if ready == 0 {
            _ = rustix::process::kill_process_group(pid, Signal::KILL);
            _ = child.kill();
        }
        let status = child.wait()?;
        if !status.success() {
            let mut text = Vec::new();
            output.rewind()?;
            output.read_to_end(&mut text)?;
            bail!("{status}\n{}", String::from_utf8_lossy(&text));
        }
        Ok(())
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        // What can't be ended now was ended before.
        _ = self.end_lasting();
    }
}
