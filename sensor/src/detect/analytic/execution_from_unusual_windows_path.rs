//! A service of Windows runs something from a place where no installer puts programs.

use crate::detect::command::{is_setting, windows_program};
use crate::detect::place::windows::Place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::quoted;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS, driver_suspicious};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "execution-from-unusual-windows-path",
    title: "Service runs from an unusual path",
    behaviour: "A service is created or changed so that its program, library or failure command lies on a network or \
        administrative share, in the recycle bin, in the public user's or another user's profile, in a directory for \
        temporary files, at the top of ProgramData or of a drive, in a directory of Windows that holds no programs, or \
        in Windows' own directory under a name that looks made up at random; or that it is a bare name, which is \
        searched for (low).",
    suspicious: "Remote-execution tools copy themselves to administrative shares; malware lies where its dropper may \
        write.",
    benign: "Hardware tools unpack a driver or a helper to a temporary directory; some programs install themselves for \
        one user.",
    managers: WINDOWS,
    severity: (Severity::Low, Severity::High),
    techniques: &[&technique::WINDOWS_SERVICE, &technique::SERVICE_EXECUTION, &technique::ADMIN_SHARES],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if !subject.defines() || driver_suspicious::is_driver(subject) {
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    for command in subject.commands() {
        // The arguments of an interpreter or a host count as well: `rundll32 C:\Users\…`, `cmd /c C:\Temp\x`.
        let hosted = command.traits.interpreter.is_some()
            || ["rundll32.exe", "regsvr32.exe", "nssm.exe", "srvany.exe"]
                .iter()
                .any(|host| command.path.to_ascii_lowercase().ends_with(host));
        let in_arguments = hosted
            .then(|| words(command.line, &['"', '\'']).into_iter().filter(|word| word.contains('\\')))
            .into_iter()
            .flatten();
        let worst = std::iter::once(command.path)
            .chain(in_arguments)
            .filter(|path| !path.starts_with(r"\\.\pipe"))
            .filter_map(|path| Place::of(path).map(|place| (place.severity(), path, place)))
            .max_by_key(|(severity, _, _)| *severity);
        let bare =
            (!hosted && is_bare(command.line)).then_some((Place::Bare.severity(), command.path, Place::Bare));
        let Some((severity, path, place)) = worst.or(bare) else { continue };
        let share = matches!(place, Place::AdminShare).then_some(&technique::ADMIN_SHARES);
        let execution = is_setting(command.setting, "ImagePath").then_some(&technique::SERVICE_EXECUTION);
        let why = format!("{} runs {}, which lies in {}.", command.setting, quoted(path), place.word());
        verdicts.push(
            Verdict::new(severity, path, why)
                .points_to(&technique::WINDOWS_SERVICE)
                .points_to_all(execution)
                .points_to_all(share),
        );
    }
    verdicts
}

/// The words of a command line. A path in quotes is one, with its blanks; what else is in quotes is a command line itself.
fn words<'line>(line: &'line str, quotes: &[char]) -> Vec<&'line str> {
    let Some((quote, others)) = quotes.split_first() else {
        return line.split([' ', ',', ';', '=']).collect();
    };
    let parts = line.split(*quote).enumerate();
    parts
        .flat_map(
            |(place, part)| {
                if place % 2 == 1 && is_one_path(part) { vec![part] } else { words(part, others) }
            },
        )
        .collect()
}

fn is_one_path(text: &str) -> bool {
    let starts = |text: &str| text.starts_with(r"\\") || text.get(1..3) == Some(r":\");
    starts(text) && !text.split([' ', ',', ';', '=']).skip(1).any(starts)
}

/// Whether a command line names its program without any directory.
fn is_bare(line: &str) -> bool {
    let program = windows_program(line);
    !program.is_empty() && !program.contains(['\\', '/', '%']) && !line.trim_start().starts_with('"')
}
