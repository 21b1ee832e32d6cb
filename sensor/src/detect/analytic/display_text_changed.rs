//! An existing service is given another display name or description.

use crate::detect::command::is_setting;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;
use crate::scm::bundled::BUNDLED;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "display-text-changed",
    title: "Display text of a service changed",
    behaviour: "The display name or the description of a service that existed before is changed. It is suspicious \
        when the new display name is that of another, well-known service.",
    suspicious: "People and tools that list services show this text, so it is what a disguise changes.",
    benign: "Updates reword descriptions (informational). Texts that refer to a resource of a library are not told.",
    managers: WINDOWS,
    severity: (Severity::Informational, Severity::Medium),
    techniques: &[&technique::MASQUERADE, &technique::ICS_MASQUERADING],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if !subject.changes() {
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    for change in &event.changes {
        let display = is_setting(&change.name, "DisplayName");
        if !display && !is_setting(&change.name, "Description") {
            continue;
        }
        let (before, Some(after)) = (change.before.first(), change.after.first()) else { continue };
        if after.starts_with('@') || before == Some(after) {
            continue;
        }
        let imitated = BUNDLED.iter().find(|known| {
            known.display.eq_ignore_ascii_case(after.trim())
                && !known.key.eq_ignore_ascii_case(&event.service.name)
        });
        let (severity, whose) = match imitated {
            Some(known) => {
                (Severity::Medium, format!(", the display name of Windows' service {}", known.key))
            }
            // What it was before isn't known: it may be no other.
            None if before.is_none() => continue,
            None => (Severity::Informational, String::new()),
        };
        let from = before.map(|before| format!(" from {}", quoted(before))).unwrap_or_default();
        let why = format!("{} was changed{from} to {}{whose}.", change.name, quoted(after));
        verdicts.push(
            Verdict::new(severity, after.clone(), why)
                .points_to(&technique::MASQUERADE)
                .points_to(&technique::ICS_MASQUERADING),
        );
    }
    verdicts
}
