//! The reference of all analytics as a page, made from what they say of themselves.

use std::fmt::Write as _;

use crate::model::finding::{Severity, Technique};
use crate::model::service::Manager;

use super::analytic::{self, Analytic};

/// The page in Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Analytics\n\n\
         This page is made from the source: `UPDATE_GOLDEN=1 cargo test -p svcsensor --lib detect::` writes it anew.\n\n\
         Each analytic is a behaviour, found in one event and in what is remembered of its service. \
         Technique ids are those of ATT&CK v17 and v18, followed by that of v19 where it differs. \
         Findings that are expected are named in the configuration by analytic and service, with a reason.\n\n\
         | Analytic | Finds | On | Severity |\n| --- | --- | --- | --- |\n",
    );
    for analytic in analytic::ALL {
        // Writing to a string can't fail.
        let _ = writeln!(
            page,
            "| [{0}](#{0}) | {1} | {2} | {3} |",
            analytic.name,
            analytic.title,
            managers(analytic),
            severity(analytic)
        );
    }
    for analytic in analytic::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n**Why it is suspicious.** {}\n\n**Benign causes.** {}\n\n**Severity.** {}.\n\n",
            analytic.name,
            escaped(analytic.behaviour),
            escaped(analytic.suspicious),
            escaped(analytic.benign),
            severity(analytic)
        );
        page.push_str("**Techniques.** ");
        let techniques: Vec<String> = analytic.techniques.iter().map(|technique| shown(technique)).collect();
        page.push_str(&techniques.join("; "));
        page.push_str(".\n");
    }
    page
}

fn shown(technique: &Technique) -> String {
    if technique.v18 == technique.v19 {
        format!("{} {}", technique.v18, technique.name)
    } else {
        format!("{} (v19: {}) {}", technique.v18, technique.v19, technique.name)
    }
}

fn severity(analytic: &Analytic) -> String {
    let (lowest, highest) = analytic.severity;
    if lowest == highest { word(lowest).to_owned() } else { format!("{} to {}", word(lowest), word(highest)) }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "informational",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

fn managers(analytic: &Analytic) -> String {
    let names: Vec<&str> = analytic
        .managers
        .iter()
        .map(|manager| match manager {
            Manager::Systemd => "systemd",
            Manager::SysV => "System V",
            Manager::Scm => "Windows",
            Manager::Launchd => "launchd",
        })
        .collect();
    names.join(", ")
}

/// Text in which nothing outside of code spans is read as a tag.
fn escaped(text: &str) -> String {
    text.split('`')
        .enumerate()
        .map(|(number, part)| if number % 2 == 0 { part.replace('<', "&lt;") } else { format!("`{part}`") })
        .collect()
}
