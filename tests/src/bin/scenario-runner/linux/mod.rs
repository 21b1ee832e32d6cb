//! The runner's parts: its verbs, the machine, the sensors, the stage and what becomes of it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use sensor_tests::operation::{Operation, descriptor};
use sensor_tests::scenario::{Plan, Scenario};

mod machine;
mod outcome;
mod sensor;
mod snapshot;
mod stage;
mod step;

/// Plays scenarios against a running sensor.
#[derive(Parser)]
enum Verb {
    /// Starts a sensor for each plan, plays the scenarios once, and judges what each sensor tells.
    Play(Play),
    /// Makes the system calls of one operation, given as JSON.
    #[command(hide = true)]
    Operate {
        /// The operation.
        operation: String,
    },
    /// Writes to a descriptor that comes over the standard input.
    #[command(hide = true, name = descriptor::RECEIVE)]
    ReceiveDescriptor {
        /// What to write.
        text: String,
    },
}

/// What to play, and against what.
#[derive(clap::Args)]
struct Play {
    /// The sensor's program.
    #[arg(long)]
    sensor: PathBuf,
    /// The folder of scenarios.
    #[arg(long)]
    scenarios: PathBuf,
    /// The plans, each tried by a sensor of its own.
    #[arg(long = "plan", required = true)]
    plans: Vec<Plan>,
    /// Only scenarios whose names contain one of these texts, or end with one that has `$` behind it.
    #[arg(long = "only", value_name = "TEXT")]
    only: Vec<String>,
    /// This machine may be harmed: make file systems and users, and play what would disturb others.
    #[arg(long)]
    disposable: bool,
    /// Tell each outcome as a line of JSON instead of the failures alone.
    #[arg(long)]
    json: bool,
}

pub(crate) fn main() -> Result<ExitCode> {
    match Verb::parse() {
        Verb::Play(play) => play.run(),
        Verb::Operate { operation } => {
            let operation: Operation = serde_json::from_str(&operation).context("reading the operation")?;
            operation.perform().map(|()| ExitCode::SUCCESS)
        }
        Verb::ReceiveDescriptor { text } => descriptor::receive(&text).map(|()| ExitCode::SUCCESS),
    }
}

impl Play {
    fn run(self) -> Result<ExitCode> {
        let mut scenarios = Scenario::load_all(&self.scenarios)?;
        if !self.only.is_empty() {
            scenarios.retain(|scenario| self.only.iter().any(|text| is_meant(&scenario.name, text)));
        }
        let here = machine::prepare(self.disposable)?;
        let mut report = outcome::Report::new(self.json);
        let mut stage = stage::Stage::open(&self.sensor, &self.plans, here)?;
        stage.report_start(&mut report);
        for scenario in &scenarios {
            stage.play(scenario, &mut report)?;
        }
        stage.close(&mut report);
        Ok(report.finish())
    }
}

/// Whether `text` means the scenario of this name: it is a part of it, or with `$` behind it its end.
fn is_meant(name: &str, text: &str) -> bool {
    text.strip_suffix('$').map_or_else(|| name.contains(text), |end| name.ends_with(end))
}
