//! A service is created from another machine.

use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "remote-service-creation",
    title: "Service created over the network",
    behaviour: "A service is created by a client on another machine, as the joined logon, share access or call tells; \
        or by a network logon whose origin is not known.",
    suspicious: "Lateral movement and relayed credentials end in a service on the target.",
    benign: "Deployment and management products, and administrators with `sc \\\\host`.",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::Medium),
    techniques: &[
        &technique::ADMIN_SHARES,
        &technique::SMB_RELAY,
        &technique::SERVICE_EXECUTION,
        &technique::WINDOWS_SERVICE,
        &technique::ICS_IN_THE_MIDDLE,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if !subject.creates() {
        return Vec::new();
    }
    // Logon type 3 is a network logon (Microsoft, event 4624).
    let network = subject.detail("logon_type").is_some_and(|kind| {
        let kind = kind.trim().to_ascii_lowercase();
        kind == "3" || kind == "network"
    });
    let name = quoted(&event.service.name);
    let (severity, why) = match subject.remote_client() {
        Some(client) => (Severity::Medium, format!("The service {name} was created by {client}.")),
        None if network => (
            Severity::Low,
            format!("The service {name} was created by a network logon that names no other machine."),
        ),
        None => return Vec::new(),
    };
    vec![
        Verdict::new(severity, "remote", why)
            .points_to(&technique::ADMIN_SHARES)
            .points_to(&technique::SERVICE_EXECUTION)
            .points_to(&technique::WINDOWS_SERVICE)
            .points_to(&technique::SMB_RELAY)
            .points_to(&technique::ICS_IN_THE_MIDDLE),
    ]
}
