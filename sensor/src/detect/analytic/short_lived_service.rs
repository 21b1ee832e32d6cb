//! A service came and went within minutes.

use std::time::Duration;

use crate::detect::command::Language;
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
        joined and say that it was short. A stop or a failure soon after the creation counts as well (low), as the log \
        of the service manager doesn't tell of removals.",
    suspicious: "Installers make services to stay. PsExec, smbexec, Impacket and Cobalt Strike make one, start it and \
        delete it.",
    benign: "Installers that start what they install or roll back, drivers that a tool loads for a moment: told as low. Defender's own drivers \
        come and go with its signatures and are not told.",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::High),
    techniques: &[&technique::SERVICE_EXECUTION, &technique::WINDOWS_SERVICE, &technique::ADMIN_SHARES],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    let Some(life) = life(subject) else { return Vec::new() };
    let program = event.executables.first().map(|executable| executable.path.as_str());
    let program = program.or_else(|| subject.value_of("ImagePath")).unwrap_or_default();
    if driver_suspicious::is_defenders_own(program) {
        return Vec::new();
    }
    let remote = subject.remote_client();
    let unusual = Place::of(program).is_some_and(|place| place.severity() >= Severity::High);
    let interpreter = Language::of_program(program).is_some();
    let severity = if driver_suspicious::is_driver(subject) {
        Severity::Low
    } else if remote.is_some() || unusual {
        Severity::High
    } else if interpreter || life.ends_in_removal {
        Severity::Medium
    } else {
        Severity::Low
    };
    let by = remote.as_ref().map(|client| format!(", by {client}")).unwrap_or_default();
    let why = format!(
        "The service {} with the program {} {}{by}.",
        quoted(&event.service.name),
        quoted(program),
        life.phrase
    );
    let mut verdict = Verdict::new(severity, "life", why)
        .points_to(&technique::SERVICE_EXECUTION)
        .points_to(&technique::WINDOWS_SERVICE)
        .points_to_all(remote.map(|_| &technique::ADMIN_SHARES));
    verdict.rests_on_birth = true;
    vec![verdict]
}

/// How a service lived.
struct Life {
    phrase: String,
    /// Whether it was removed; a stop or a failure may be all that the log tells.
    ends_in_removal: bool,
}

/// How a service lived, if that was short.
fn life(subject: &Subject<'_>) -> Option<Life> {
    let joined = subject.detail("short_lived").is_some_and(|value| !value.eq_ignore_ascii_case("false"));
    let age = subject.age().filter(|age| *age <= SHORT);
    let ended = match subject.event.action {
        Action::Removed => "was removed",
        Action::Stopped if joined => "stopped",
        Action::Failed if joined => "failed",
        _ if joined => {
            let phrase = "was created, used and removed within minutes".to_owned();
            return Some(Life { phrase, ends_in_removal: true });
        }
        _ => return None,
    };
    let phrase = match age {
        Some(age) => format!("{ended} {} s after it was created", age.as_secs()),
        None if joined => format!("{ended} within minutes after it was created"),
        None => return None,
    };
    Some(Life { phrase, ends_in_removal: subject.event.action == Action::Removed })
}
