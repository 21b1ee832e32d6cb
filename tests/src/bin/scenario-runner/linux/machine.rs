//! The machine: its facts, and on a disposable one the file systems and the user that scenarios need.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use sensor_tests::scenario::{Environment, FileSystem, USER, systemd_version};

/// Makes an image with a file system of a type and mounts it on a directory of the unit search path.
const IMAGE: &str = r#"
set -e
mkdir -p /var/lib/scenarios "$2"
truncate --size "$3" /var/lib/scenarios/$1.img
mkfs.$1 -q /var/lib/scenarios/$1.img
mount -t $1 -o loop /var/lib/scenarios/$1.img "$2"
"#;

/// Mounts an overlay of two folders of the root on a directory of the unit search path.
const OVERLAY: &str = r#"
set -e
cd /var/lib/scenarios
mkdir -p lower upper work "$1"
mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay "$1"
"#;

/// Starts the user's own service manager.
const LINGER: &str = r#"
set -e
loginctl enable-linger "$1"
systemctl start "user@$(id -u "$1").service"
"#;

/// Looks at the machine; makes on a disposable one what is not there yet.
pub(crate) fn prepare(disposable: bool) -> Result<Environment> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").context("reading the kernel's release")?;
    let is_manager = Path::new("/run/systemd/system").is_dir();
    let systemd = is_manager.then(systemctl).transpose()?;
    let mut filesystems = vec![FileSystem::Root];
    if is_manager {
        filesystems.push(FileSystem::Tmpfs);
    }
    if disposable {
        shell(IMAGE, &["xfs", FileSystem::Xfs.unit_directory(), "400M"])?;
        shell(IMAGE, &["btrfs", FileSystem::Btrfs.unit_directory(), "128M"])?;
        shell(OVERLAY, &[FileSystem::Overlay.unit_directory()])?;
        filesystems.extend([FileSystem::Xfs, FileSystem::Btrfs, FileSystem::Overlay]);
        if is_manager {
            shell(LINGER, &[USER])?;
        }
    }
    Ok(Environment { kernel: release.parse()?, systemd, filesystems, disposable })
}

fn systemctl() -> Result<u32> {
    let output = Command::new("systemctl").arg("--version").output().context("starting systemctl")?;
    systemd_version(&String::from_utf8_lossy(&output.stdout))
}

fn shell(script: &str, arguments: &[&str]) -> Result<()> {
    let output =
        Command::new("sh").args(["-c", script, "sh"]).args(arguments).output().context("starting sh")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "preparing the machine: {}\n{script}\n{text}", output.status);
    Ok(())
}
