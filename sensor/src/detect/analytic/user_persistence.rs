//! A user's service starts by itself and runs something out of sight.

use crate::detect::place::unix::Place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::event::Action;
use crate::model::finding::Severity;
use crate::model::service::{Enablement, Scope};

use super::{Analytic, UNIX};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "user-persistence",
    title: "User service persists out of sight",
    behaviour: "A service of one user, or of all users, is enabled, or comes to be enabled, and runs something from a \
        hidden, temporary or runtime directory.",
    suspicious: "No privilege is needed for it, it starts at each login, and with lingering at each boot.",
    benign: "Tools that keep themselves in a hidden directory of their own; the usual ones (.local, .cargo, .nvm and \
        the like) are not told.",
    managers: UNIX,
    severity: (Severity::Medium, Severity::High),
    techniques: &[
        &technique::SYSTEMD_SERVICE,
        &technique::LAUNCH_AGENT,
        &technique::LAUNCH_DAEMON,
        &technique::SYSTEM_PROCESS,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if event.service.scope == Scope::System {
        return Vec::new();
    }
    let enabled = event.action == Action::Enabled
        || event.action == Action::Created
            && matches!(event.enablement.get(), Some(Enablement::Enabled | Enablement::EnabledRuntime));
    if !enabled {
        return Vec::new();
    }
    let hidden = subject.commands().iter().find_map(|command| {
        command.traits.runs.iter().find_map(|run| {
            Place::of(run)
                .filter(|place| place.is_open() || *place == Place::Hidden)
                .map(|place| (command, run, place))
        })
    });
    let Some((command, run, place)) = hidden else { return Vec::new() };
    let severity = if event.service.scope == Scope::AllUsers { Severity::High } else { Severity::Medium };
    let link = subject.file().map(|file| format!(" by {}", quoted(file))).unwrap_or_default();
    let why = format!(
        "{} starts with its user's session{link}, and its {} runs {}, which lies in {}.",
        quoted(&event.service.name),
        command.setting,
        quoted(run),
        place.word()
    );
    vec![Verdict::new(severity, run.clone(), why).points_to(technique::persistence(&event.service))]
}
