//! A drop-in or a unit of higher priority changes how an existing service runs.

use crate::detect::packaging::Packaging;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::change::Change;
use crate::model::event::{Action, Mechanism};
use crate::model::finding::Severity;

use super::{Analytic, LINUX};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "override-changes-execution",
    title: "Override changes how a service runs",
    behaviour: "A drop-in, a unit file of higher priority than the vendor's, or an edit of the vendor's own file by \
        somebody else than the package manager changes what an existing service runs (`Exec…=`), as whom (`User=`, \
        `Group=`), with which root (`RootDirectory=`, `RootImage=`, `BindPaths=`), environment file or capabilities.",
    suspicious: "The service keeps its good name and its place in the boot while it runs something else.",
    benign: "Administrators use drop-ins for this: changed options of a daemon, an automatic login on a console.",
    managers: LINUX,
    severity: (Severity::Low, Severity::Medium),
    techniques: &[&technique::SYSTEMD_SERVICE, &technique::SYSTEM_PROCESS, &technique::HIJACK_FLOW],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let Some(way) = way(subject) else { return Vec::new() };
    let told: Vec<(Severity, String)> = subject.event.changes.iter().filter_map(assess).collect();
    let Some(severity) = told.iter().map(|(severity, _)| *severity).max() else { return Vec::new() };
    let what: Vec<&str> = told.iter().map(|(_, what)| what.as_str()).take(4).collect();
    let more = told.len().saturating_sub(what.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let why = format!(
        "{way} of the existing service {} {}{more}.",
        quoted(&subject.event.service.name),
        what.join(", ")
    );
    let aspect = what.join(",");
    vec![
        Verdict::new(severity, aspect, why)
            .points_to(technique::persistence(&subject.event.service))
            .points_to(&technique::HIJACK_FLOW),
    ]
}

/// By which way an existing service is overridden; `None` if it is not.
fn way(subject: &Subject<'_>) -> Option<String> {
    let event = subject.event;
    let note = event.note.as_deref().unwrap_or_default();
    if event.action != Action::Modified
        || subject.packaging == Packaging::Unpacked
        || note.contains("no effect")
        || takes_back(subject)
    {
        return None;
    }
    let file = subject.file().map(|path| format!(" {}", quoted(path))).unwrap_or_default();
    match event.mechanism {
        Mechanism::DropIn => Some(format!("The drop-in{file}")),
        Mechanism::AliasLink => Some(format!("The link{file}")),
        Mechanism::UnitFile if subject.file().is_some_and(is_vendor) => {
            Some(format!("An edit of the vendor's file{file}"))
        }
        Mechanism::UnitFile if overrides(subject) => Some(format!("The overriding file{file}")),
        Mechanism::UnitFile
        | Mechanism::DependencyLink
        | Mechanism::Mask
        | Mechanism::Transient
        | Mechanism::Generator
        | Mechanism::Command
        | Mechanism::InitScript
        | Mechanism::ServiceControlManager
        | Mechanism::Registry
        | Mechanism::Executable => None,
    }
}

/// Whether a path belongs to packages.
fn is_vendor(path: &str) -> bool {
    path.starts_with("/usr/lib/systemd/") || path.starts_with("/lib/systemd/")
}

/// The lines of the file's difference.
fn lines<'a>(subject: &Subject<'a>) -> &'a [String] {
    let diff = subject.event.file.as_ref().and_then(|file| file.diff.as_ref());
    diff.map_or(&[], |diff| diff.lines.as_slice())
}

/// Whether an override went away, so that what was there before it counts again.
fn takes_back(subject: &Subject<'_>) -> bool {
    let lines = lines(subject);
    let note = subject.event.note.as_deref().unwrap_or_default();
    note.contains("counts again")
        || note.contains("counts now")
        || !lines.is_empty() && lines.iter().all(|line| line.starts_with('-'))
}

/// Whether the file of a modified service stands in front of another one: the event says so, or the text of a whole
/// unit was added although settings had values before.
fn overrides(subject: &Subject<'_>) -> bool {
    let event = subject.event;
    let told = subject.detail("overrides").is_some()
        || event.note.as_deref().is_some_and(|note| note.contains("overrides /"));
    let had_values = event.changes.iter().any(|change| !change.before.is_empty());
    let lines = lines(subject);
    let added = lines.iter().all(|line| !line.starts_with('-'));
    let whole = lines.iter().any(|line| line.trim() == "+[Service]");
    told || had_values && added && whole
}

/// How bad a change is and what it does; `None` when it doesn't touch execution.
fn assess(change: &Change) -> Option<(Severity, String)> {
    let name = change.name.as_str();
    let said = |verb: &str| {
        let after =
            change.after.last().map_or_else(|| "nothing".to_owned(), |value| quoted(program_only(value)));
        let before =
            change.before.last().map_or_else(|| "nothing".to_owned(), |value| quoted(program_only(value)));
        format!("{verb} {name}= from {before} to {after}")
    };
    match name {
        "ExecStart" | "ExecStartPre" | "ExecStartPost" | "ExecCondition" | "ExecReload"
        | "ExecReloadPost" | "ExecStop" | "ExecStopPost" | "OnFailure" | "OnSuccess" => {
            // Only removing a command makes nothing run that did not before.
            let adds = change.after.iter().any(|value| !change.before.contains(value));
            let severity = if adds { Severity::Medium } else { Severity::Low };
            Some((severity, said("changes")))
        }
        "User" | "Group" | "DynamicUser" => {
            let to_root = name == "User"
                && matches!(change.after.last().map(String::as_str), Some("root" | "0") | None)
                && !change.before.is_empty();
            Some((if to_root { Severity::Medium } else { Severity::Low }, said("changes")))
        }
        "RootDirectory" | "RootImage" | "ExecSearchPath" => Some((Severity::Medium, said("changes"))),
        "EnvironmentFile"
        | "BindPaths"
        | "BindReadOnlyPaths"
        | "AmbientCapabilities"
        | "ExtensionImages"
        | "ExtensionDirectories"
        | "PassEnvironment"
        | "PAMName" => Some((Severity::Low, said("changes"))),
        "CapabilityBoundingSet" if change.after.is_empty() => Some((Severity::Low, said("changes"))),
        _ => None,
    }
}

/// The first word of a command line: arguments may hold secrets.
fn program_only(value: &str) -> &str {
    value.split_whitespace().next().unwrap_or(value)
}
