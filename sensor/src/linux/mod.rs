//! What touches a Linux host: its files, its processes, and the kernel's ways to tell of changes.

pub mod clock;
pub mod directories;
pub mod doctor;
pub mod ebpf;
pub mod fanotify;
pub mod files;
mod hashes;
pub mod host;
pub mod live;
pub mod memory;
mod mounts;
pub mod newcomers;
pub mod path;
pub mod proc;
mod readable;
pub mod reader;
pub mod sources;
pub mod users;
pub mod watch;
mod watchdog;
