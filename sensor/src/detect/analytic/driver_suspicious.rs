//! A kernel driver is registered that is unusual by its place or its name.

use crate::detect::catalog::drivers::{Repute, repute, repute_signed};
use crate::detect::place::windows::{self as place, Place};
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted, without_suffix};
use crate::detect::verdict::Verdict;
use crate::model::event::Action;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "driver-suspicious",
    title: "Suspicious kernel driver",
    behaviour: "A kernel or file-system driver is created or changed whose file lies in a user's profile, a temporary \
        directory, on a share or at the root of a drive, or that bears the name of a driver known to be hostile or to \
        be open to abuse; or such a driver, or one without a signature, is loaded.",
    suspicious: "A driver has the rights of the kernel. Attackers bring one that is signed and vulnerable to end \
        security products.",
    benign: "Tools for hardware, tuning and diagnosis load such drivers, often from a temporary directory (medium).",
    managers: WINDOWS,
    severity: (Severity::Medium, Severity::High),
    techniques: &[&technique::WINDOWS_SERVICE, &technique::SERVICE_EXECUTION, &technique::DISABLE_TOOLS],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    // The record of a driver's load names its image.
    let loaded = subject.detail("image").filter(|_| subject.event.action == Action::Started);
    let registered = subject.defines() && is_driver(subject);
    let paths: Vec<&str> = match loaded {
        Some(image) => vec![image],
        None if registered => subject.commands().iter().map(|command| command.path).collect(),
        None => Vec::new(),
    };
    let unsigned = subject.detail("image_signed").is_some_and(|signed| signed.eq_ignore_ascii_case("false"));
    paths.into_iter().filter_map(|path| assess(subject, path, loaded.is_some() && unsigned)).collect()
}

/// How bad a driver is; `None` if it is ordinary.
fn assess(subject: &Subject<'_>, driver: &str, unsigned: bool) -> Option<Verdict> {
    let path = place::normal(driver);
    let name = without_suffix(base_name(&path), ".sys");
    let known = repute(name)
        .or_else(|| repute(&subject.event.service.name))
        .or_else(|| repute_signed(name, subject.detail("image_signer")?));
    let odd = Place::of(&path);
    let mut severity = odd.map_or(Severity::Medium, Place::severity);
    let mut faults = Vec::new();
    match known {
        Some(Repute::Hostile) => {
            severity = Severity::High;
            faults.push("bears the name of a driver made for attacks".to_owned());
        }
        Some(Repute::Vulnerable) => {
            faults.push("bears the name of a driver that is open to abuse".to_owned());
        }
        None => {}
    }
    faults.extend(odd.map(|place| format!("lies in {}", place.word())));
    if unsigned {
        faults.push("is not signed".to_owned());
    }
    if faults.is_empty() {
        return None;
    }
    let why = format!("The driver {} {}.", quoted(driver), faults.join(" and "));
    let tools = known.map(|_| &technique::DISABLE_TOOLS);
    Some(
        Verdict::new(severity, path.clone(), why)
            .points_to(&technique::WINDOWS_SERVICE)
            .points_to(&technique::SERVICE_EXECUTION)
            .points_to_all(tools),
    )
}

/// Whether a service is a kernel or file-system driver, by its type (`SERVICE_KERNEL_DRIVER` 1,
/// `SERVICE_FILE_SYSTEM_DRIVER` 2) in numbers or words, or by its file.
pub(super) fn is_driver(subject: &Subject<'_>) -> bool {
    let by_type = subject.value_of("Type").map(|kind| {
        let kind = kind.trim().to_ascii_lowercase();
        matches!(kind.as_str(), "1" | "2" | "0x1" | "0x2" | "0x00000001" | "0x00000002")
            || kind.contains("driver")
    });
    by_type.unwrap_or(false)
        || subject.value_of("ImagePath").is_some_and(is_driver_file)
        || subject.event.executables.iter().any(|executable| is_driver_file(&executable.path))
}

/// Whether a path is Defender's driver, which it loads anew with its signatures.
pub(super) fn is_defenders_own(path: &str) -> bool {
    let path = place::normal(path);
    path.contains(r"\programdata\microsoft\windows defender\") || base_name(&path).starts_with("mpksl")
}

fn is_driver_file(path: &str) -> bool {
    without_suffix(path.trim().trim_matches('"'), ".sys").len() < path.trim().trim_matches('"').len()
}
