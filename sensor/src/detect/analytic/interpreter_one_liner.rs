//! A service's command line is code for an interpreter.

use crate::detect::command::Language;
use crate::detect::packaging::Packaging;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::verdict::Verdict;
use crate::model::event::Mechanism;
use crate::model::finding::Severity;

use super::{Analytic, EVERY, each_command};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "interpreter-one-liner",
    title: "Service runs inline code",
    behaviour: "A service is created or changed so that a command line of it hands code to an interpreter as an \
        argument: `sh -c`, `python -c`, `perl -e`, `cmd /c`, `powershell -Command` and the like. On Windows an \
        interpreter as the service's program counts even without code.",
    suspicious: "Software is installed as programs. Code within the definition needs no file that could be scanned, \
        and on Windows an interpreter can't even act as a service: it is started, runs the code and is ended.",
    benign: "Vendors' units use `sh -c` for small preparations: told as low, and not at all when the package manager \
        unpacks them.",
    managers: EVERY,
    severity: (Severity::Low, Severity::High),
    techniques: command_techniques!(SERVICE_EXECUTION),
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if subject.event.mechanism == Mechanism::Transient {
        return Vec::new();
    }
    let windows = subject.is_windows();
    each_command(subject, |command| {
        let (language, risk) = match (&command.traits.inline, command.traits.interpreter) {
            (Some(inline), _) => (inline.language, inline.risk),
            (None, Some(language)) if windows && is_windows_shell(language) => (language, None),
            _ => return None,
        };
        let severity = match language {
            _ if risk.is_some() => Severity::High,
            // On Unix systems a shell makes small preparations; no honest service of Windows is made like this.
            Language::Shell if !windows => Severity::Low,
            _ => Severity::Medium,
        };
        if risk.is_none() && subject.packaging == Packaging::Unpacked {
            return None;
        }
        let code =
            if command.traits.inline.is_some() { "inline code" } else { "its bare prompt or a script" };
        let risk = risk.map(|risk| format!(" that {risk}")).unwrap_or_default();
        let why = format!("{} makes {} run {code}{risk}.", command.shown(), language.word());
        let execution = windows.then_some(&technique::SERVICE_EXECUTION);
        Some(
            Verdict::new(severity, command.line, why)
                .points_to(language.technique())
                .points_to_all(execution),
        )
    })
}

/// Whether a language is that of an interpreter which comes with Windows.
fn is_windows_shell(language: Language) -> bool {
    matches!(language, Language::Cmd | Language::PowerShell | Language::ScriptHost)
}
