//! The background transfer service is changed or disabled.

use crate::detect::command::{is_setting, windows_program};
use crate::detect::place::windows as place;
use crate::detect::request::Effect;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted};
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "bits-service-abused",
    title: "Background transfer service tampered with",
    behaviour: "The service BITS is given another program, library, failure command or account, or is disabled or \
        removed.",
    suspicious: "BITS transfers files and runs notification commands for whoever asks, and survives restarts; updates \
        of Windows and of Defender come by it.",
    benign: "Windows itself changes its start between automatic and manual all the time, and it starts and stops with \
        its work: neither is told. Hardening guides may disable it.",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::High),
    techniques: &[&technique::BITS_JOBS, &technique::REGISTRY_PERMISSIONS, &technique::WINDOWS_SERVICE],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if !event.service.name.eq_ignore_ascii_case("BITS") {
        return Vec::new();
    }
    let changed = subject.changes().then(|| tampered(subject)).flatten();
    let found = changed.or_else(|| match subject.effect() {
        Effect::Disabled => Some((Severity::Low, "was disabled".to_owned())),
        Effect::Removed => Some((Severity::Medium, "was removed".to_owned())),
        Effect::Stopped
        | Effect::Killed
        | Effect::Masked
        | Effect::Failed
        | Effect::Weakened
        | Effect::Other => None,
    });
    found
        .map(|(severity, how)| {
            let registry = subject.changes();
            Verdict::new(severity, how.clone(), format!("The background transfer service {how}."))
                .points_to(&technique::BITS_JOBS)
                .points_to_all(registry.then_some(&technique::REGISTRY_PERMISSIONS))
                .points_to(&technique::WINDOWS_SERVICE)
        })
        .into_iter()
        .collect()
}

/// How bad a change of what the service runs is.
fn tampered(subject: &Subject<'_>) -> Option<(Severity, String)> {
    subject.event.changes.iter().find_map(|change| {
        let named = ["ImagePath", "ServiceDll", "FailureCommand", "ObjectName"];
        let setting = named.iter().find(|name| is_setting(&change.name, name))?;
        let after = change.after.first().filter(|value| !value.is_empty())?;
        let program = place::normal(windows_program(after));
        let usual = match *setting {
            "ImagePath" => base_name(&program) == "svchost.exe" && place::is_ordinary(&program),
            "ServiceDll" => base_name(&program) == "qmgr.dll" && place::is_ordinary(&program),
            "ObjectName" => after.eq_ignore_ascii_case("LocalSystem"),
            _ => false,
        };
        (!usual).then(|| (Severity::High, format!("was changed: {setting} is {} now", quoted(after))))
    })
}
