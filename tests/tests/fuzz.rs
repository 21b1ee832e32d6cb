//! Every fuzz target over its seeds and a fixed number of mutations of them; `cargo fuzz` looks further.
#![cfg(test)]

use std::fs;
use std::path::Path;

use sensor_tests::fuzz::mutation::Mutator;
use sensor_tests::fuzz::{TARGETS, Target};

/// How many mutations each target gets.
const MUTATIONS: usize = 600;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = folder().join("seeds").join(target.name);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn run(names: &[&str]) {
    for target in TARGETS.iter().filter(|target| names.contains(&target.name)) {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        seeds.iter().chain([&Vec::new()]).for_each(|seed| (target.run)(seed));
        let mut mutator = Mutator::new(0x2545_f491_4f6c_dd1d);
        for (number, seed) in seeds.iter().cycle().take(MUTATIONS).enumerate() {
            let other = &seeds[(number / seeds.len()) % seeds.len()];
            (target.run)(&mutator.change(seed, other));
        }
    }
}

/// The targets, shared out so that they run side by side.
const SHARES: [&[&str]; 4] = [
    &["command_line", "control_command", "unit_file", "kernel_record", "fanotify_events", "recording"],
    &["definition", "configuration", "security_descriptor"],
    &["event_log", "log_file", "windows_command"],
    &["etw_event", "event_json", "event_xml", "registry_value"],
];

#[test]
fn units_commands_and_the_kernel() {
    run(SHARES[0]);
}

#[test]
fn definitions_and_settings() {
    run(SHARES[1]);
}

#[test]
fn event_logs() {
    run(SHARES[2]);
}

#[test]
fn events() {
    run(SHARES[3]);
}

#[test]
fn every_target_is_run_and_has_a_program() {
    let mut shared: Vec<&str> = SHARES.concat();
    shared.sort_unstable();
    assert_eq!(shared, TARGETS.map(|target| target.name));
    let mut programs: Vec<String> = fs::read_dir(folder().join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    programs.sort();
    assert_eq!(programs, TARGETS.map(|target| target.name));
}
