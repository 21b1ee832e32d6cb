//! Somebody placed a generator, which systemd runs before everything else.

use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::event::{Action, Mechanism};
use crate::model::finding::Severity;
use crate::model::service::Manager;

use super::Analytic;

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "generator-created",
    title: "Generator placed",
    behaviour: "A program is created or changed in one of systemd's generator directories by somebody else than the \
        package manager. What generators write is not told.",
    suspicious: "systemd runs generators as root at each boot and each reload, before any service and any log.",
    benign: "Software that is installed without a package.",
    managers: &[Manager::Systemd],
    severity: (Severity::Medium, Severity::High),
    techniques: &[&technique::SYSTEMD_SERVICE],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if event.mechanism != Mechanism::Generator
        || !matches!(event.action, Action::Created | Action::Modified)
        || subject.packaging.is_involved()
    {
        return Vec::new();
    }
    let Some(path) = subject.file().filter(|path| is_generator(path)) else { return Vec::new() };
    let owner = event.file.as_ref().and_then(|file| file.owner.get()).map_or(0, |(user, _)| *user);
    let mode = event.file.as_ref().and_then(|file| file.mode.get()).copied().unwrap_or_default();
    let (severity, fault) = if owner != 0 {
        (Severity::High, format!(", a file of user {owner}"))
    } else if mode & 0o002 != 0 {
        (Severity::High, ", which everybody can write to".to_owned())
    } else {
        (Severity::Medium, String::new())
    };
    let verb = if event.action == Action::Created { "placed" } else { "changed" };
    let why = format!("The generator {}{fault} was {verb}; it runs before every service.", quoted(path));
    vec![Verdict::new(severity, path, why).points_to(&technique::SYSTEMD_SERVICE)]
}

/// Whether a path is a generator, and not what one wrote.
fn is_generator(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(directory, _)| {
        [
            "system-generators",
            "user-generators",
            "system-environment-generators",
            "user-environment-generators",
        ]
        .iter()
        .any(|name| directory.ends_with(name))
    })
}
