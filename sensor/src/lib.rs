//! svcsensor: tells which service of a host came to be, changed, was hijacked, hidden or stopped, by whom, and what that means.

pub mod cli;
pub mod config;
pub mod correlate;
pub mod decode;
pub mod detect;
mod dynamic_linker;
pub mod engine;
pub mod host;
#[cfg(target_os = "linux")]
pub mod linux;
pub mod model;
pub mod output;
pub mod path;
pub mod pipeline;
pub mod recording;
pub mod scm;
pub mod systemd;
#[cfg(windows)]
pub mod windows;
pub mod windows_event;
