//! A service that makes recovery possible is disabled, masked, removed or stopped on request.

use crate::detect::catalog::guards::{Duty, Guard, Weight};
use crate::detect::packaging::Packaging;
use crate::detect::request::Effect;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::event::Action;
use crate::model::finding::Severity;

use super::security_service_impaired::{impaired, starved};
use super::{Analytic, EVERY};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "recovery-service-impaired",
    title: "Recovery or backup service impaired",
    behaviour: "A service or timer for snapshots, shadow copies or backups (VSS, SDRSVC, wbengine, swprv, snapper, \
        restic, Borg, Bacula, Veeam, …) is disabled, masked or removed, somebody asks to stop it, or its definition is \
        changed so that it no longer runs.",
    suspicious: "Ransomware and wipers take away what would undo their work.",
    benign: "Change of the backup product, maintenance. That such a service stops by itself is ordinary and not told.",
    managers: EVERY,
    severity: (Severity::Low, Severity::High),
    techniques: &[&technique::INHIBIT_RECOVERY, &technique::SERVICE_STOP, &technique::ICS_SERVICE_STOP],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (service, guard, effect) in impaired(subject) {
        if guard.duty != Duty::Recovery {
            continue;
        }
        let Some(severity) = severity(subject, guard, effect) else { continue };
        let how = if effect == Effect::Other {
            starved(subject).map(|how| format!("a change {how}")).unwrap_or_default()
        } else if subject.event.action == Action::ControlRequested {
            format!("is asked to be {}", effect.word())
        } else {
            format!("was {}", effect.word())
        };
        let why = format!("{}, {}: {how}.", quoted(&service.name), guard.what);
        let mut verdict = Verdict::new(severity, effect.word(), why)
            .points_to(&technique::INHIBIT_RECOVERY)
            .points_to(&technique::SERVICE_STOP)
            .points_to(&technique::ICS_SERVICE_STOP);
        verdict.service = Some(service);
        verdicts.push(verdict);
    }
    verdicts
}

/// How bad it is; `None` where it is ordinary.
fn severity(subject: &Subject<'_>, guard: &Guard, effect: Effect) -> Option<Severity> {
    if guard.weight == Weight::Light {
        let lasting = matches!(effect, Effect::Disabled | Effect::Masked | Effect::Removed);
        return (lasting && subject.packaging == Packaging::None).then_some(Severity::Low);
    }
    if subject.packaging.is_involved() {
        return matches!(effect, Effect::Removed | Effect::Masked).then_some(Severity::Low);
    }
    // The request may have been joined with what it brought about.
    let requester = subject.event.actor.get().and_then(|actor| actor.requester.as_ref());
    let asked = subject.event.action == Action::ControlRequested || requester.is_some();
    match effect {
        Effect::Stopped => asked.then_some(Severity::Low),
        Effect::Disabled | Effect::Removed | Effect::Killed | Effect::Other => Some(Severity::Medium),
        Effect::Masked => Some(Severity::High),
        // Recovery services of Windows start on request anyway.
        Effect::Failed | Effect::Weakened => None,
    }
}
