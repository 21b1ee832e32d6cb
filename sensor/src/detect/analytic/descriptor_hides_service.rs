//! A service's security descriptor keeps people from seeing it.

use crate::detect::command::is_setting;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "descriptor-hides-service",
    title: "Service hidden by its security descriptor",
    behaviour: "A service is created or changed so that its security descriptor denies interactive users, services, \
        administrators or everybody the right to query it.",
    suspicious: "`sc query`, the services console and most tools then leave the service out of their lists.",
    benign: "Products that protect themselves deny the right to stop or change, which is not told. A denial for others \
        than the groups above is told as medium.",
    managers: WINDOWS,
    severity: (Severity::Medium, Severity::High),
    techniques: &[&technique::HIDE_ARTIFACTS, &technique::WINDOWS_SERVICE],
    judge,
};

/// Access rights by which a service is seen, in SDDL: query configuration, query status, enumerate dependents, read
/// control, and the generic rights that hold them.
const SEEING: &[&str] = &["CC", "LC", "GR", "GA", "KR", "FR"];
/// The same as bits: `SERVICE_QUERY_CONFIG` 1, `SERVICE_QUERY_STATUS` 4, `GENERIC_READ`, `GENERIC_ALL`.
const SEEING_BITS: u32 = 0x0000_0001 | 0x0000_0004 | 0x8000_0000 | 0x1000_0000;
/// Trustees that stand for everyone who might look: interactive users, services, administrators, everybody,
/// authenticated users, the system, users.
const LOOKERS: &[&str] = &[
    "IU",
    "SU",
    "BA",
    "WD",
    "AU",
    "SY",
    "BU",
    "S-1-5-4",
    "S-1-5-6",
    "S-1-5-32-544",
    "S-1-1-0",
    "S-1-5-11",
    "S-1-5-18",
];

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if !subject.defines() {
        return Vec::new();
    }
    let changed = event.changes.iter().filter(|change| is_setting(&change.name, "Security"));
    let values: Vec<&String> = changed
        .flat_map(|change| change.after.iter().filter(|value| !change.before.contains(value)))
        .collect();
    let values = if values.is_empty() && subject.creates() {
        subject.settings_of("Security").flat_map(|setting| setting.values.iter()).collect()
    } else {
        values
    };
    let mut verdicts = Vec::new();
    for descriptor in values {
        let denied: Vec<&str> = denials(descriptor).collect();
        if denied.is_empty() {
            continue;
        }
        let everyone: Vec<&str> = denied.iter().copied().filter(|trustee| is_looker(trustee)).collect();
        let severity = if everyone.is_empty() { Severity::Medium } else { Severity::High };
        let named = if everyone.is_empty() { denied } else { everyone };
        let why = format!(
            "The security descriptor of {} denies {} the right to query it.",
            quoted(&event.service.name),
            named.iter().take(8).copied().map(quoted).collect::<Vec<_>>().join(", ")
        );
        verdicts.push(
            Verdict::new(severity, descriptor.clone(), why)
                .points_to(&technique::HIDE_ARTIFACTS)
                .points_to(&technique::WINDOWS_SERVICE),
        );
    }
    verdicts
}

fn is_looker(trustee: &str) -> bool {
    LOOKERS.iter().any(|looker| looker.eq_ignore_ascii_case(trustee))
}

/// The trustees whom a descriptor in SDDL denies to see the service.
///
/// An entry is `(type;flags;rights;object;inherited object;trustee)`; `D` denies (Microsoft, "ACE strings").
fn denials(descriptor: &str) -> impl Iterator<Item = &str> {
    // What follows `S:` is for auditing and denies nothing.
    descriptor.split('(').take(256).filter_map(|entry| {
        let entry = entry.split(')').next()?;
        let mut fields = entry.split(';');
        let kind = fields.next()?.trim();
        if !matches!(kind, "D" | "OD" | "XD" | "d") {
            return None;
        }
        let rights = fields.nth(1)?;
        let trustee = fields.nth(2)?.trim();
        let sees = match rights.strip_prefix("0x").or_else(|| rights.strip_prefix("0X")) {
            Some(bits) => u32::from_str_radix(bits, 16).is_ok_and(|bits| bits & SEEING_BITS != 0),
            None => rights
                .as_bytes()
                .chunks_exact(2)
                .any(|pair| SEEING.iter().any(|right| right.as_bytes().eq_ignore_ascii_case(pair))),
        };
        sees.then_some(trustee)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_denials() {
        for (descriptor, expected) in [
            ("D:(D;;DCLCWPDTSD;;;IU)(D;;DCLCWPDTSD;;;SU)(A;;CCLCSWLOCRRC;;;IU)", vec!["IU", "SU"]),
            ("O:SYG:SYD:(D;;0x4;;;S-1-5-4)", vec!["S-1-5-4"]),
            ("D:(D;;WPDT;;;BA)(A;;CCLC;;;SY)", vec![]),
            ("D:(A;;CCLCSWRPWPDTLOCRRC;;;SY)", vec![]),
            ("(D;;;;;", vec![]),
            ("((((", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(denials(descriptor).collect::<Vec<_>>(), expected, "{descriptor}");
        }
    }
}
