//! `cargo xtask vm-run`: runs one command in a virtual machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use super::boot::{self, Task};
use super::kernel::Kernel;
use crate::cache::Cache;
use crate::host;

/// Boots a Debian kernel under systemd, runs one command as root in it, and exits with its status.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The kernel: 5.10, 6.1, 6.12, 6.18, another line that Debian has, or `newest`.
    kernel: String,
    /// A file or folder to take along; the command finds it in its working directory and, if executable, by its name.
    #[arg(long = "file", value_name = "PATH")]
    files: Vec<PathBuf>,
    /// How many seconds boot and command may take.
    #[arg(long, default_value_t = 300)]
    deadline: u64,
    /// Look for a newer release of the kernel first.
    #[arg(long)]
    refresh: bool,
    /// The command and its arguments, joined by spaces, for `sh`.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Does what the arguments ask for.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    host::install_tools()?;
    let cache = Cache::open("vm")?;
    let kernel = Kernel::get(&cache, &args.kernel, args.refresh)?;
    let files: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
    let task = Task {
        files: &files,
        command: &args.command.join(" "),
        deadline: Duration::from_secs(args.deadline),
    };
    let status = boot::boot(&cache, &kernel, &task, |line| println!("{line}"))?;
    Ok(u8::try_from(status).map_or(ExitCode::FAILURE, ExitCode::from))
}
