//! A service downloads something and runs it.

use crate::detect::command::Command;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted};
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, EVERY, each_command};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "download-and-run",
    title: "Service downloads and runs code",
    behaviour: "A service is created or changed so that its command lines fetch something from elsewhere and run it: \
        `curl … | sh`, `sh -c \"$(wget …)\"`, a file that one command line fetches and another runs, PowerShell's \
        download cradles, `mshta`, `regsvr32`, `msiexec` and `certutil` with an address.",
    suspicious: "What the service runs is decided anew at each start by whoever holds the other end.",
    benign: "Bootstrap units of cloud images and container hosts fetch and run their set-up.",
    managers: EVERY,
    severity: (Severity::High, Severity::High),
    techniques: command_techniques!(TOOL_TRANSFER),
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    each_command(subject, |command| {
        let phrase = command.traits.download.clone();
        let phrase = phrase.or_else(|| runs_fetched(command, subject.commands()))?;
        let why = format!("{} {phrase}.", command.shown());
        Some(
            Verdict::new(Severity::High, command.line, why)
                .points_to(&technique::TOOL_TRANSFER)
                .points_to_all(command.traits.languages.iter().map(|language| language.technique())),
        )
    })
}

/// How another or the same command line runs a file that this one fetches.
fn runs_fetched(command: &Command<'_>, all: &[Command<'_>]) -> Option<String> {
    command.traits.fetched.iter().find_map(|file| {
        let same = |run: &String| {
            run == file
                || !file.contains('/') && base_name(run) == file
                // A directory, with all that is in it.
                || file.ends_with('/') && run.starts_with(file.as_str())
        };
        let runner = all.iter().find(|other| other.traits.runs.iter().any(same))?;
        Some(format!("downloads {}, which {} runs", quoted(file), runner.setting))
    })
}
