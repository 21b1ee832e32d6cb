//! A service without a file of its own runs a shell.

use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::verdict::Verdict;
use crate::model::event::{Action, Mechanism};
use crate::model::finding::Severity;
use crate::model::service::Manager;

use super::Analytic;

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "transient-shell",
    title: "Transient service runs a shell",
    behaviour: "A transient unit is made through the manager's interface, as systemd-run does, and runs a shell or \
        inline code of an interpreter.",
    suspicious: "The command runs as a child of systemd instead of whoever asked for it, out of its session and \
        control group, and leaves no unit file behind.",
    benign: "Administrators who try out resource limits; desktops start programs this way in a user's own manager \
        (low).",
    managers: &[Manager::Systemd],
    severity: (Severity::Low, Severity::Medium),
    techniques: &[
        &technique::SYSTEMD_SERVICE,
        &technique::SYSTEMCTL,
        &technique::INTERPRETER,
        &technique::UNIX_SHELL,
        &technique::PYTHON,
        &technique::JAVASCRIPT,
        &technique::LUA,
        &technique::POWERSHELL,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if event.mechanism != Mechanism::Transient
        || !matches!(event.action, Action::Created | Action::Modified)
        || subject.packaging.is_involved()
    {
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    for command in subject.commands() {
        let traits = &command.traits;
        let Some(language) = traits.inline.as_ref().map(|inline| inline.language).or(traits.interpreter)
        else {
            continue;
        };
        // A script's interpreter says nothing: what the script is counts, and its place is judged elsewhere.
        let runs_script = traits.inline.is_none() && traits.runs.len() > 1;
        if runs_script {
            continue;
        }
        let severity = if subject.is_shared() { Severity::Medium } else { Severity::Low };
        let what =
            if traits.inline.is_some() { "inline code" } else { "a prompt or what comes by its input" };
        let why = format!("The transient unit's {} makes {} run {what}.", command.shown(), language.word());
        verdicts.push(
            Verdict::new(severity, command.line, why)
                .points_to(language.technique())
                .points_to(&technique::SYSTEMCTL)
                .points_to(&technique::SYSTEMD_SERVICE),
        );
    }
    verdicts
}
