//! An existing service of Windows is given another program, library or account.

use crate::detect::command::is_setting;
use crate::detect::place::windows::{self as place, Place};
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted};
use crate::detect::verdict::Verdict;
use crate::model::change::Change;
use crate::model::finding::Severity;
use crate::scm::bundled;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "service-program-changed",
    title: "Service given another program",
    behaviour: "The `ImagePath` or the `ServiceDll` of a service that existed before, or the library of a time provider, \
        a network provider or the DNS server's plug-in, is changed to another program or library, or its account is \
        changed to the system's.",
    suspicious: "The service keeps its name, its rights and its start, and runs something else: a hijack by weak \
        permissions of the registry key, or simply by an administrator's rights.",
    benign: "Updates move programs between versioned directories: the same file name in an ordinary directory is not \
        told, another one in an ordinary directory is low.",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::High),
    techniques: &[&technique::REGISTRY_PERMISSIONS, &technique::WINDOWS_SERVICE],
    judge,
};

/// Settings that name what runs: programs and libraries.
const PROGRAMS: [&str; 5] = [
    "ImagePath",
    "ServiceDll",
    "TimeProviders.DllName",
    "NetworkProvider.ProviderPath",
    "ServerLevelPluginDll",
];

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if !subject.changes() {
        return Vec::new();
    }
    let told = subject.event.changes.iter().filter_map(|change| {
        let (severity, why) = if PROGRAMS.iter().any(|setting| is_setting(&change.name, setting)) {
            program(subject, change)?
        } else if is_setting(&change.name, "ObjectName") {
            account(change)?
        } else {
            return None;
        };
        let aspect = format!("{}={}", change.name, change.after.first().map_or("", String::as_str));
        Some(
            Verdict::new(severity, aspect, why)
                .points_to(&technique::REGISTRY_PERMISSIONS)
                .points_to(&technique::WINDOWS_SERVICE),
        )
    });
    told.collect()
}

/// How bad another program is.
fn program(subject: &Subject<'_>, change: &Change) -> Option<(Severity, String)> {
    let after = change.after.first().filter(|value| !value.trim().is_empty())?;
    let new = program_of(after);
    let old = change.before.first().map(|before| program_of(before));
    if old.as_ref() == Some(&new) {
        return None;
    }
    let file = base_name(&new);
    let same_file = old.as_ref().is_some_and(|old| base_name(old) == file);
    let known = bundled::find(&subject.event.service.name);
    let foreign = match (known, is_setting(&change.name, "ImagePath")) {
        (Some(known), true) => !known.program.eq_ignore_ascii_case(file) && file != "svchost.exe",
        (Some(known), false) => {
            let own_library = known.program == "svchost.exe" && is_setting(&change.name, "ServiceDll");
            (old.is_some() && !same_file) || (own_library && !new.starts_with(r"c:\windows\"))
        }
        (None, _) => false,
    };
    let odd = Place::of(&new);
    let ordinary = place::is_ordinary(&new);
    let interpreter = subject
        .commands()
        .iter()
        .any(|command| command.line == after && command.traits.interpreter.is_some());
    let severity = if interpreter || odd.is_some() || foreign {
        Severity::High
    } else if ordinary && (same_file || old.is_none()) {
        return None;
    } else if ordinary || old.is_none() {
        Severity::Low
    } else {
        Severity::Medium
    };
    let from = old.map(|old| format!(" from {}", quoted(&old))).unwrap_or_default();
    let lies = odd.map(|place| format!(", which lies in {}", place.word())).unwrap_or_default();
    Some((
        severity,
        format!("{} of the existing service was changed{from} to {}{lies}.", change.name, quoted(&new)),
    ))
}

/// How bad another account is: rights can only grow towards the system's.
fn account(change: &Change) -> Option<(Severity, String)> {
    let (before, after) = (change.before.first()?, change.after.first()?);
    let is_system = |name: &str| {
        let name = name.trim_start_matches(r".\").to_ascii_lowercase();
        matches!(
            name.as_str(),
            "localsystem" | r"nt authority\system" | "system" | r"nt authority\localsystem"
        )
    };
    (is_system(after) && !is_system(before)).then(|| {
        (
            Severity::Medium,
            format!("The existing service's account was changed from {} to the system's.", quoted(before)),
        )
    })
}

/// The program of a command line, normalized.
fn program_of(line: &str) -> String {
    place::normal(crate::detect::command::windows_program(line))
}
