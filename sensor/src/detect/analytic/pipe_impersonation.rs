//! A service feeds a named pipe so that the pipe's owner can take on the system's identity.

use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "pipe-impersonation",
    title: "Service feeds a named pipe for impersonation",
    behaviour: "A service is created or changed so that it writes into a named pipe (`cmd /c echo … > \\\\.\\pipe\\…`) \
        or hands one to a library's export (`rundll32 x.dll,a /p:…`).",
    suspicious: "The service runs as the system; whoever holds the pipe impersonates it. This is how the getsystem \
        commands of Meterpreter, Cobalt Strike and Empire work.",
    benign: "None is known.",
    managers: WINDOWS,
    severity: (Severity::Critical, Severity::Critical),
    techniques: &[&technique::WINDOWS_SERVICE, &technique::SERVICE_EXECUTION, &technique::WINDOWS_SHELL],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if !subject.defines() {
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    for command in subject.commands() {
        let Some(phrase) = &command.traits.pipe else { continue };
        let shell = command.traits.languages.iter().map(|language| language.technique());
        verdicts.push(
            Verdict::new(Severity::Critical, command.line, format!("{} {phrase}.", command.shown()))
                .points_to(&technique::WINDOWS_SERVICE)
                .points_to(&technique::SERVICE_EXECUTION)
                .points_to_all(shell.filter(|technique| *technique == &technique::WINDOWS_SHELL)),
        );
    }
    verdicts
}
