//! What became of the scenarios on all kernels: a line for each kernel and plan, the failures in full, a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;

use crate::outcome::Tally;

/// What became of one scenario on one plan and file system, as the runner tells it.
#[derive(Deserialize)]
pub(crate) struct Outcome {
    scenario: String,
    filesystem: String,
    plan: String,
    result: Word,
    #[serde(default)]
    text: String,
}

impl Outcome {
    /// The scenario's name.
    pub(crate) fn name(&self) -> &str {
        &self.scenario
    }

    /// Whether the sensor did not tell what is expected.
    pub(crate) fn is_failure(&self) -> bool {
        self.result == Word::Failed
    }

    /// What did not go as expected.
    pub(crate) fn shown(&self, release: &str) -> String {
        let Self { scenario, filesystem, plan, text, .. } = self;
        format!("--- {scenario} on {filesystem}, {plan}, kernel {release}\n{}", text.trim_end())
    }

    /// Whether both are of one scenario, file system and plan.
    pub(crate) fn is_same_play(&self, other: &Self) -> bool {
        (&self.scenario, &self.filesystem, &self.plan) == (&other.scenario, &other.filesystem, &other.plan)
    }
}

/// What became of it, in a word.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// The sensor told what is expected.
    Passed,
    /// The same, and part of what happened can't be seen.
    Blind,
    /// It did not.
    Failed,
    /// Not played.
    Skipped,
}

/// A column of the table: a kernel's release and a plan.
type Column = (String, String);

/// All outcomes.
#[derive(Default)]
pub(crate) struct Report {
    /// By scenario and file system, then by column.
    rows: BTreeMap<(String, String), BTreeMap<Column, Word>>,
    /// In the order in which they came.
    columns: Vec<Column>,
    /// Machines that did not do their work.
    broken: usize,
}

impl Report {
    /// Takes an outcome in; shows it if it is a failure.
    pub(crate) fn add(&mut self, release: &str, outcome: Outcome) {
        if outcome.is_failure() {
            println!("{}", outcome.shown(release));
        }
        let column = (release.to_owned(), outcome.plan);
        self.rows.entry((outcome.scenario, outcome.filesystem)).or_default().insert(column, outcome.result);
    }

    /// Tells a kernel's figures, a line for each plan, and how its machine failed if it did.
    pub(crate) fn end_kernel(&mut self, release: &str, plans: &[&str], problem: Option<String>) {
        for plan in plans {
            let column = (release.to_owned(), (*plan).to_owned());
            let figures = figures(self.rows.values().filter_map(|row| row.get(&column)));
            println!("kernel {release}, {plan}: {figures}");
            self.columns.push(column);
        }
        if let Some(problem) = problem {
            self.broken += 1;
            println!("--- the machine of kernel {release}\n{}", problem.trim_end());
        }
    }

    /// What all of it adds up to.
    pub(crate) fn tally(&self) -> Tally {
        let count = |wanted| self.words().filter(|word| **word == wanted).count() as u64;
        Tally {
            passed: count(Word::Passed).saturating_add(count(Word::Blind)),
            failed: count(Word::Failed).saturating_add(self.broken as u64),
            skipped: count(Word::Skipped),
        }
    }

    /// Whether nothing failed and something passed.
    pub(crate) fn is_green(&self) -> bool {
        let mut words = self.words();
        self.broken == 0
            && self.words().any(|word| *word == Word::Passed)
            && words.all(|word| *word != Word::Failed)
    }

    /// The figures of all kernels together; a machine that failed counts as one failure.
    pub(crate) fn summary(&self) -> String {
        figures(self.words().chain(std::iter::repeat_n(&Word::Failed, self.broken)))
    }

    /// A table in Markdown: scenarios down, kernels and plans across.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from("| scenario |");
        for (release, plan) in &self.columns {
            _ = write!(text, " {} {plan} |", release.trim_end_matches("-cloud-amd64"));
        }
        text += "\n| --- |";
        text += &" --- |".repeat(self.columns.len());
        text.push('\n');
        let several: BTreeSet<&String> = self
            .rows
            .keys()
            .filter(|(_, filesystem)| filesystem != "root")
            .map(|(scenario, _)| scenario)
            .collect();
        for ((scenario, filesystem), row) in &self.rows {
            _ = write!(text, "| {scenario}");
            if several.contains(scenario) {
                _ = write!(text, " ({filesystem})");
            }
            text += " |";
            for column in &self.columns {
                _ = write!(text, " {} |", row.get(column).map_or("", |word| word.cell()));
            }
            text.push('\n');
        }
        text
    }

    fn words(&self) -> impl Iterator<Item = &Word> {
        self.rows.values().flat_map(BTreeMap::values)
    }
}

impl Word {
    /// As the table shows it.
    fn cell(self) -> &'static str {
        match self {
            Self::Passed => "yes",
            Self::Blind => "blind",
            Self::Failed => "**FAILED**",
            Self::Skipped => "-",
        }
    }
}

/// How many of each, in the plain form that other test runners have; what is rightly blind has passed.
fn figures<'a>(words: impl Iterator<Item = &'a Word>) -> String {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for word in words {
        match word {
            Word::Passed | Word::Blind => passed += 1,
            Word::Failed => failed += 1,
            Word::Skipped => skipped += 1,
        }
    }
    format!("{passed} passed, {failed} failed, {skipped} skipped")
}

#[cfg(test)]
mod tests {
    use super::Report;

    fn report(outcomes: &[&str]) -> Report {
        let mut report = Report::default();
        for outcome in outcomes {
            report.add("6.1.0-1-cloud-amd64", serde_json::from_str(outcome).unwrap());
        }
        report.end_kernel("6.1.0-1-cloud-amd64", &["tracing", "fanotify"], None);
        report
    }

    #[test]
    fn the_table_has_a_cell_for_each_outcome() {
        let report = report(&[
            r#"{"scenario": "write/cp", "filesystem": "root", "plan": "tracing", "result": "passed"}"#,
            r#"{"scenario": "write/cp", "filesystem": "xfs", "plan": "tracing", "result": "skipped", "text": "no xfs"}"#,
            r#"{"scenario": "write/mmap", "filesystem": "root", "plan": "fanotify", "result": "blind"}"#,
        ]);
        assert_eq!(
            report.table(),
            "| scenario | 6.1.0-1 tracing | 6.1.0-1 fanotify |\n\
             | --- | --- | --- |\n\
             | write/cp (root) | yes |  |\n\
             | write/cp (xfs) | - |  |\n\
             | write/mmap |  | blind |\n"
        );
        assert_eq!(report.summary(), "2 passed, 0 failed, 1 skipped");
        assert!(report.is_green());
    }

    #[test]
    fn nothing_played_is_not_green() {
        assert!(!report(&[]).is_green());
        let skipped = r#"{"scenario": "a/b", "filesystem": "root", "plan": "tracing", "result": "skipped"}"#;
        assert!(!report(&[skipped]).is_green());
        let failed = r#"{"scenario": "a/b", "filesystem": "root", "plan": "tracing", "result": "failed"}"#;
        assert!(!report(&[failed]).is_green());
    }

    #[test]
    fn a_broken_machine_is_a_failure() {
        let mut report =
            report(&[r#"{"scenario": "a/b", "filesystem": "root", "plan": "tracing", "result": "passed"}"#]);
        report.end_kernel("6.12", &["tracing"], Some("it did not boot".to_owned()));
        assert_eq!(report.summary(), "1 passed, 1 failed, 0 skipped");
        assert!(!report.is_green());
    }
}
