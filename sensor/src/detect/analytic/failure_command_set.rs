//! A service is told to run a command when it fails.

use crate::detect::command::windows_program;
use crate::detect::place::windows as place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "failure-command-set",
    title: "Failure command of a service set",
    behaviour: "The `FailureCommand` of a service is set or changed, or its `FailureActions` are changed while it has \
        a failure command; a change of the actions alone is told as well (informational, or low when they run a \
        command).",
    suspicious: "The command runs with the rights of the service manager whenever the service crashes, which whoever \
        set it can bring about; lists of services don't show it.",
    benign: "Some products set a command of their own in their own directory (low).",
    managers: WINDOWS,
    severity: (Severity::Informational, Severity::High),
    techniques: &[&technique::REGISTRY_PERMISSIONS, &technique::WINDOWS_SERVICE],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    let current = subject.value_of("FailureCommand").filter(|command| !command.trim().is_empty());
    let set = if subject.creates() {
        current
    } else if subject.changes() {
        let new =
            subject.changes_of("FailureCommand").find_map(|change| change.after.first()).map(String::as_str);
        let actions = subject.changes_of("FailureActions").next().and(current);
        new.filter(|command| !command.trim().is_empty()).or(actions)
    } else {
        None
    };
    let Some(command) = set else { return actions_alone(subject).into_iter().collect() };
    let program = windows_program(command);
    let interpreter =
        subject.commands().iter().any(|known| known.line == command && known.traits.interpreter.is_some())
            || crate::detect::command::Language::of_program(program).is_some();
    let severity = if interpreter || place::Place::of(program).is_some() {
        Severity::High
    } else if place::is_ordinary(program) {
        Severity::Low
    } else {
        Severity::Medium
    };
    let why = format!("The service {} runs {} when it fails.", quoted(&event.service.name), quoted(program));
    vec![
        Verdict::new(severity, command, why)
            .points_to(&technique::REGISTRY_PERMISSIONS)
            .points_to(&technique::WINDOWS_SERVICE),
    ]
}

/// Failure actions of an existing service that change without a command that is known.
fn actions_alone(subject: &Subject<'_>) -> Option<Verdict> {
    if !subject.changes() {
        return None;
    }
    let change = subject.changes_of("FailureActions").next()?;
    let after = change.after.first().filter(|after| !change.before.contains(after))?;
    let runs = after.to_ascii_lowercase().contains("run");
    let severity = if runs { Severity::Low } else { Severity::Informational };
    let what = if runs { " and run a command now" } else { "" };
    let why = format!(
        "The failure actions of the service {} were changed{what}.",
        quoted(&subject.event.service.name)
    );
    Some(
        Verdict::new(severity, after.clone(), why)
            .points_to(&technique::REGISTRY_PERMISSIONS)
            .points_to(&technique::WINDOWS_SERVICE),
    )
}
