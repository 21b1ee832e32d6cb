//! Windows Remote Management is enabled or started where it was not.

use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::verdict::Verdict;
use crate::model::event::Action;
use crate::model::finding::Severity;
use crate::model::service::Enablement;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "remote-management-enabled",
    title: "Remote management enabled",
    behaviour: "The service WinRM is set to start by itself where it was not, or is started although it is not set to.",
    suspicious: "It lets whoever has credentials run commands from afar.",
    benign: "Servers have it enabled, and management products enable it. A start of an enabled one is not told.",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::Medium),
    techniques: &[&technique::REMOTE_MANAGEMENT],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if !event.service.name.eq_ignore_ascii_case("WinRM") {
        return Vec::new();
    }
    let before = event.enablement_before.get().copied();
    let now = event.enablement.get().copied();
    let (severity, how) = match event.action {
        Action::Enabled if before != Some(Enablement::Enabled) => {
            (Severity::Medium, "is set to start by itself now")
        }
        Action::Started if matches!(now, Some(Enablement::Disabled | Enablement::Manual)) => {
            (Severity::Low, "was started although it is not set to")
        }
        _ => return Vec::new(),
    };
    vec![
        Verdict::new(severity, how, format!("Windows Remote Management {how}."))
            .points_to(&technique::REMOTE_MANAGEMENT),
    ]
}
