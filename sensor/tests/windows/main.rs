//! The sensor on Windows, with a real Service Control Manager and registry: in Wine, and on a Windows host.
#![cfg(windows)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "all of this is a test"
)]

mod changes;
mod elevated;
mod event_log;
mod installed;
mod logs;
mod manager;
mod place;
mod program;
mod record;
mod refused;
mod sensor;
mod signature;
mod trace;
mod trace_session;
