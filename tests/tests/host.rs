//! The main job on this very host: the scenarios that harm nothing, against a sensor that watches by fanotify.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The sensor, which cargo built beside this test.
fn sensor() -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    Some(test.parent()?.parent()?.join("svcsensor")).filter(|path| path.exists())
}

/// Needs root, fanotify and a kernel that takes `tp_btf` programs; says so where it has none.
#[test]
fn scenarios_on_this_host() {
    let Some(sensor) = sensor() else {
        println!("skipped: svcsensor is not built; `cargo xtask build` builds it");
        return;
    };
    let doctor = Command::new(&sensor).args(["doctor", "--json"]).output().unwrap();
    if !doctor.status.success() {
        println!("skipped: not everything can be seen here:\n{}", String::from_utf8_lossy(&doctor.stdout));
        return;
    }
    let play = |only: &[&str]| {
        let mut runner = Command::new(env!("CARGO_BIN_EXE_scenario-runner"));
        runner.args(["play", "--plan", "fanotify"]).arg("--sensor").arg(&sensor);
        runner.arg("--scenarios").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"));
        for name in only {
            runner.args(["--only", name]);
        }
        let played = runner.output().unwrap();
        (played.status.success(), String::from_utf8_lossy(&played.stdout).into_owned())
    };
    let (whole, told) = play(&[]);
    let passed = told.lines().last().and_then(|line| line.split_once(" passed")?.0.parse::<u32>().ok());
    assert!(passed.is_some_and(|passed| passed > 50), "hardly anything was played:\n{told}");
    if !whole {
        // Other work on this host may come between a step and its trace: what fails must fail by itself, too.
        let failed: Vec<&str> =
            told.lines().filter_map(|line| Some(line.strip_prefix("--- ")?.split_once(" on ")?.0)).collect();
        let (whole, again) = play(&failed);
        assert!(whole && !failed.is_empty(), "{told}\nand once more:\n{again}");
    }
}

/// Needs root and fanotify; says so where it has none.
#[test]
fn a_reader_that_goes_away_ends_the_run_at_once() {
    let Some(sensor) = sensor() else {
        println!("skipped: svcsensor is not built; `cargo xtask build` builds it");
        return;
    };
    let mut run = Command::new(&sensor)
        .args(["run", "--attach", "fanotify"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(run.stdout.take().unwrap());
    let mut line = String::new();
    if output.read_line(&mut line).unwrap() == 0 {
        println!("skipped: the sensor can't run here: {}", run.wait().unwrap());
        return;
    }
    assert!(line.contains(r#""type":"started""#), "{line}");
    drop(output);
    // Nothing happens that would be told, and the next heartbeat is a minute away.
    let process = rustix::process::Pid::from_child(&run);
    let (ended, status) = mpsc::channel();
    std::thread::spawn(move || ended.send(run.wait()));
    let Ok(status) = status.recv_timeout(Duration::from_secs(20)) else {
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
        panic!("the sensor goes on without a reader");
    };
    assert_eq!(status.unwrap().code(), Some(3));
}
