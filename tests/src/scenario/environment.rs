//! Where a scenario is played: plan, kernel, service manager, file system; and what a scenario asks of them.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// A user whom disposable machines have, with a service manager of their own.
pub const USER: &str = "tester";

/// How the sensor learns of changed files: the value of its option `--attach`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// By eBPF programs.
    Tracing,
    /// By fanotify.
    Fanotify,
}

/// A file system with a directory in which the system's manager looks for units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileSystem {
    /// Whatever `/etc` lies on: ext4 in the virtual machines.
    Root,
    /// What `/run` lies on.
    Tmpfs,
    /// XFS.
    Xfs,
    /// btrfs.
    Btrfs,
    /// An overlay of two folders of the root.
    Overlay,
}

impl FileSystem {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Root, Self::Tmpfs, Self::Xfs, Self::Btrfs, Self::Overlay];

    /// A directory of the system's unit search path (systemd.unit(5)) that lies on it: a scenario's `${UNITS}`.
    pub fn unit_directory(self) -> &'static str {
        match self {
            Self::Root => "/etc/systemd/system",
            Self::Tmpfs => "/run/systemd/system",
            Self::Xfs => "/usr/local/lib/systemd/system",
            Self::Btrfs => "/etc/systemd/system.attached",
            Self::Overlay => "/run/systemd/system.attached",
        }
    }

    /// Why the sensor can't see what happens on it, where that is so.
    pub fn blind(self, here: &Environment, plan: Plan) -> Option<&'static str> {
        match (self, plan) {
            // 16aac5ad1fa9 ("ovl: support encoding non-decodable file handles"), in 6.6.
            (Self::Overlay, Plan::Fanotify) if here.kernel < Version(6, 6) => {
                Some("fanotify names files by handles, which overlays give from Linux 6.6 on")
            }
            // 59cda49ecf6c ("shmem: allow reporting fanotify events with file handles on tmpfs"), in 5.13.
            (Self::Tmpfs, Plan::Fanotify) if here.kernel < Version(5, 13) => {
                Some("fanotify names files by handles, which tmpfs gives from Linux 5.13 on")
            }
            _ => None,
        }
    }

    /// A directory on the same file system that no manager reads: a scenario's `${ELSEWHERE}`.
    pub fn other_directory(self) -> &'static str {
        match self {
            Self::Root => "/etc/systemd/elsewhere",
            Self::Tmpfs => "/run/elsewhere",
            // Only the unit directory lies on these. systemd reads no such folder in it.
            Self::Xfs => "/usr/local/lib/systemd/system/elsewhere",
            Self::Btrfs => "/etc/systemd/system.attached/elsewhere",
            Self::Overlay => "/run/systemd/system.attached/elsewhere",
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tracing => "tracing",
            Self::Fanotify => "fanotify",
        })
    }
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "root",
            Self::Tmpfs => "tmpfs",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
            Self::Overlay => "overlay",
        })
    }
}

/// A kernel's version: its first two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Version(u32, u32);

impl FromStr for Version {
    type Err = anyhow::Error;

    /// Reads `6.1` as well as a whole release such as `6.1.0-50-cloud-amd64`.
    fn from_str(text: &str) -> Result<Self> {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
            return Err(anyhow::anyhow!("`{text}` is no kernel version"));
        };
        Ok(Self(major, minor))
    }
}

impl TryFrom<String> for Version {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Where scenarios are played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The kernel.
    pub kernel: Version,
    /// systemd's version, where it runs.
    pub systemd: Option<u32>,
    /// The file systems that are there.
    pub filesystems: Vec<FileSystem>,
    /// Whether the machine may be harmed.
    pub disposable: bool,
}

/// What a scenario needs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    /// The first kernel that can do it.
    pub kernel: Option<Version>,
    /// The first version of systemd that can do it, running as the service manager.
    pub systemd: Option<u32>,
    /// A machine that nobody needs any more, with the user of scenarios: it may be disturbed.
    #[serde(default)]
    pub disposable: bool,
}

impl Requirements {
    /// Why the scenario can't be played here, or `None` where it can.
    pub fn missing(&self, here: &Environment) -> Option<String> {
        if let Some(kernel) = self.kernel.filter(|kernel| here.kernel < *kernel) {
            return Some(format!("needs kernel {kernel}"));
        }
        if let Some(systemd) = self.systemd {
            match here.systemd {
                None => return Some("needs systemd as the service manager".to_owned()),
                Some(version) if version < systemd => return Some(format!("needs systemd {systemd}")),
                Some(_) => {}
            }
        }
        (self.disposable && !here.disposable).then(|| "would disturb this machine".to_owned())
    }
}

/// A part of the places where scenarios are played; everything that is not named is included.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Only this plan.
    pub plan: Option<Plan>,
    /// Only this kernel and later ones.
    pub kernel_from: Option<Version>,
    /// Only kernels before this one.
    pub kernel_before: Option<Version>,
    /// Only this version of systemd and later ones.
    pub systemd_from: Option<u32>,
    /// Only versions of systemd before this one.
    pub systemd_before: Option<u32>,
    /// Only these file systems.
    pub filesystems: Option<Vec<FileSystem>>,
    /// Why it is so: for the reader.
    pub why: Option<String>,
}

impl Condition {
    /// Whether it includes a plan and a file system in an environment.
    pub fn holds(&self, here: &Environment, plan: Plan, filesystem: FileSystem) -> bool {
        self.plan.is_none_or(|only| only == plan)
            && self.kernel_from.is_none_or(|first| here.kernel >= first)
            && self.kernel_before.is_none_or(|end| here.kernel < end)
            && self.systemd_from.is_none_or(|first| here.systemd.is_some_and(|version| version >= first))
            && self.systemd_before.is_none_or(|end| here.systemd.is_some_and(|version| version < end))
            && self.filesystems.as_ref().is_none_or(|only| only.contains(&filesystem))
    }
}

/// The version in the first line of `systemctl --version`: `systemd 257 (257.13-1~deb13u1)`.
pub fn systemd_version(text: &str) -> Result<u32> {
    let word = text.split_whitespace().nth(1).context("systemctl tells no version")?;
    word.parse().with_context(|| format!("`{word}` is no version of systemd"))
}
