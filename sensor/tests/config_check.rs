//! `svcsensor config check` from the outside: what it says, where, and its exit status.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Exit status, standard output and standard error, with the file's path as `FILE`.
fn check(path: &Path) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_svcsensor"))
        .args(["config", "check", "--config"])
        .arg(path)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(&path.display().to_string(), "FILE");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A folder with a configuration in it; it lives as long as the folder.
fn written(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("svcsensor.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

// Its paths are Unix's.
#[cfg(unix)]
#[test]
fn the_packaged_configuration_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/svcsensor.toml");
    assert_eq!(check(&path), (Some(0), "FILE: the configuration is valid\n".to_owned(), String::new()));
}

#[test]
fn mistakes_are_told_on_standard_error_with_their_place() {
    let (_folder, path) = written(b"[linux]\nuser = true\n[output]\nformat = \"jsn\"\n");
    let (status, out, log) = check(&path);
    assert_eq!((status, out.as_str()), (Some(1), ""));
    for expected in [
        "FILE:2:1: unknown key in [linux]; did you mean users?\n    user = true\n    ^^^^\n",
        "FILE:4:10: format must be one of \"auto\", \"json\", \"human\"; did you mean json?\n",
    ] {
        assert!(log.contains(expected), "{log}");
    }
}

#[test]
fn analytics_are_known_by_name() {
    let (_folder, path) = written(b"[detect]\ndisabled = [\"no-such-analytic-at-all\"]\n");
    let (status, _, log) = check(&path);
    assert_eq!(status, Some(1));
    assert!(log.contains("FILE:2:13: there is no such analytic\n"), "{log}");
}

#[test]
fn what_is_worth_a_thought_is_remarked() {
    let (_folder, path) = written(
        b"[redact]\nenabled = false\n[[detect.allow]]\nanalytic = \"*\"\nservice = \"a*\"\nreason = \"x\"\nexpires = 2025-01-01\n",
    );
    let expected = "\
FILE: secrets are written to the output, since redact.enabled is false
FILE: the allowance of * for a* has expired
FILE: the configuration is valid
";
    assert_eq!(check(&path), (Some(0), expected.to_owned(), String::new()));
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let (folder, path) = written(b"");
    let (status, _, log) = check(&folder.path().join("none.toml"));
    assert_eq!(status, Some(1));
    assert!(log.contains("cannot read FILE: ") && log.contains("No such file"), "{log}");
    fs::write(&path, "#".repeat(2 << 20)).unwrap();
    let (status, _, log) = check(&path);
    assert_eq!(status, Some(1));
    assert!(log.contains("FILE is larger than 1048576 bytes"), "{log}");
}

/// Whatever a file holds, the program ends by itself, and nothing of it drives the terminal.
#[test]
fn hostile_files_are_refused_in_words() {
    let deep = "a = ".to_owned() + &"[".repeat(100_000);
    for text in [&b"\xff\xfe"[..], b"a = \"\x1b[2J", b"\"\\u001b[2J\" = 1", b"[[[", deep.as_bytes()] {
        let (_folder, path) = written(text);
        let (status, _, log) = check(&path);
        assert_eq!(status, Some(1), "{log}");
        assert!(log.contains("FILE:1:"), "{log}");
        assert!(!log.contains(|c: char| c.is_control() && c != '\n'), "{log:?}");
    }
}

/// The unit file starts the program with arguments that it knows: the configuration is the first thing to fail.
#[cfg(target_os = "linux")]
#[test]
fn the_packaged_unit_starts_the_program() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/svcsensor.service");
    let unit = fs::read_to_string(unit).unwrap();
    let arguments =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/svcsensor ")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_svcsensor"))
        .args(arguments.split(' '))
        .args(["--config", "/nonexistent/svcsensor.toml"])
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("cannot read /nonexistent/svcsensor.toml"), "{log}");
}
