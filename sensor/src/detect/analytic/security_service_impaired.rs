//! A service that protects or records is stopped, disabled, masked or removed.

use crate::detect::catalog::guards::{self, Duty, Guard, Weight};
use crate::detect::packaging::Packaging;
use crate::detect::request::{self, Effect};
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted};
use crate::detect::verdict::Verdict;
use crate::model::event::{Action, Mechanism};
use crate::model::finding::Severity;
use crate::model::service::ServiceId;

use super::{Analytic, EVERY};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "security-service-impaired",
    title: "Security or logging service impaired",
    behaviour: "An antivirus, a detection agent, a firewall, mandatory access control, an integrity check, the audit \
        trail, a log daemon or a log shipper is stopped, killed, frozen, disabled, masked or removed, somebody asks \
        for that, or it ends with an error on Windows. On Linux it counts as well when a drop-in keeps such a service \
        from running: a new condition, or no program any more.",
    suspicious: "Attackers blind a host before they go on.",
    benign: "Updates and replacements of the product; what a package manager's scripts do is not told, but for a \
        removal (low). On Windows Defender and the firewall give way to other products, and some helpers stop when \
        they have nothing to do.",
    managers: EVERY,
    severity: (Severity::Low, Severity::High),
    techniques: &[
        &technique::DISABLE_TOOLS,
        &technique::DISABLE_FIREWALL,
        &technique::DISABLE_AUDIT,
        &technique::DISABLE_EVENT_LOG,
        &technique::SERVICE_STOP,
        &technique::ICS_SERVICE_STOP,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    impaired(subject)
        .into_iter()
        .filter(|(_, guard, _)| guard.duty != Duty::Recovery)
        .filter_map(told(subject))
        .collect()
}

/// The guards that an event impairs, with the service and how.
pub(super) fn impaired(subject: &Subject<'_>) -> Vec<(ServiceId, &'static Guard, Effect)> {
    let event = subject.event;
    let manager = event.service.manager;
    // Names go with an enablement, and what generators and transient units leave behind goes by itself.
    let passing =
        matches!(event.mechanism, Mechanism::AliasLink | Mechanism::Generator | Mechanism::Transient);
    if event.action == Action::Removed && passing {
        return Vec::new();
    }
    let effect = subject.effect();
    let names: Vec<&str> = match request::request(event) {
        Some(request) => request.services,
        None => vec![&event.service.name],
    };
    if effect == Effect::Other {
        let starved = starved(subject).and_then(|_| guards::find(manager, &event.service.name));
        return starved.map(|guard| (event.service.clone(), guard, Effect::Other)).into_iter().collect();
    }
    names
        .into_iter()
        .filter_map(|name| {
            let guard = guards::find(manager, name)?;
            Some((ServiceId { name: name.to_owned(), ..event.service.clone() }, guard, effect))
        })
        .collect()
}

/// How a change of its definition keeps a service from running; `None` if it does not.
pub(super) fn starved(subject: &Subject<'_>) -> Option<String> {
    let event = subject.event;
    if event.action != Action::Modified || subject.packaging.is_involved() || subject.is_windows() {
        return None;
    }
    event.changes.iter().find_map(|change| {
        let new = change.after.iter().find(|value| !change.before.contains(value));
        match change.name.as_str() {
            "ExecStart" if change.after.is_empty() && !change.before.is_empty() => {
                Some("takes its program away".to_owned())
            }
            "ExecStart" => {
                let new = new?.trim_start_matches(['-', '@', ':', '+', '!']);
                does_nothing(new).then(|| format!("has it run {} in place of its program", quoted(new)))
            }
            // A command with `-` in front may fail.
            "ExecStartPre" => {
                let new = new?.trim_start_matches(['@', ':', '+', '!']);
                let fails = first_word(new).is_some_and(|program| base_name(program) == "false")
                    || new.contains("exit 1");
                (fails && !new.starts_with('-'))
                    .then(|| format!("has ExecStartPre={} fail first", quoted(new)))
            }
            "ExecCondition" => {
                new.map(|new| format!("makes its start depend on ExecCondition={}", quoted(new)))
            }
            "RuntimeMaxSec" | "TimeoutStartSec" => {
                let tiny = matches!(new?.trim_end_matches('s'), "1" | "2" | "1m" | "1u" | "1n" | "100m");
                tiny.then(|| format!("ends it at once by {}=", change.name))
            }
            "InaccessiblePaths" => {
                let mut hidden = new?.split_whitespace().map(|path| path.trim_start_matches(['-', '+']));
                let runs = |path: &str| {
                    let is_below = |program: &str| {
                        program
                            .strip_prefix(path.trim_end_matches('/'))
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    };
                    event.executables.iter().any(|executable| is_below(&executable.path))
                };
                hidden
                    .find(|path| runs(path))
                    .map(|path| format!("hides its program by InaccessiblePaths={}", quoted(path)))
            }
            name if name.starts_with("Condition") || name.starts_with("Assert") => {
                new.map(|value| format!("adds the condition {name}={}", quoted(value)))
            }
            "CPUQuota" | "MemoryMax" | "TasksMax" => {
                let tiny = matches!(new?.as_str(), "0" | "1" | "0%" | "1%" | "1K" | "1M");
                tiny.then(|| format!("leaves it next to nothing by {}=", change.name))
            }
            _ => None,
        }
    })
}

/// Whether a command line only waits or ends.
fn does_nothing(line: &str) -> bool {
    let Some(program) = first_word(line) else { return false };
    match base_name(program) {
        "true" | "false" | "sleep" | ":" => true,
        "sh" | "bash" | "dash" => {
            let script = line.split_once(" -c ").map(|(_, script)| script.trim().trim_matches(['"', '\'']));
            script.is_some_and(|script| {
                matches!(first_word(script), Some("exit" | "true" | "false" | ":" | "sleep"))
                    && !script.contains([';', '&', '|'])
            })
        }
        _ => false,
    }
}

fn first_word(line: &str) -> Option<&str> {
    line.split_whitespace().next()
}

/// Makes a verdict of what impairs a guard, unless it is ordinary.
fn told(subject: &Subject<'_>) -> impl Fn((ServiceId, &'static Guard, Effect)) -> Option<Verdict> {
    move |(service, guard, effect)| {
        let severity = if subject.is_windows() {
            on_windows(subject, guard, effect)?
        } else {
            elsewhere(subject, guard, effect)?
        };
        let how = match effect {
            Effect::Other => starved(subject)?,
            effect => {
                let asked =
                    if subject.event.action == Action::ControlRequested { "is asked to be" } else { "was" };
                format!("{asked} {}", effect.word())
            }
        };
        let why = if effect == Effect::Other {
            format!("A change of {}, {}, {how}.", quoted(&service.name), guard.what)
        } else {
            format!("{}, {}, {how}.", quoted(&service.name), guard.what)
        };
        let mut verdict = Verdict::new(severity, effect.word(), why)
            .points_to(guard.duty.technique())
            .points_to(&technique::SERVICE_STOP)
            .points_to(&technique::ICS_SERVICE_STOP);
        verdict.service = Some(service);
        Some(verdict)
    }
}

/// How bad it is where units, scripts and requests are seen, and so who asked.
fn elsewhere(subject: &Subject<'_>, guard: &Guard, effect: Effect) -> Option<Severity> {
    let is_absent = request::hides_nothing(subject.event);
    let full = match effect {
        // Nothing of that name was there that could have guarded.
        Effect::Masked if is_absent => Severity::Medium,
        Effect::Masked | Effect::Killed | Effect::Removed => Severity::High,
        Effect::Stopped | Effect::Disabled | Effect::Other => Severity::Medium,
        // A crash of a program is no act of anybody; who stops it by force is seen as the request.
        Effect::Failed | Effect::Weakened => return None,
    };
    match (subject.packaging, effect) {
        (Packaging::None, _) if guard.weight == Weight::Light => Some(Severity::Low),
        (Packaging::None, _) => Some(full),
        (_, Effect::Removed | Effect::Masked) => Some(Severity::Low),
        (Packaging::Script | Packaging::Unpacked, _) => None,
    }
}

/// How bad it is on Windows, where the log tells of every stop, that of a shutdown as well.
fn on_windows(subject: &Subject<'_>, guard: &Guard, effect: Effect) -> Option<Severity> {
    let by_registry = subject.event.mechanism == Mechanism::Registry;
    Some(match (guard.weight, effect) {
        (_, Effect::Other) | (Weight::Light, Effect::Stopped | Effect::Failed | Effect::Weakened) => {
            return None;
        }
        (Weight::Light, _) | (Weight::Replaceable, Effect::Weakened) => Severity::Low,
        (Weight::Heavy, Effect::Disabled | Effect::Masked) => Severity::High,
        (Weight::Replaceable, Effect::Disabled) if by_registry => Severity::High,
        (Weight::Replaceable | Weight::Heavy, _) => Severity::Medium,
    })
}
