//! The packaged unit file is what systemd understands and as closed as its comments say.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "all of this is a test")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

fn unit() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/svcsensor.service")).unwrap()
}

/// The output of `systemd-analyze` on the unit, with the binary where the test built it; `None` where there is no
/// such program.
fn analyze(arguments: &[&str]) -> Option<Output> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("svcsensor.service");
    fs::write(&path, unit().replace("/usr/local/bin/svcsensor", env!("CARGO_BIN_EXE_svcsensor"))).unwrap();
    match Command::new("systemd-analyze").args(arguments).arg(&path).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: there is no systemd-analyze here");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_unit_is_understood() {
    if let Some(output) = analyze(&["verify"]) {
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        assert!(output.status.success());
    }
}

/// On a scale to 10.0; the threshold is in tenths. What is left open has its reason in the unit's comments.
#[test]
fn the_unit_is_closed() {
    if let Some(output) = analyze(&["security", "--offline=true", "--threshold=25", "--no-pager"]) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Each of these would hide from the sensor what it is to see.
#[test]
fn the_unit_does_not_blind_the_sensor() {
    let unit = unit();
    let settings: Vec<_> = unit.lines().filter(|line| !line.starts_with('#')).collect();
    for blinding in [
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "ProtectHome=yes",
        "ProtectHome=tmpfs",
        "ProtectKernelModules=yes",
        "ProtectProc=invisible",
        "ProcSubset=pid",
        "PrivateUsers=yes",
        "DynamicUser=yes",
    ] {
        assert!(!settings.contains(&blinding), "{blinding}");
    }
    for prefix in ["RootDirectory=", "TemporaryFileSystem=", "InaccessiblePaths=", "BindPaths="] {
        assert!(!settings.iter().any(|line| line.starts_with(prefix)), "{prefix}");
    }
}
