//! Booting: one kernel, one root, one payload; out come the payload's output and its exit status.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

use super::initrd;
use super::kernel::Kernel;
use super::root::Root;
use crate::cache::Cache;

/// Parameters of every kernel. Without the mask, systemd waits for a terminal that nobody announces.
const PARAMETERS: &str = "console=ttyS0 panic=-1 quiet mitigations=off systemd.show_status=0 \
                          systemd.mask=serial-getty@ttyS0.service";

/// What the machine writes where its status goes, before it runs the command.
const STARTED: &str = "started";

/// How often a machine is booted before it counts as broken.
const BOOTS: usize = 3;

/// How many of the console's last lines tell why a machine failed.
const TAIL: usize = 60;

/// What a virtual machine is to do.
pub(crate) struct Task<'a> {
    /// Files and folders that it gets, beside which the command runs.
    pub(crate) files: &'a [&'a Path],
    /// The command, for `sh`.
    pub(crate) command: &'a str,
    /// How long boot and command may take.
    pub(crate) deadline: Duration,
}

/// Boots a kernel, runs the task, and gives each line of its output to `line` as it comes.
///
/// Returns the command's exit status. A machine that ends without one, or not in time, is an error that shows the end
/// of its console. One that dies before it comes to the command is booted again: emulated processors don't always
/// take a kernel's changes to its own code.
pub(crate) fn boot(
    cache: &Cache,
    kernel: &Kernel,
    task: &Task<'_>,
    mut line: impl FnMut(&str),
) -> Result<i32> {
    let root = Root::get(cache, &kernel.release)?;
    let scratch = cache.scratch()?;
    let [payload, early_root] = ["payload.cpio", "initrd.cpio"].map(|name| scratch.join(name));
    initrd::write_payload(&payload, task.files, task.command)?;
    join(&[&kernel.initrd, &payload], &early_root)?;
    let console = scratch.join("console.log");
    let shown = || format!("kernel {}; its console's last lines:\n{}", kernel.release, tail(&console));
    for _ in 0..BOOTS {
        if let Some(status) = attempt(&scratch, kernel, &root, task, &mut line).with_context(shown)? {
            return Ok(status);
        }
        eprintln!("the virtual machine of kernel {} died while it booted", kernel.release);
    }
    Err(anyhow!("the virtual machine died {BOOTS} times while it booted")).with_context(shown)
}

/// Boots once; `None` where the machine dies before it comes to the command.
fn attempt(
    scratch: &Path,
    kernel: &Kernel,
    root: &Root,
    task: &Task<'_>,
    line: &mut impl FnMut(&str),
) -> Result<Option<i32>> {
    let [early_root, console, status] =
        ["initrd.cpio", "console.log", "status"].map(|name| scratch.join(name));
    let mut machine = Machine(
        // Killing the parent must not leave a machine behind, which nothing but this can promise.
        Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "qemu-system-x86_64"])
            .args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"])
            .args(["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048"])
            .arg("-kernel")
            .arg(&kernel.image)
            .arg("-initrd")
            .arg(&early_root)
            .arg("-append")
            .arg(format!("{PARAMETERS} {}", kernel.parameters()))
            .arg("-drive")
            .arg(format!("file={},format=raw,if=virtio,snapshot=on,cache=unsafe", root.image.display()))
            .arg("-serial")
            .arg(format!("file:{}", console.display()))
            .args(["-chardev", "stdio,id=output,signal=off", "-serial", "chardev:output"])
            .arg("-serial")
            .arg(format!("file:{}", status.display()))
            .env("TMPDIR", scratch)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting qemu-system-x86_64 by setpriv")?,
    );
    follow(&mut machine.0, task.deadline, line)?;
    let text = fs::read_to_string(&status).unwrap_or_default();
    let Some(status) = text.strip_prefix(STARTED) else { return Ok(None) };
    status.trim().parse().map(Some).map_err(|_| anyhow!("the virtual machine ended before its command did"))
}

/// A running machine, which does not outlive this value.
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        // Both fail only where it has ended and was waited for.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Passes a machine's output on until it ends or its time is up.
fn follow(machine: &mut Child, deadline: Duration, line: &mut impl FnMut(&str)) -> Result<()> {
    let output = machine.stdout.take().context("the virtual machine has no output")?;
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        for text in BufReader::new(output).split(b'\n') {
            let Ok(text) = text else { break };
            if sender.send(String::from_utf8_lossy(&text).into_owned()).is_err() {
                break;
            }
        }
    });
    let end = Instant::now() + deadline;
    loop {
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(text) => line(&text),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                return Err(anyhow!("the virtual machine did not end within {} s", deadline.as_secs()));
            }
        }
    }
    reader.join().map_err(|_| anyhow!("reading the virtual machine's output failed"))
}

fn join(parts: &[&Path], path: &Path) -> Result<()> {
    let mut out = File::create(path).with_context(|| format!("making {}", path.display()))?;
    for part in parts {
        let mut file = File::open(part).with_context(|| format!("opening {}", part.display()))?;
        io::copy(&mut file, &mut out).with_context(|| format!("copying {}", part.display()))?;
    }
    Ok(())
}

fn tail(console: &Path) -> String {
    let bytes = fs::read(console).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n")
}
