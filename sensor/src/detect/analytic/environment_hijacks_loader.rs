//! A service's environment makes the loader or an interpreter run foreign code first.

use crate::detect::catalog::variables::{self, LOADERS};
use crate::detect::place::unix::Place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::change::Change;
use crate::model::finding::Severity;

use super::{Analytic, EVERY};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "environment-hijacks-loader",
    title: "Environment makes a service load foreign code",
    behaviour: "A service is created or changed so that its environment sets a variable by which the dynamic linker, \
        an interpreter or a runtime loads code from elsewhere: `LD_PRELOAD`, `LD_AUDIT`, `DYLD_INSERT_LIBRARIES`, a \
        .NET profiler; or a search path or start file (`PATH`, `LD_LIBRARY_PATH`, `PYTHONPATH`, `BASH_ENV`, …) that \
        names a writable place or is set for a service that existed before. A command line that brings such a \
        variable along counts as the environment does (`env LD_PRELOAD=…`, an assignment in a shell's script, the \
        dynamic linker's `--preload`), with a search path only where it names a writable place. So does \
        `ExecSearchPath=`. A file of variables in a place that everybody can write to counts as well.",
    suspicious: "The service's program is untouched, and yet every start of it runs the attacker's code.",
    benign: "Allocators and profilers are preloaded on purpose; new services that bring a search path of their own \
        are not told.",
    managers: EVERY,
    severity: (Severity::Low, Severity::High),
    techniques: &[
        &technique::LINKER_HIJACK,
        &technique::HIJACK_FLOW,
        &technique::SYSTEMD_SERVICE,
        &technique::SYSTEM_PROCESS,
        &technique::WINDOWS_SERVICE,
        &technique::LAUNCH_AGENT,
        &technique::LAUNCH_DAEMON,
        &technique::REGISTRY_PERMISSIONS,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if !subject.defines() || subject.packaging.is_involved() {
        return Vec::new();
    }
    let existed = subject.event.changes.iter().any(|change| !change.before.is_empty()) || subject.changes();
    let mut verdicts = Vec::new();
    for assignment in new_assignments(subject) {
        verdicts.extend(assess(subject, existed, assignment.trim_matches('"'), None));
    }
    for command in subject.commands() {
        let setter = command.shown();
        for assignment in &command.traits.assigns {
            verdicts.extend(assess(subject, existed, assignment, Some(&setter)));
        }
    }
    // systemd looks for programs there, and hands it to them as their search path.
    for directories in new_values(subject, &["ExecSearchPath"]) {
        verdicts.extend(assess(subject, false, &format!("PATH={directories}"), Some("ExecSearchPath=")));
    }
    verdicts.extend(open_files(subject));
    verdicts
}

/// What an assignment to a variable brings; `setter` is the command line that makes it, if the environment doesn't.
fn assess(subject: &Subject<'_>, existed: bool, assignment: &str, setter: Option<&str>) -> Option<Verdict> {
    let (name, value) = assignment.split_once('=')?;
    let name = name.trim();
    let value = value.trim_matches(['"', '\'']);
    // A path may stand behind an option's letter: `RUBYOPT=-r/tmp/x`.
    let paths =
        value.split([':', ' ', ';', ',']).map(|word| word.get(word.find('/').unwrap_or(0)..).unwrap_or(word));
    let open = paths.into_iter().find(|path| {
        Place::of(path).or_else(|| Place::of(&format!("{path}/x"))).is_some_and(Place::is_open)
            || path.contains("/.") && Place::of(path) == Some(Place::Hidden)
    });
    let loads = variables::is_among(LOADERS, name);
    let searches = variables::is_among(variables::SEARCHES, name);
    let severity = match (loads, searches, open.is_some(), existed) {
        (true, _, true, _) | (true, _, _, true) => Severity::High,
        (true, _, false, false) | (_, true, true, _) => Severity::Medium,
        // Scripts set their own search path all the time.
        (_, true, false, true) if setter.is_none() => Severity::Low,
        _ => return None,
    };
    let place =
        open.map(|path| format!(", a path that others can write to: {}", quoted(path))).unwrap_or_default();
    let setter = setter.unwrap_or("The service's environment");
    let why = if loads {
        format!("{setter} sets {} to {}{place}.", quoted(name), quoted(value))
    } else {
        // Values of other variables may be secrets.
        format!("{setter} sets {}{place}.", quoted(name))
    };
    let linker = name.starts_with("LD_") || name.starts_with("DYLD_");
    let how = if linker { &technique::LINKER_HIJACK } else { &technique::HIJACK_FLOW };
    let registry = subject.is_windows().then_some(&technique::REGISTRY_PERMISSIONS);
    Some(
        Verdict::new(severity, format!("{name}={value}"), why)
            .points_to(how)
            .points_to(technique::persistence(&subject.event.service))
            .points_to_all(registry),
    )
}

/// Files of environment variables in places where others can write them.
fn open_files(subject: &Subject<'_>) -> Vec<Verdict> {
    let files = new_values(subject, &["EnvironmentFile"]);
    let open = files.into_iter().map(|file| file.trim_start_matches('-')).filter_map(|file| {
        let place = Place::of(file).filter(|place| place.is_open())?;
        let why = format!(
            "The service takes its environment from {}, which lies in {}.",
            quoted(file),
            place.word()
        );
        Some(
            Verdict::new(Severity::Medium, file, why)
                .points_to(&technique::HIJACK_FLOW)
                .points_to(technique::persistence(&subject.event.service)),
        )
    });
    open.collect()
}

/// The environment's assignments that came with the event, at most 64.
fn new_assignments<'a>(subject: &Subject<'a>) -> Vec<&'a str> {
    // One value may hold several assignments: `Environment=A=1 B=2`.
    new_values(subject, &["Environment", "EnvironmentVariables"])
        .into_iter()
        .flat_map(|value| {
            let alone = value.matches('=').count() <= 1;
            if alone { vec![value] } else { value.split_whitespace().collect() }
        })
        .take(64)
        .collect()
}

/// The values of settings that came with the event.
fn new_values<'a>(subject: &Subject<'a>, names: &[&str]) -> Vec<&'a str> {
    let changes: Vec<&Change> =
        names.iter().flat_map(|name| subject.changes_of(name).collect::<Vec<_>>()).collect();
    if changes.is_empty() && subject.creates() {
        let settings = names.iter().flat_map(|name| subject.settings_of(name).collect::<Vec<_>>());
        return settings.flat_map(|setting| setting.values.iter().map(String::as_str)).collect();
    }
    let added = changes
        .into_iter()
        .flat_map(|change| change.after.iter().filter(|value| !change.before.contains(value)));
    added.map(String::as_str).collect()
}
