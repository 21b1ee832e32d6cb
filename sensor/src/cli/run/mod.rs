//! `svcsensor run`: watches this host.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub(super) use linux::{Args, run};
#[cfg(windows)]
pub(super) use windows::{Args, run, watch};
