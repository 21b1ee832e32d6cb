//! Bodies of the fuzz targets: each takes any bytes from outside in and must neither panic nor break its promise.
//!
//! They are plain functions, so that `cargo fuzz` runs them for as long as one likes (`fuzz/`) and the tests run them
//! briefly with the same seeds (`tests/fuzz.rs`).

#![expect(
    clippy::missing_panics_doc,
    reason = "a target panics where a promise is broken: that is its purpose"
)]

mod definition;
mod host;
mod kernel;
mod lines;
pub mod mutation;
mod settings;
mod units;
mod windows;

pub use definition::definition;
pub use kernel::{fanotify_events, kernel_record, recording};
pub use settings::configuration;
pub use units::{command_line, control_command, unit_file};
pub use windows::{
    etw_event, event_json, event_log, event_xml, log_file, registry_value, security_descriptor,
    windows_command,
};

/// A kind of input from outside.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: that of its program in `fuzz/fuzz_targets` and of its folder in `fuzz/seeds`.
    pub name: &'static str,
    /// Takes an input in.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => { [$(Target { name: stringify!($name), run: $name }),*] };
}

/// Every target, in the order of the alphabet.
pub const TARGETS: [Target; 16] = targets![
    command_line,
    configuration,
    control_command,
    definition,
    etw_event,
    event_json,
    event_log,
    event_xml,
    fanotify_events,
    kernel_record,
    log_file,
    recording,
    registry_value,
    security_descriptor,
    unit_file,
    windows_command,
];
