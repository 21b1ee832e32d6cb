//! `cargo xtask install`: puts the sensor on this host as a service.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};

use crate::build;
use crate::cargo::workspace;
use crate::host::{as_root, run};

/// Builds the sensor and installs the binary, the unit and the configuration; a configuration that is there stays.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install what was built elsewhere, instead of building: `svcsensor` and the folder `packaging`, in this folder.
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
    /// Install below this folder instead of the root, and start nothing.
    #[arg(long, value_name = "FOLDER")]
    root: Option<String>,
}

/// Installs, and starts the service where systemd runs.
pub(crate) fn install(args: &Args) -> Result<ExitCode> {
    let (program, packaging) = if let Some(from) = &args.from {
        (from.join("svcsensor"), from.join("packaging"))
    } else {
        build::build(&build::Args::release())?;
        (build::target_folder()?.join("release/svcsensor"), workspace().join("packaging"))
    };
    let root = args.root.as_deref().unwrap_or("");
    let put = |from: &Path, mode: &str, to: &str| {
        println!("installing {root}{to}");
        // As one who owns the folder needs no root: install(1) says so where it does.
        let mut command = if args.root.is_some() { Command::new("install") } else { as_root("install") };
        run(command.args(["-D", "--mode", mode]).arg(from).arg(format!("{root}{to}")))
    };
    put(&program, "0755", "/usr/local/bin/svcsensor")?;
    put(&packaging.join("svcsensor.service"), "0644", "/etc/systemd/system/svcsensor.service")?;
    if Path::new(&format!("{root}/etc/svcsensor/svcsensor.toml")).exists() {
        println!("keeping {root}/etc/svcsensor/svcsensor.toml");
    } else {
        put(&packaging.join("svcsensor.toml"), "0644", "/etc/svcsensor/svcsensor.toml")?;
    }
    if args.root.is_none() {
        ensure!(
            Path::new("/run/systemd/system").exists(),
            "installed; systemd does not run here, so the service was not started"
        );
        run(as_root("systemctl").arg("daemon-reload"))?;
        run(as_root("systemctl").args(["enable", "--now", "svcsensor.service"]))?;
        println!("svcsensor.service runs; journalctl -u svcsensor shows it");
    }
    Ok(ExitCode::SUCCESS)
}
