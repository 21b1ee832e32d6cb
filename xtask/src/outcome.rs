//! What cargo's own test runner says of a run.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

/// How many tests did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that passed.
    pub(crate) passed: u64,
    /// Those that failed.
    pub(crate) failed: u64,
    /// Those that could not run here and said why.
    pub(crate) skipped: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Takes in a second try of those that failed: what it did not play, or what failed again, has failed.
    pub(crate) fn amend(&mut self, again: Self) {
        self.passed += again.passed;
        self.skipped += again.skipped;
        self.failed = self.failed.saturating_sub(again.passed + again.skipped).max(again.failed);
    }
}

/// What became of a run of tests.
pub(crate) struct Outcome {
    succeeded: bool,
    text: String,
    /// What the runner and the tests wrote to their standard error.
    pub(crate) errors: String,
}

impl Outcome {
    /// Runs tests.
    pub(crate) fn of(command: &mut Command) -> Result<Self> {
        let output = command.stdin(Stdio::null()).output().context("starting cargo test")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Self {
            succeeded: output.status.success(),
            text: text(&output.stdout),
            errors: text(&output.stderr),
        })
    }

    /// Says what was skipped, and on failure all that the runner said.
    pub(crate) fn tell(&self) {
        if self.succeeded {
            for skip in skips(&self.text) {
                println!("{skip}");
            }
        } else {
            println!("{}{}", self.text, self.errors);
        }
    }

    /// How many tests did what.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = tally(&self.text);
        if !self.succeeded {
            // A crate that does not compile, or a test that ends the runner, has no line of its own.
            tally.failed = tally.failed.max(1);
        }
        tally
    }

    /// The names of the tests that failed; none where the runner itself did.
    pub(crate) fn failures(&self) -> Vec<&str> {
        let names = failures(&self.text);
        let all = u64::try_from(names.len()).is_ok_and(|count| count == self.tally().failed);
        if all { names } else { Vec::new() }
    }
}

fn skips(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.starts_with("skipped:"))
}

/// The names in the runner's lists of failures, which stand indented below a line of their own.
fn failures(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line == "failures:" {
            while let Some(name) = lines.next_if(|line| line.starts_with("    ")) {
                names.push(name.trim());
            }
        }
    }
    names
}

/// Adds up cargo's lines of results; a test that says `skipped:` counts as such and not as passed.
fn tally(text: &str) -> Tally {
    let mut tally = Tally::default();
    for line in text.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        let count = |what: &str| -> u64 {
            line.split([';', '.'])
                .filter_map(|part| part.trim().strip_suffix(what))
                .find_map(|number| number.trim().parse().ok())
                .unwrap_or(0)
        };
        tally.passed += count("passed");
        tally.failed += count("failed");
        tally.skipped += count("ignored");
    }
    let skipped = skips(text).count() as u64;
    tally.passed = tally.passed.saturating_sub(skipped);
    tally.skipped += skipped;
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_what_cargo_says() {
        let text = "running 3 tests\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s\n\
            ---- a stdout ----\nskipped: no fanotify\n\
            test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.02s\n";
        assert_eq!(tally(text), Tally { passed: 6, failed: 2, skipped: 2 });
        assert_eq!(tally("error: could not compile"), Tally::default());
    }

    #[test]
    fn a_second_try_excuses_only_what_passed_in_it() {
        let tally = |passed, failed, skipped| Tally { passed, failed, skipped };
        for (again, expected) in [
            (tally(2, 0, 0), tally(12, 0, 1)),
            (tally(1, 1, 0), tally(11, 1, 1)),
            (tally(1, 0, 1), tally(11, 0, 2)),
            // None of them was found, or the runner itself failed.
            (tally(0, 0, 0), tally(10, 2, 1)),
            (tally(2, 1, 0), tally(12, 1, 1)),
        ] {
            let mut first = tally(10, 2, 1);
            first.amend(again);
            assert_eq!(first, expected, "{again:?}");
        }
    }

    #[test]
    fn names_the_tests_that_failed() {
        let text = "successes:\n    a::fine\n\nfailures:\n\n---- a::broken stdout ----\n    no name\n\n\
            failures:\n    a::broken\n    b::broken\n\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n\
            failures:\n\nfailures:\n    c\n\n";
        assert_eq!(failures(text), ["a::broken", "b::broken", "c"]);
    }
}
