//! The log on standard error, from the outside.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::io;
use std::process::{Command, Stdio};

#[test]
fn a_log_that_nobody_reads_any_more_changes_no_end() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let status = Command::new(env!("CARGO_BIN_EXE_svcsensor"))
        .args(["replay", "no-such-log"])
        .stdout(Stdio::null())
        .stderr(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
}
