//! Commands of the host: running them, as root where it must be, and installing those that are missing.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Programs that virtual machines need, and the Debian package of each.
const TOOLS: [(&str, &str); 6] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("mmdebstrap", "mmdebstrap"),
    ("mke2fs", "e2fsprogs"),
    ("depmod", "kmod"),
    ("xz", "xz-utils"),
    ("dpkg", "dpkg"),
];

/// Installs what virtual machines need and is missing, and says so.
pub(crate) fn install_tools() -> Result<()> {
    install_missing(&TOOLS)
}

/// Installs the packages of those programs that are missing, and says so.
pub(crate) fn install_missing(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> =
        programs.iter().filter(|(program, _)| !is_installed(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    update_lists()?;
    install_packages(&missing)
}

/// Installs Debian packages, and says so.
pub(crate) fn install_packages(packages: &[impl AsRef<str>]) -> Result<()> {
    let names: Vec<&str> = packages.iter().map(AsRef::as_ref).collect();
    eprintln!("installing {} (apt-get{})", names.join(", "), if is_root() { "" } else { " by sudo" });
    run(as_root("apt-get")
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(names)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Reads the host's package lists anew.
pub(crate) fn update_lists() -> Result<()> {
    run(as_root("apt-get").args(["update", "--quiet"]))
}

/// A command that runs as root: by sudo where this process isn't.
pub(crate) fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg("--").arg(program);
    command
}

/// Runs a command in silence; its output belongs to the error if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs a command and gives what it wrote on its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("starting {shown}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{shown}: {}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(text)
}

/// Runs a command whose standard output becomes a file.
pub(crate) fn run_into(command: &mut Command, file: File) -> Result<()> {
    run(command.stdout(file))
}

fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|metadata| metadata.uid() == 0)
}

/// Whether a program is in the search path, or where administrators have theirs.
pub(crate) fn is_installed(program: &str) -> bool {
    // Administrators' programs are not in an ordinary user's search path.
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}

fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
