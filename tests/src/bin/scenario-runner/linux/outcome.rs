//! What became of each scenario, told as it comes.
#![expect(clippy::print_stdout, reason = "outcomes are this program's output")]

use std::process::ExitCode;

use sensor_tests::scenario::{FileSystem, Plan};
use serde::Serialize;

/// What became of one scenario on one plan and file system.
#[derive(Serialize)]
pub(crate) struct Outcome {
    /// The scenario's name.
    pub(crate) scenario: String,
    /// The file system that its units lie on.
    pub(crate) filesystem: String,
    /// The plan.
    pub(crate) plan: String,
    /// In a word.
    pub(crate) result: &'static str,
    /// Why it was skipped or how it failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) text: String,
}

/// All outcomes so far.
pub(crate) struct Report {
    json: bool,
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    /// An empty one.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, passed: 0, failed: 0, skipped: 0 }
    }

    /// The sensor told what was expected.
    pub(crate) fn passed(&mut self, scenario: &str, filesystem: FileSystem, plan: Plan) {
        self.passed += 1;
        self.tell(scenario, filesystem, plan, "passed", "");
    }

    /// The same, where part of it can't be seen.
    pub(crate) fn blind(&mut self, scenario: &str, filesystem: FileSystem, plan: Plan) {
        self.passed += 1;
        self.tell(scenario, filesystem, plan, "blind", "");
    }

    /// It did not.
    pub(crate) fn failed(&mut self, scenario: &str, filesystem: FileSystem, plan: Plan, how: &str) {
        self.failed += 1;
        self.tell(scenario, filesystem, plan, "failed", how);
    }

    /// The scenario was not played.
    pub(crate) fn skipped(&mut self, scenario: &str, filesystem: FileSystem, plan: Plan, why: &str) {
        self.skipped += 1;
        self.tell(scenario, filesystem, plan, "skipped", why);
    }

    fn tell(&self, scenario: &str, filesystem: FileSystem, plan: Plan, result: &'static str, text: &str) {
        if self.json {
            let outcome = Outcome {
                scenario: scenario.to_owned(),
                filesystem: filesystem.to_string(),
                plan: plan.to_string(),
                result,
                text: text.to_owned(),
            };
            // Strings alone: nothing in it can fail to be encoded.
            println!("{}", serde_json::to_string(&outcome).unwrap_or_default());
        } else if result == "failed" {
            println!("--- {scenario} on {filesystem}, {plan}\n{text}");
        }
    }

    /// Tells the sum, where a reader wants it, and says by the exit status whether nothing failed.
    pub(crate) fn finish(self) -> ExitCode {
        if !self.json {
            println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        }
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
