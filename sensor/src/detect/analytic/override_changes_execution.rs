//! A drop-in or a unit of higher priority changes how an existing service runs.

use std::collections::HashSet;

use crate::detect::packaging::Packaging;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::change::Change;
use crate::model::event::{Action, Mechanism};
use crate::model::finding::Severity;

use super::{Analytic, LINUX};

/// Groups whose members are as good as root.
const STRONG: &[&str] =
    &["root", "0", "shadow", "disk", "kmem", "docker", "lxd", "incus-admin", "libvirt", "sudo", "wheel"];

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "override-changes-execution",
    title: "Override changes how a service runs",
    behaviour: "A drop-in, a unit file of higher priority than the vendor's, or an edit of the vendor's own file by \
        somebody else than the package manager changes what an existing service runs (`Exec…=`, also by another \
        unit: `OnFailure=`, `OnSuccess=`), as whom (`User=`, `Group=`, `SupplementaryGroups=`), with which root (`RootDirectory=`, `RootImage=`, `BindPaths=`), environment file or capabilities.",
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
    let said = || difference(change);
    match name {
        "ExecStart" | "ExecStartPre" | "ExecStartPost" | "ExecCondition" | "ExecReload"
        | "ExecReloadPost" | "ExecStop" | "ExecStopPost" | "OnFailure" | "OnSuccess" => {
            // Only removing a command makes nothing run that did not before.
            let adds = change.after.iter().any(|value| !change.before.contains(value));
            let severity = if adds { Severity::Medium } else { Severity::Low };
            Some((severity, said()))
        }
        "SupplementaryGroups" => {
            let gains = change.after.iter().filter(|value| !change.before.contains(value));
            let strong =
                gains.flat_map(|value| value.split_whitespace()).any(|group| STRONG.contains(&group));
            Some((if strong { Severity::Medium } else { Severity::Low }, said()))
        }
        "User" | "Group" | "DynamicUser" => {
            let to_root = name == "User"
                && matches!(change.after.last().map(String::as_str), Some("root" | "0") | None)
                && !change.before.is_empty();
            Some((if to_root { Severity::Medium } else { Severity::Low }, said()))
        }
        "RootDirectory" | "RootImage" | "MountImages" | "ExecSearchPath" => Some((Severity::Medium, said())),
        "EnvironmentFile"
        | "BindPaths"
        | "BindReadOnlyPaths"
        | "AmbientCapabilities"
        | "ExtensionImages"
        | "ExtensionDirectories"
        | "PassEnvironment"
        | "PAMName" => Some((Severity::Low, said())),
        "CapabilityBoundingSet" if change.after.is_empty() => Some((Severity::Low, said())),
        _ => None,
    }
}

/// What is other than before: the program, or where that stays the same, what else.
fn difference(change: &Change) -> String {
    let name = change.name.as_str();
    let is_command = name.starts_with("Exec") && name != "ExecSearchPath";
    let (before, after) = (change.before.as_slice(), change.after.as_slice());
    let shown = |value: &String| quoted(if is_command { program_only(value) } else { value });
    // The last of those that are in one list alone, as far as they are shown.
    let only = |these: &[String], those: &[String]| {
        let others: HashSet<String> = those.iter().map(shown).collect();
        these.iter().rev().map(shown).find(|value| !others.contains(value))
    };
    match (only(before, after), only(after, before)) {
        (Some(from), Some(to)) => format!("changes {name}= from {from} to {to}"),
        (None, Some(to)) if before.is_empty() => format!("changes {name}= from nothing to {to}"),
        (None, Some(to)) => format!("adds {to} to {name}="),
        (Some(from), None) if after.is_empty() => format!("changes {name}= from {from} to nothing"),
        (Some(from), None) => format!("takes {from} from {name}="),
        (None, None) => match after.iter().rev().find(|value| !before.contains(value)) {
            Some(value) if is_command && before.len() == after.len() => {
                format!("changes the arguments of {name}={}", shown(value))
            }
            _ if before.len() != after.len() => {
                format!("changes the number of values of {name}= from {} to {}", before.len(), after.len())
            }
            _ => format!("changes the order of {name}="),
        },
    }
}

/// The first word of a command line: arguments may hold secrets.
fn program_only(value: &str) -> &str {
    value.split_whitespace().next().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_differs() {
        for (name, before, after, expected) in [
            ("User", &["www"][..], &["root"][..], r#"changes User= from "www" to "root""#),
            ("ExecStart", &["/a 1"], &["/b 1"], r#"changes ExecStart= from "/a" to "/b""#),
            ("ExecStart", &["/a 1"], &["/a 2"], r#"changes the arguments of ExecStart="/a""#),
            ("ExecStart", &["/a 1", "/b 1"], &["/a 2", "/b 1"], r#"changes the arguments of ExecStart="/a""#),
            ("ExecStart", &["/a 1"], &["/x", "/a 1"], r#"adds "/x" to ExecStart="#),
            ("ExecStart", &["/x", "/a 1"], &["/a 1"], r#"takes "/x" from ExecStart="#),
            (
                "ExecStart",
                &["/a 1"],
                &["/a 1", "/a 2"],
                "changes the number of values of ExecStart= from 1 to 2",
            ),
            ("ExecStart", &["/a", "/b"], &["/b", "/a"], "changes the order of ExecStart="),
            ("ExecStop", &[], &["/a 1"], r#"changes ExecStop= from nothing to "/a""#),
            ("ExecStop", &["/a 1"], &[], r#"changes ExecStop= from "/a" to nothing"#),
            ("AmbientCapabilities", &["A"], &["A B"], r#"changes AmbientCapabilities= from "A" to "A B""#),
        ] {
            let owned = |values: &[&str]| values.iter().map(ToString::to_string).collect();
            let change = Change {
                section: "Service".to_owned(),
                name: name.to_owned(),
                before: owned(before),
                after: owned(after),
            };
            assert_eq!(difference(&change), expected);
        }
    }
}
