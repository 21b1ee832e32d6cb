//! Many services are stopped or disabled at once.

use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, EVERY};

/// So many services within a minute are a burst.
const MANY: usize = 10;

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "mass-service-stop",
    title: "Many services stopped at once",
    behaviour: "Ten or more services of one host are asked to stop, or are disabled, masked or removed, within a \
        minute, by others than a package manager.",
    suspicious: "Ransomware and wipers stop databases, mail and backups to get at their files.",
    benign: "Hardening scripts and roles of a configuration management, uninstallers of large products. That services \
        stop at a shutdown is not counted.",
    managers: EVERY,
    severity: (Severity::Medium, Severity::Medium),
    techniques: &[&technique::SERVICE_STOP, &technique::ICS_SERVICE_STOP],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let names = &subject.burst.names;
    // Told when the number is reached, and again each time that it has doubled.
    let size = |count: usize| (count / MANY).checked_ilog2();
    if size(names.len()) <= size(subject.burst.before) {
        return Vec::new();
    }
    let first: Vec<String> = names.iter().take(5).map(|name| quoted(name)).collect();
    let why = format!(
        "{} services were stopped or disabled within a minute, the first of them {}.",
        names.len(),
        first.join(", ")
    );
    vec![
        Verdict::new(Severity::Medium, format!("burst of {}", names.len()), why)
            .points_to(&technique::SERVICE_STOP)
            .points_to(&technique::ICS_SERVICE_STOP),
    ]
}
