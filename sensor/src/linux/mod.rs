//! What touches a Linux host: its files, its processes, and the kernel's ways to tell of changes.

pub mod cgroup;
pub mod directories;
pub mod ebpf;
pub mod fanotify;
pub mod files;
pub mod host;
pub mod path;
pub mod proc;
pub mod users;
