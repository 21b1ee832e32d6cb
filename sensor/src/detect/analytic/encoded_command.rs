//! A service's command line hides the code that it runs.

use crate::detect::command::Command;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, EVERY, each_command};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "encoded-command",
    title: "Service runs encoded code",
    behaviour: "A service is created or changed so that a command line of it decodes what it then runs: `base64 -d | \
        sh`, a file that one command line decodes and another runs, `python -c` with a decoder and `exec`, \
        `powershell -EncodedCommand`, compressed or character-wise code, turned or replaced letters, \
        words broken up by carets or put together from variables. What base64 hides is shown where it is text.",
    suspicious: "The one purpose of encoding a service's command is that nobody reads it.",
    benign: "Some management agents run encoded PowerShell commands as short-lived services.",
    managers: EVERY,
    severity: (Severity::High, Severity::High),
    techniques: command_techniques!(OBFUSCATION),
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    each_command(subject, |command| {
        let phrase = command.traits.encoded.clone();
        let phrase = phrase.or_else(|| runs_decoded(command, subject.commands()))?;
        let why = format!("{} {phrase}.", command.shown());
        Some(
            Verdict::new(Severity::High, command.line, why)
                .points_to(&technique::OBFUSCATION)
                .points_to_all(command.traits.languages.iter().map(|language| language.technique())),
        )
    })
}

/// How another or the same command line runs a file that this one decodes.
fn runs_decoded(command: &Command<'_>, all: &[Command<'_>]) -> Option<String> {
    command.traits.decoded.iter().find_map(|file| {
        let runner = all.iter().find(|other| other.traits.runs.contains(file))?;
        Some(format!("decodes {}, which {} runs", quoted(file), runner.setting))
    })
}
