//! A service came and went within minutes.

use std::time::Duration;

use crate::detect::place::windows::Place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::event::Action;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS, driver_suspicious};

/// How long a service of a remote-execution tool lives at most, short of a long session.
const SHORT: Duration = Duration::from_mins(5);

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "short-lived-service",
    title: "Short-lived service",
    behaviour: "A service is created and removed again within five minutes, or the events of its life were already \
        joined into one that says so.",
    suspicious: "Installers make services to stay. PsExec, smbexec, Impacket and Cobalt Strike make one, start it and \
        delete it.",
    benign: "Installers that roll back, drivers that a tool loads for a moment: told as low. Defender's own drivers \
        come and go with its signatures and are not told.",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::High),
    techniques: &[&technique::SERVICE_EXECUTION, &technique::WINDOWS_SERVICE, &technique::ADMIN_SHARES],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    let joined = subject.detail("short_lived").filter(|value| !value.eq_ignore_ascii_case("false"));
    let age = subject.age().filter(|age| event.action == Action::Removed && *age <= SHORT);
    let life = match (joined, age) {
        (_, Some(age)) => format!("was removed {} s after it was created", age.as_secs()),
        (Some(_), None) => "was created, used and removed within minutes".to_owned(),
        (None, None) => return Vec::new(),
    };
    let program = event
        .executables
        .first()
        .map(|executable| executable.path.as_str())
        .or_else(|| subject.value_of("ImagePath"));
    let program = program.unwrap_or_default();
    if driver_suspicious::is_defenders_own(program) {
        return Vec::new();
    }
    let remote = subject.remote_address();
    let unusual = Place::of(program).is_some_and(|place| place.severity() >= Severity::High);
    let severity = if driver_suspicious::is_driver(subject) {
        Severity::Low
    } else if remote.is_some() || unusual {
        Severity::High
    } else {
        Severity::Medium
    };
    let from = remote.map(|address| format!(", by a client at {}", quoted(address))).unwrap_or_default();
    let why = format!(
        "The service {} with the program {} {life}{from}.",
        quoted(&event.service.name),
        quoted(program)
    );
    let share = remote.map(|_| &technique::ADMIN_SHARES);
    let mut verdict = Verdict::new(severity, "life", why)
        .points_to(&technique::SERVICE_EXECUTION)
        .points_to(&technique::WINDOWS_SERVICE)
        .points_to_all(share);
    verdict.rests_on_birth = true;
    vec![verdict]
}
