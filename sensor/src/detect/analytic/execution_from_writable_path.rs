//! A service runs something from a place where users, or everybody, can put files.

use crate::detect::place::unix::Place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted};
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
        logs, caches or web pages are kept. Scripts that are handed to an interpreter, commands within `sh -c`, programs \
        that a command of the unit puts in their place from there or that come from there by `BindPaths=`, \
        `RootDirectory=` or `RootImage=`, and unit files that are links to such a place count as well.",
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
                let (place, origin) = origin_of(subject, run)?;
                Some((severity(place, service.scope)?, run, place, origin))
            })
            .max_by_key(|(severity, ..)| *severity);
        let Some((severity, run, place, origin)) = worst else { continue };
        let script = if run == command.path { "" } else { " by way of " };
        let by = if script.is_empty() { String::new() } else { quoted(command.path) };
        let lies = match origin {
            Some(origin) => format!("comes from {} in {}", quoted(&origin), place.word()),
            None => format!("lies in {}", place.word()),
        };
        let why = format!("{} runs {}{script}{by}, which {lies}.", command.runner(), quoted(run));
        verdicts.push(
            Verdict::new(severity, run.clone(), why)
                .points_to(technique::persistence(service))
                .points_to(technique::execution(service.manager)),
        );
    }
    verdicts
}

/// What is wrong with the path of something that a service runs, or with the path from which it comes to be there.
fn origin_of(subject: &Subject<'_>, run: &str) -> Option<(Place, Option<String>)> {
    if let Some(place) = place_of(subject, run) {
        return Some((place, None));
    }
    let image = subject.value_of("RootImage").filter(|_| run.starts_with('/')).map(str::to_owned);
    let bound = || ["BindPaths", "BindReadOnlyPaths"].into_iter().find_map(|name| bound(subject, name, run));
    let copied = || {
        let mut copies = subject.commands().iter().flat_map(|command| &command.traits.copies);
        copies.find(|(from, to)| arrives_at(from, to, run)).map(|(from, _)| from.clone())
    };
    let origin = image.or_else(bound).or_else(copied)?;
    Some((Place::of(&origin)?, Some(origin)))
}

/// What is wrong with a path, below the service's root directory where it has one, and below its working directory where
/// the path is relative.
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

/// The path from which `run` is bound: `BindPaths=/tmp/x:/usr/sbin/app`.
fn bound(subject: &Subject<'_>, setting: &str, run: &str) -> Option<String> {
    let pairs = subject.settings_of(setting).flat_map(|setting| &setting.values);
    pairs.flat_map(|value| value.split_whitespace()).find_map(|pair| {
        let mut parts = pair.trim_matches('"').trim_start_matches('-').split(':');
        let from = parts.next()?.trim_end_matches('/');
        let to = parts.next().filter(|to| !to.is_empty())?.trim_end_matches('/');
        let rest = run.strip_prefix(to).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        Some(format!("{from}{rest}"))
    })
}

/// Whether a copy of `from` to `to`, which may be a directory, ends at `path`.
fn arrives_at(from: &str, to: &str, path: &str) -> bool {
    to == path
        || path
            .strip_prefix(to.trim_end_matches('/'))
            .is_some_and(|rest| rest.strip_prefix('/').is_some_and(|name| name == base_name(from)))
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
