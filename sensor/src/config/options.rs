//! What can be set, as plain values, with the defaults.

use std::path::PathBuf;
use std::time::Duration;

use crate::detect;

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// `[output]`
    pub output: Output,
    /// `[linux]`
    pub linux: Linux,
    /// `[events]`
    pub events: Events,
    /// `[redact]`
    pub redact: Redact,
    /// `[detect]`
    pub detect: detect::Options,
}

/// What lines look like and where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Their form.
    pub format: Format,
    /// The file that they are added to; `None` for standard output.
    pub path: Option<PathBuf>,
    /// How many bytes of lines may wait for a slow reader before lines are dropped.
    pub queue_bytes: usize,
    /// From how many bytes on the file becomes an older one; 0 for never, `None` where nothing is said.
    pub rotate_bytes: Option<u64>,
    /// How many older files are kept.
    pub rotate_files: u32,
}

/// The form of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// [`Self::Human`] on a terminal, else [`Self::Json`].
    Auto,
    /// JSON lines.
    Json,
    /// For people.
    Human,
}

/// How a Linux host is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linux {
    /// By which hooks.
    pub attach: Attach,
    /// Directories with unit files besides those that systemd reads.
    pub extra_unit_directories: Vec<PathBuf>,
    /// Whether the unit directories of users are watched.
    pub users: bool,
}

/// By which hooks files are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attach {
    /// The best that this kernel offers.
    Auto,
    /// BPF tracing programs.
    Tracing,
    /// fanotify.
    Fanotify,
}

/// How events are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// How long a removed name may take to return before it is told as removed.
    pub settle: Duration,
    /// The largest file that is hashed.
    pub hash_limit_bytes: u64,
    /// The time between two heartbeats.
    pub heartbeat: Duration,
}

/// What is taken out of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redact {
    /// Whether secrets are.
    pub enabled: bool,
    /// Names whose values stay; a `*` at the end stands for any ending.
    pub keep: Vec<String>,
    /// Where the key of the marks is kept.
    pub key_file: PathBuf,
}

impl Default for Output {
    fn default() -> Self {
        Self { format: Format::Auto, path: None, queue_bytes: 8 << 20, rotate_bytes: None, rotate_files: 4 }
    }
}

impl Default for Linux {
    fn default() -> Self {
        Self { attach: Attach::Auto, extra_unit_directories: Vec::new(), users: true }
    }
}

impl Default for Events {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(250),
            hash_limit_bytes: 256 << 20,
            heartbeat: Duration::from_mins(1),
        }
    }
}

impl Default for Redact {
    fn default() -> Self {
        Self { enabled: true, keep: Vec::new(), key_file: super::place::key_file() }
    }
}
