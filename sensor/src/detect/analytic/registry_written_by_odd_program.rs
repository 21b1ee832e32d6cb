//! A program that lies where users may write changes a service's key, past the Service Control Manager.

use crate::detect::command::is_setting;
use crate::detect::place::windows::Place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::event::Mechanism;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS, driver_suspicious};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "registry-written-by-odd-program",
    title: "Service's key written by an odd program",
    behaviour: "A program that lies in a user's profile, in a directory for temporary files, on a share or in another \
        odd place writes a service's type, start type, program, library, account, failure command or descriptor into \
        the registry, past the service manager.",
    suspicious: "Whoever writes the key itself leaves no record of an installation; exploits and loaders of drivers \
        make their services this way.",
    benign: "Installers that unpack themselves to a temporary directory (low).",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::Medium),
    techniques: &[&technique::REGISTRY_PERMISSIONS, &technique::WINDOWS_SERVICE],
    judge,
};

/// Settings that decide what runs, when, and as whom.
const SETTINGS: [&str; 7] =
    ["Type", "Start", "ImagePath", "ServiceDll", "ObjectName", "FailureCommand", "Security"];

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if subject.event.mechanism != Mechanism::Registry || !subject.defines() {
        return Vec::new();
    }
    let decides = |name: &str| SETTINGS.iter().any(|setting| is_setting(name, setting));
    let Some(change) = subject.event.changes.iter().find(|change| decides(&change.name)) else {
        return Vec::new();
    };
    let writer = subject.event.actor.get().and_then(|actor| actor.process.exe.get()).map(ToString::to_string);
    let Some((writer, place)) = writer.and_then(|writer| Place::of(&writer).map(|place| (writer, place)))
    else {
        return Vec::new();
    };
    let severity = match place {
        Place::Bare => return Vec::new(),
        _ if driver_suspicious::is_driver(subject) => Severity::Medium,
        place if place.severity() == Severity::High => Severity::Medium,
        _ => Severity::Low,
    };
    let why = format!(
        "{} of the service was written into the registry by {}, which lies in {}.",
        change.name,
        quoted(&writer),
        place.word()
    );
    vec![
        Verdict::new(severity, writer.to_lowercase(), why)
            .points_to(&technique::REGISTRY_PERMISSIONS)
            .points_to(&technique::WINDOWS_SERVICE),
    ]
}
