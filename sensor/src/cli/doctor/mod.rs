//! `svcsensor doctor`: what can be seen on this host, and what can't.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
pub(super) use linux::{Args, doctor};
#[cfg(windows)]
pub(super) use windows::{Args, doctor};
