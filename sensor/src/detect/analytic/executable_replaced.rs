//! The file of a service's program was replaced.

use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::event::{Action, Mechanism, ServiceEvent};
use crate::model::finding::Severity;

use super::{Analytic, EVERY};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "executable-replaced",
    title: "Service program replaced",
    behaviour: "The file of a program that a service runs is written to or replaced, by somebody else than a package \
        manager.",
    suspicious: "The definition stays the same, and the next start runs something else with the service's rights.",
    benign: "Updates that a program makes of itself, deployments and `make install`.",
    managers: EVERY,
    severity: (Severity::Low, Severity::High),
    techniques: &[
        &technique::HIJACK_FLOW,
        &technique::FILE_PERMISSIONS,
        &technique::SYSTEM_PROCESS,
        &technique::SYSTEMD_SERVICE,
        &technique::WINDOWS_SERVICE,
        &technique::LAUNCH_AGENT,
        &technique::LAUNCH_DAEMON,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if event.mechanism != Mechanism::Executable
        || !matches!(event.action, Action::Modified | Action::Created)
        || subject.packaging.is_involved()
        // The program stays the same: who may write to it is another analytic's.
        || program_is_opened(event)
    {
        return Vec::new();
    }
    let path =
        subject.file().or_else(|| event.executables.first().map(|executable| executable.path.as_str()));
    let Some(path) = path else { return Vec::new() };
    let user = event.actor.get().and_then(|actor| actor.process.user.get()).map(|user| user.euid);
    let owner = event.file.as_ref().and_then(|file| file.owner.get()).map(|(user, _)| *user);
    let (severity, by) = match (subject.is_windows(), user, owner) {
        (true, _, _) => (Severity::Medium, String::new()),
        (false, Some(user), _) if user != 0 && subject.is_shared() => {
            (Severity::High, format!(" by user {user}"))
        }
        (false, _, Some(owner)) if owner != 0 && subject.is_shared() => {
            (Severity::High, format!(" and belongs to user {owner} now"))
        }
        // A user's own service in the user's own hands, or root's work on a system that root keeps.
        (false, _, _) if subject.is_shared() && is_packaged(path) => (Severity::Medium, String::new()),
        (false, _, _) => (Severity::Low, String::new()),
    };
    let how = if subject.is_windows() { &technique::FILE_PERMISSIONS } else { &technique::HIJACK_FLOW };
    // Whether it was written to or another file put in its place isn't known here.
    let why = format!(
        "The program {} of the service {} was changed{by}.",
        quoted(path),
        quoted(&event.service.name)
    );
    vec![Verdict::new(severity, path, why).points_to(how).points_to(technique::persistence(&event.service))]
}

/// Whether an event tells that others may write to a program, which stays the same.
pub(super) fn program_is_opened(event: &ServiceEvent) -> bool {
    event.mechanism == Mechanism::Executable && event.details.iter().any(|(name, _)| *name == "opened_to")
}

/// Whether a path is one that packages alone should write to.
fn is_packaged(path: &str) -> bool {
    [
        "/usr/bin/",
        "/usr/sbin/",
        "/usr/lib/",
        "/usr/libexec/",
        "/bin/",
        "/sbin/",
        "/lib/",
        "/lib64/",
        "/usr/lib64/",
    ]
    .iter()
    .any(|directory| path.starts_with(directory))
}
