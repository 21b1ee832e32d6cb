//! The configuration: a TOML file that nobody needs, since every key has a default.
//!
//! The text becomes plain options once, here, with every mistake told by its place; nothing below knows of the file.

mod mistake;
mod options;
mod place;
mod read;
mod section;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use mistake::Mistake;
pub use options::{Attach, Config, Events, Format, Linux, Output, Redact};

pub use place::default_path;

use crate::model::time::Timestamp;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is larger than any configuration.
    #[error("{path} is larger than {LARGEST} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file says something that makes no sense.
    #[error("{}", Mistakes { path, mistakes })]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Every mistake, in the order of the file.
        mistakes: Vec<Mistake>,
    },
}

/// What [`check`] found in a configuration without mistakes.
#[derive(Debug)]
pub struct Report {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
    /// What is allowed and yet worth a thought, a sentence each.
    pub remarks: Vec<String>,
}

/// Reads the configuration at `path`; without one, that at [`default_path`] if it is there, else the defaults.
/// `analytics` are the names that `[detect]` may speak of.
pub fn load(path: Option<&Path>, analytics: &[&str]) -> Result<Config, ConfigError> {
    match path {
        Some(path) => load_file(path, analytics),
        None => load_default(&default_path()?, analytics),
    }
}

fn load_default(path: &Path, analytics: &[&str]) -> Result<Config, ConfigError> {
    match load_file(path, analytics) {
        Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(Config::default())
        }
        other => other,
    }
}

fn load_file(path: &Path, analytics: &[&str]) -> Result<Config, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ConfigError::TooLarge { path: path.to_owned() });
    }
    read::config(&bytes, analytics)
        .map_err(|mistakes| ConfigError::Invalid { path: path.to_owned(), mistakes })
}

/// Reads the configuration at `path` and looks at what it says, as of `now`.
pub fn check(path: &Path, analytics: &[&str], now: Timestamp) -> Result<Report, ConfigError> {
    let config = load_file(path, analytics)?;
    let mut remarks = Vec::new();
    if !config.redact.enabled {
        remarks.push("secrets are written to the output, since redact.enabled is false".to_owned());
    }
    for entry in &config.detect.allowed {
        if entry.until.is_some_and(|until| until < now) {
            let (analytic, service) = (&entry.analytic, &entry.service);
            remarks.push(format!("the allowance of {analytic} for {service} has expired"));
        }
    }
    Ok(Report { path: path.to_owned(), config, remarks })
}

/// One line for each remark, and one for the whole.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for remark in &self.remarks {
            writeln!(f, "{}: {remark}", self.path.display())?;
        }
        write!(f, "{}: the configuration is valid", self.path.display())
    }
}

/// Mistakes with the name of the file before each.
struct Mistakes<'a> {
    path: &'a Path,
    mistakes: &'a [Mistake],
}

impl fmt::Display for Mistakes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            let end = if index + 1 < self.mistakes.len() { "\n" } else { "" };
            write!(f, "{}:{mistake}{end}", self.path.display())?;
        }
        Ok(())
    }
}
