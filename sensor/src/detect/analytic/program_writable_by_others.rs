//! A service of the host runs a program that others than root can replace.

use crate::detect::place::unix::Place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::event::Executable;
use crate::model::finding::Severity;
use crate::model::service::Scope;

use super::executable_replaced::program_is_opened;
use super::{Analytic, UNIX};

/// The permission bit of writing by everybody.
const BY_EVERYBODY: u32 = 0o002;
/// The permission bit of writing by the group.
const BY_GROUP: u32 = 0o020;

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "program-writable-by-others",
    title: "Service program can be replaced by others",
    behaviour: "A service of the host runs a program whose file is owned by another user than root, or may be written \
        to by a group or by everybody.",
    suspicious: "Whoever can write the file runs code with the service's rights at its next start.",
    benign: "A service that runs as the very user who owns the program is told as low; programs that a build leaves \
        behind with its own owner.",
    managers: UNIX,
    severity: (Severity::Low, Severity::High),
    techniques: &[
        &technique::HIJACK_FLOW,
        &technique::SYSTEM_PROCESS,
        &technique::SYSTEMD_SERVICE,
        &technique::LAUNCH_AGENT,
        &technique::LAUNCH_DAEMON,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let service = &subject.event.service;
    if !subject.defines() || service.scope != Scope::System {
        return Vec::new();
    }
    let as_user = subject.value_of("User").filter(|user| !matches!(*user, "root" | "0" | ""));
    let mut verdicts = Vec::new();
    for executable in executables(subject) {
        // Where the place is open already, another analytic says so.
        if Place::of(&executable.path).is_some_and(Place::is_open) {
            continue;
        }
        let mode = executable.mode.get().copied().unwrap_or_default();
        let (user, group) = executable.owner.get().copied().unwrap_or_default();
        let (severity, fault) = if mode & BY_EVERYBODY != 0 {
            (Severity::High, format!("everybody can write to (mode {:o})", mode & 0o7777))
        } else if mode & BY_GROUP != 0 && group != 0 {
            (Severity::Medium, format!("group {group} can write to (mode {:o})", mode & 0o7777))
        } else if user != 0 && as_user.is_some() {
            (Severity::Low, format!("belongs to user {user}"))
        } else if user != 0 {
            (Severity::Medium, format!("belongs to user {user}"))
        } else {
            continue;
        };
        let run_as = as_user.map_or_else(|| "root".to_owned(), quoted);
        let why = format!(
            "{} runs {} as {run_as}, a file that {fault}.",
            if executable.setting.is_empty() { "The manager" } else { &executable.setting },
            quoted(&executable.path)
        );
        verdicts.push(
            Verdict::new(severity, executable.path.clone(), why)
                .points_to(&technique::HIJACK_FLOW)
                .points_to(technique::persistence(service)),
        );
    }
    verdicts
}

/// The programs that came with the event, or the one whose file it is about.
fn executables<'a>(subject: &Subject<'a>) -> Vec<&'a Executable> {
    if !program_is_opened(subject.event) {
        return subject.commands().iter().filter_map(|command| command.executable).collect();
    }
    let path = subject.file();
    subject.event.executables.iter().filter(|executable| Some(executable.path.as_str()) == path).collect()
}
