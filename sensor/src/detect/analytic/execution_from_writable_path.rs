//! A service runs something from a place where users, or everybody, can put files.

use crate::detect::place::unix::Place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::event::Action;
use crate::model::finding::Severity;
use crate::model::service::Scope;

use super::{Analytic, UNIX};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "execution-from-writable-path",
    title: "Service runs from a writable path",
    behaviour: "A service is created, changed or enabled so that it runs a program or a script from a directory for \
        temporary files, from memory, from a user's runtime or home directory, from a hidden directory, or from where \
        logs, caches or web pages are kept. Scripts that are handed to an interpreter, commands within `sh -c` \
        and unit files that are links to such a place count as well.",
    suspicious: "Packages install programs where root alone can write. Whoever can write to the place can replace the \
        program and gains the service's rights; dropped malware lies there because it may.",
    benign: "Programs under development; deployments into a home directory (low); tools of a user in a user's own \
        service.",
    managers: UNIX,
    severity: (Severity::Low, Severity::High),
    techniques: &[
        &technique::SYSTEM_PROCESS,
        &technique::SYSTEMD_SERVICE,
        &technique::LAUNCH_AGENT,
        &technique::LAUNCH_DAEMON,
        &technique::SYSTEM_SERVICES,
        &technique::SYSTEMCTL,
        &technique::LAUNCHCTL,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    // A user's service that is enabled is another analytic's.
    let enabled = subject.event.action == Action::Enabled && subject.event.service.scope == Scope::System;
    if !subject.defines() && !enabled {
        return Vec::new();
    }
    let service = &subject.event.service;
    let mut verdicts: Vec<Verdict> = linked_file(subject).into_iter().collect();
    for command in subject.commands() {
        let worst = command
            .traits
            .runs
            .iter()
            .filter_map(|run| {
                let place = place_of(subject, run)?;
                Some((severity(place, service.scope)?, run, place))
            })
            .max_by_key(|(severity, _, _)| *severity);
        let Some((severity, run, place)) = worst else { continue };
        let script = if run == command.path { "" } else { " by way of " };
        let by = if script.is_empty() { String::new() } else { quoted(command.path) };
        let why =
            format!("{} runs {}{script}{by}, which lies in {}.", command.runner(), quoted(run), place.word());
        verdicts.push(
            Verdict::new(severity, run.clone(), why)
                .points_to(technique::persistence(service))
                .points_to(technique::execution(service.manager)),
        );
    }
    verdicts
}

/// What is wrong with the path of something that a service runs, below its root directory where it has one, and below its
/// working directory where the path is relative.
fn place_of(subject: &Subject<'_>, run: &str) -> Option<Place> {
    let directory = |setting| {
        let path = subject.value_of(setting).map(|path| path.trim_start_matches('-').trim_end_matches('/'));
        path.filter(|path| path.starts_with('/'))
    };
    if !run.starts_with('/') {
        // A bare name is looked for in the system's own directories.
        let working = directory("WorkingDirectory").filter(|_| run.contains('/'))?;
        return Place::of(&format!("{working}/{run}"));
    }
    let below_root = directory("RootDirectory").and_then(|root| Place::of(&format!("{root}{run}")));
    below_root.or_else(|| Place::of(run))
}

/// A unit file that is a link to a place where others can put files.
fn linked_file(subject: &Subject<'_>) -> Option<Verdict> {
    let target = subject.event.file.as_ref()?.link_target.as_ref()?;
    let target = std::str::from_utf8(target).ok()?;
    let place = Place::of(target).filter(|place| *place != Place::Volatile || target != "/dev/null")?;
    let service = &subject.event.service;
    let severity = severity(place, service.scope)?;
    let why = format!("The unit's file is a link to {}, which lies in {}.", quoted(target), place.word());
    Some(
        Verdict::new(severity, target, why)
            .points_to(technique::persistence(service))
            .points_to(technique::execution(service.manager)),
    )
}

/// How bad a place is for a service of this scope; `None` where it is ordinary.
fn severity(place: Place, scope: Scope) -> Option<Severity> {
    let shared = !matches!(scope, Scope::User(_));
    match place {
        Place::Temporary | Place::Volatile | Place::Runtime if shared => Some(Severity::High),
        Place::Temporary | Place::Volatile | Place::Runtime | Place::Hidden | Place::Web => {
            Some(Severity::Medium)
        }
        Place::Home => shared.then_some(Severity::Low),
        Place::Data | Place::Mounted => Some(Severity::Low),
    }
}
