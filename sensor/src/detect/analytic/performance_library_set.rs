//! A service's performance library is set or changed.

use crate::detect::place::windows as place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::change::Change;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "performance-library-set",
    title: "Performance library of a service set",
    behaviour: "The value `Library` below a service's `Performance` key is set or changed.",
    suspicious: "Whoever reads performance counters loads the library, WMI's host as the system among them; some \
        services' keys let ordinary users set it.",
    benign: "Products with counters of their own register them when they are installed (low).",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::High),
    techniques: &[&technique::REGISTRY_PERMISSIONS, &technique::WINDOWS_SERVICE],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if !subject.defines() {
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    for change in subject.event.changes.iter().filter(|change| is_library(change)) {
        let Some(library) = change.after.first().filter(|value| !value.trim().is_empty()) else { continue };
        let odd = place::Place::of(library);
        // A bare file name is searched for in the system's directory.
        let ordinary = place::is_ordinary(library) || !library.contains(['\\', '/']);
        let severity = match odd {
            Some(_) => Severity::High,
            None if ordinary => Severity::Low,
            None => Severity::Medium,
        };
        let lies = odd.map(|place| format!(", which lies in {}", place.word())).unwrap_or_default();
        let why =
            format!("Whoever reads the service's performance counters loads {}{lies}.", quoted(library));
        verdicts.push(
            Verdict::new(severity, library.clone(), why)
                .points_to(&technique::REGISTRY_PERMISSIONS)
                .points_to(&technique::WINDOWS_SERVICE),
        );
    }
    verdicts
}

fn is_library(change: &Change) -> bool {
    let name = change.name.replace('.', "\\").to_ascii_lowercase();
    name == "performance\\library" || name.ends_with("\\performance\\library")
}
