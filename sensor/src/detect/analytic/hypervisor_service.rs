//! A service runs a virtual machine or its hypervisor.

use crate::detect::command::Command;
use crate::detect::glob;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted, without_suffix};
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, EVERY};

/// Programs that run virtual machines, without `.exe`.
const RUNNERS: &[&str] = &[
    "qemu-system-*",
    "qemu-kvm",
    "qemu",
    "kvm",
    "vboxheadless",
    "vboxmanage",
    "virtualbox",
    "virtualboxvm",
    "vmware-vmx",
    "vmrun",
    "vmware",
    "vmplayer",
    "firecracker",
    "cloud-hypervisor",
    "bochs",
    "colinux-daemon",
    "crosvm",
];
/// Drivers and services of hypervisors on Windows.
const SERVICES: &[&str] = &[
    "vboxdrv",
    "vboxsup",
    "vboxnet*",
    "vboxusb*",
    "vboxsds",
    "vmx86",
    "vmnetbridge",
    "vmnetadapter",
    "vmware*",
    "hcmon",
    "qemu*",
    "colinux*",
];
/// Options that keep a machine out of sight.
const OUT_OF_SIGHT: &[&str] = &[
    "-nographic",
    "-display none",
    "-daemonize",
    "--headless",
    "-vrde off",
    "type headless",
    "nogui",
    "-snapshot",
];

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "hypervisor-service",
    title: "Service runs a virtual machine",
    behaviour: "A service is created or changed that runs a virtual machine or belongs to a hypervisor, by somebody \
        else than a package manager.",
    suspicious: "What runs within a virtual machine is out of reach of the host's security tools; ransomware has been \
        run so.",
    benign: "Installing VirtualBox, VMware or QEMU (low); administrators who run a machine as a service.",
    managers: EVERY,
    severity: (Severity::Low, Severity::Medium),
    techniques: &[
        &technique::VIRTUAL_INSTANCE,
        &technique::SYSTEM_PROCESS,
        &technique::SYSTEMD_SERVICE,
        &technique::WINDOWS_SERVICE,
        &technique::LAUNCH_AGENT,
        &technique::LAUNCH_DAEMON,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if !subject.defines() || subject.packaging.is_involved() {
        return Vec::new();
    }
    let name = subject.event.service.name.as_str();
    let by_program = subject.commands().iter().find(|command| runs_machine(command));
    let by_name = subject.is_windows()
        && subject.creates()
        && SERVICES.iter().any(|pattern| glob::matches(pattern, name));
    let (severity, why) = match by_program {
        Some(command) => {
            let line = command.line.to_ascii_lowercase();
            let hidden = OUT_OF_SIGHT.iter().find(|option| line.contains(*option));
            let severity = if hidden.is_some() { Severity::Medium } else { Severity::Low };
            let how = hidden.map(|option| format!(" out of sight ({option})")).unwrap_or_default();
            (severity, format!("{} runs a virtual machine{how}.", command.shown()))
        }
        None if by_name => (Severity::Low, format!("The service {} belongs to a hypervisor.", quoted(name))),
        None => return Vec::new(),
    };
    vec![
        Verdict::new(severity, "machine", why)
            .points_to(&technique::VIRTUAL_INSTANCE)
            .points_to(technique::persistence(&subject.event.service)),
    ]
}

fn runs_machine(command: &Command<'_>) -> bool {
    command.traits.runs.iter().any(|run| {
        let program = without_suffix(base_name(run), ".exe");
        RUNNERS.iter().any(|pattern| glob::matches(pattern, program))
    })
}
