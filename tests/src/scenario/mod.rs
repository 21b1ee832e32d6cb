//! Scenarios: something is done to services, and the sensor tells it. They are data, in `tests/scenarios/AREA/NAME.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::operation::Operation;

mod environment;
mod expectation;
mod pattern;
mod verdict;

pub use environment::{
    Condition, Environment, FileSystem, Plan, Requirements, USER, Version, systemd_version,
};
pub use expectation::{Expectation, Variant};
pub use pattern::{Mismatch, Pattern};
pub use verdict::{Verdict, judge};

/// A scenario as its file states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// `AREA/NAME`, from the file's path.
    #[serde(skip)]
    pub name: String,
    /// What happens, in a few words.
    pub title: String,
    /// Why somebody does it, and what the sensor must make of it.
    pub story: String,
    /// The file systems on which it is played, one after the other, each with a unit directory of its own.
    #[serde(default = "root_alone")]
    pub filesystems: Vec<FileSystem>,
    /// What it needs; where that is missing it is skipped, and the reason is said.
    #[serde(default)]
    pub requires: Requirements,
    /// Whether generators write in it. What they write is told later than the rest, since each reload of the manager
    /// removes it all and has it written anew.
    #[serde(default)]
    pub generated: bool,
    /// Steps that come before; what the sensor tells of them is not judged.
    #[serde(default)]
    pub setup: Vec<Step>,
    /// The steps that it is about.
    pub steps: Vec<Step>,
    /// Steps that put things back; files that were not there before are removed without being named here.
    #[serde(default)]
    pub cleanup: Vec<Step>,
    /// Lines that must be told, each exactly once or as often as it says.
    #[serde(default)]
    pub expect: Vec<Expectation>,
    /// Lines that must not be told.
    #[serde(default)]
    pub forbid: Vec<Expectation>,
    /// Events and findings that may be told besides. All others make the scenario fail.
    #[serde(default)]
    pub tolerate: Vec<Expectation>,
}

/// A step of a scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// A command for `sh`.
    Shell(String),
    /// A command for `sh` that is run by another user, with its manager's address in the environment.
    As {
        /// The user's name.
        user: String,
        /// The command.
        run: String,
    },
    /// A command for `sh` that goes on until the scenario has ended.
    Background {
        /// The command.
        background: String,
    },
    /// System calls that no ordinary command makes.
    Operation(Operation),
}

fn root_alone() -> Vec<FileSystem> {
    vec![FileSystem::Root]
}

impl Scenario {
    /// Reads all scenarios below a folder, in the order of their names.
    pub fn load_all(folder: &Path) -> Result<Vec<Self>> {
        let mut scenarios = Vec::new();
        for area in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
            for path in
                entries(&area)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "toml"))
            {
                scenarios.push(Self::load(folder, &path)?);
            }
        }
        ensure!(!scenarios.is_empty(), "there are no scenarios below {}", folder.display());
        Ok(scenarios)
    }

    fn load(folder: &Path, path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let mut scenario: Self = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        let name = path.strip_prefix(folder)?.with_extension("");
        name.to_str().context("a scenario's name is not in UTF-8")?.clone_into(&mut scenario.name);
        Ok(scenario)
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listing = fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut paths = listing.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
