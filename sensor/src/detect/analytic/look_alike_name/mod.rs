//! A service bears a name that imitates a well-known one.

mod likeness;

use std::sync::LazyLock;

use crate::detect::catalog::names::linux::{BUS_ALIASES, CORE, KERNEL_THREADS, PROGRAMS};
use crate::detect::catalog::names::windows::PROGRAMS as WINDOWS_PROGRAMS;
use crate::detect::glob;
use crate::detect::packaging::Packaging;
use crate::detect::place::windows as place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted, without_suffix};
use crate::detect::verdict::Verdict;
use crate::model::event::Mechanism;
use crate::model::finding::Severity;
use crate::model::service::Manager;
use crate::scm::bundled::{BUNDLED, BundledService};

use likeness::{Known, Likeness, unescaped};

use super::{Analytic, EVERY};

/// Names of Linux.
static ON_LINUX: LazyLock<Known> =
    LazyLock::new(|| Known::new([CORE, BUS_ALIASES, PROGRAMS].into_iter().flatten().copied()));
/// Key names and display names of Windows.
static ON_WINDOWS: LazyLock<Known> =
    LazyLock::new(|| Known::new(BUNDLED.iter().flat_map(|known| [known.key, known.display])));
/// Display names of Windows.
static DISPLAYED: LazyLock<Known> = LazyLock::new(|| Known::new(BUNDLED.iter().map(|known| known.display)));

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "look-alike-name",
    title: "Service imitates a well-known one",
    behaviour: "A service is created under a name that differs from a well-known one by look-alike or invisible \
        characters, or by little: by one letter from a name of six letters or more, by two from one of fourteen or \
        more, by two neighbours that are swapped from one of five, by a letter written twice (`ssshd`) from one of \
        four; shorter names are compared by their look alone. Or under a name that is a bus alias's or a kernel \
        thread's, or begins like those of systemd's own services. Or, told low, under the very name of a service of the system itself (`cron`, `systemd-logind`) that was not there \
        before and came by a unit file outside of `/usr/lib`, as in `/etc/systemd/system`, where no package puts it, and \
        without a package manager taking part. Or under a system service's name within one user's services. On \
        Windows as well: under a well-known key or display name with another program than the well-known one, or \
        with a program named like one of Windows' own outside of its directory, or under a name that is no Unicode.",
    suspicious: "Such a name is chosen so that who reads a list passes over it.",
    benign: "Forks and rebuilt programs with similar names; units that an administrator copied. A well-known name \
        with a number behind it is not told, nor the very name of an ordinary daemon such as `nginx`.",
    managers: EVERY,
    severity: (Severity::Low, Severity::High),
    techniques: &[
        &technique::MASQUERADE,
        &technique::ICS_MASQUERADING,
        &technique::SYSTEM_PROCESS,
        &technique::SYSTEMD_SERVICE,
        &technique::WINDOWS_SERVICE,
        &technique::LAUNCH_AGENT,
        &technique::LAUNCH_DAEMON,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    let event = subject.event;
    if !subject.creates() || subject.packaging == Packaging::Unpacked {
        return Vec::new();
    }
    let found = match event.service.manager {
        Manager::Scm => on_windows(subject),
        Manager::Systemd | Manager::SysV => on_linux(subject),
        // Labels are reversed domain names: only what can't be seen is told of them.
        Manager::Launchd => Known::default()
            .likeness(&event.service.name)
            .map(|likeness| disguised(&event.service.name, likeness)),
    };
    found
        .map(|(severity, why)| {
            Verdict::new(severity, "name", why)
                .points_to(&technique::MASQUERADE)
                .points_to(&technique::ICS_MASQUERADING)
                .points_to(technique::persistence(&event.service))
        })
        .into_iter()
        .collect()
}

/// The sentence for a likeness.
fn disguised(name: &str, likeness: Likeness) -> (Severity, String) {
    let name = quoted(name);
    match likeness {
        Likeness::Confusable(of) => {
            (Severity::High, format!("The name {name} looks like {} but has other characters.", quoted(of)))
        }
        Likeness::Invisible(Some(of)) => {
            (Severity::High, format!("The name {name} is {} with blank or invisible characters.", quoted(of)))
        }
        Likeness::Invisible(None) => {
            (Severity::Medium, format!("The name {name} has characters that can't be seen."))
        }
        Likeness::Near(of) => {
            (Severity::Medium, format!("The name {name} differs from {} by little.", quoted(of)))
        }
    }
}

fn on_linux(subject: &Subject<'_>) -> Option<(Severity, String)> {
    let event = subject.event;
    if matches!(event.mechanism, Mechanism::Generator | Mechanism::AliasLink | Mechanism::DependencyLink) {
        return None;
    }
    let full = unescaped(&event.service.name);
    let name = stem(&full)?;
    if let Some(pattern) = KERNEL_THREADS.iter().find(|pattern| glob::matches(pattern, name)) {
        let shown = quoted(name);
        return Some((Severity::Medium, format!("The name {shown} is that of a kernel thread ({pattern}).")));
    }
    let is_file = subject.file().is_some();
    let vendor = subject.file().is_some_and(|file| {
        // Init scripts have one place, whoever brings them.
        let is_script = event.service.manager == Manager::SysV && file.starts_with("/etc/init.d/");
        is_script || file.starts_with("/usr/lib/") || file.starts_with("/lib/")
    });
    if BUS_ALIASES.contains(&name) || CORE.contains(&name) {
        return well_known(subject, name, is_file && !vendor);
    }
    if PROGRAMS.contains(&name) {
        return None;
    }
    if let Some(likeness) = ON_LINUX.likeness(name) {
        return Some(disguised(name, likeness));
    }
    let reserved =
        ["systemd-", "dbus-org.freedesktop."].into_iter().find(|prefix| name.starts_with(prefix))?;
    (!vendor).then(|| {
        let shown = quoted(name);
        (Severity::Medium, format!("The name {shown} begins like those of systemd's own services ({reserved}…), of which none is called so."))
    })
}

/// A service under the very name of a part of the system.
fn well_known(subject: &Subject<'_>, name: &str, foreign_file: bool) -> Option<(Severity, String)> {
    let shown = quoted(name);
    if subject.packaging.is_involved() || !foreign_file {
        return None;
    }
    if !subject.is_shared() {
        // systemd's own user services and those of the desktop bear such names as well.
        let from_home = subject.file().is_some_and(|file| !file.starts_with("/run/"));
        return from_home.then(|| {
            (Severity::Medium, format!("A user's own service has the system service's name {shown}."))
        });
    }
    if BUS_ALIASES.contains(&name) {
        return Some((
            Severity::Medium,
            format!("The name {shown} is a bus alias, which is a link and never a file of its own."),
        ));
    }
    let file = quoted(subject.file().unwrap_or_default());
    Some((
        Severity::Low,
        format!(
            "The system service's name {shown} was not there before and came by {file}, where no package puts it."
        ),
    ))
}

fn on_windows(subject: &Subject<'_>) -> Option<(Severity, String)> {
    let event = subject.event;
    let key = event.service.name.as_str();
    let display = event.display_name.as_deref().unwrap_or_default();
    let program = subject.commands().first().map(|command| place::normal(command.path)).unwrap_or_default();
    let file = base_name(&program);
    if WINDOWS_PROGRAMS.contains(&file) && !is_system_directory(&program) {
        let shown = quoted(&program);
        return Some((
            Severity::High,
            format!("The program {shown} is named like one of Windows' own, outside of its directory."),
        ));
    }
    // What takes the place of half a pair of surrogates.
    if key.contains(char::REPLACEMENT_CHARACTER) {
        let shown = quoted(key);
        return Some((
            Severity::Medium,
            format!(
                "The name {shown} is no Unicode: tools that can't write it neither show nor stop the service."
            ),
        ));
    }
    let per_user = key
        .rsplit_once('_')
        .is_some_and(|(_, tail)| tail.len() >= 4 && tail.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if per_user {
        return None;
    }
    let known = BUNDLED.iter().find(|known| {
        known.key.eq_ignore_ascii_case(key)
            || [key, display].iter().any(|name| known.display.eq_ignore_ascii_case(name))
    });
    if let Some(known) = known {
        return impostor(known, key, file);
    }
    let ordinary = place::is_ordinary(&program);
    let likeness = ON_WINDOWS.likeness(key).or_else(|| DISPLAYED.likeness(display))?;
    let near = matches!(likeness, Likeness::Near(_));
    let shown = if key.is_empty() { display } else { key };
    let (severity, why) = disguised(shown, likeness);
    Some((if near && ordinary { Severity::Low } else { severity }, why))
}

/// A service under a well-known name with another program.
fn impostor(known: &BundledService, key: &str, file: &str) -> Option<(Severity, String)> {
    let other = !file.is_empty()
        && !known.program.eq_ignore_ascii_case(file)
        && !file.eq_ignore_ascii_case("svchost.exe");
    other.then(|| {
        let (key, file) = (quoted(key), quoted(file));
        (
            Severity::Medium,
            format!(
                "The service {key} bears the name of Windows' {}, which runs in {}, but runs {file}.",
                quoted(known.display),
                known.program
            ),
        )
    })
}

/// Whether a normalized path lies where Windows keeps its own programs.
fn is_system_directory(path: &str) -> bool {
    let directory = path.rsplit_once('\\').map_or("", |(directory, _)| directory);
    // A bare name is searched for in System32 first.
    directory.is_empty()
        || directory.ends_with(r":\windows\system32")
        || directory.ends_with(r":\windows\syswow64")
        || directory.contains(r":\windows\winsxs\")
}

/// A unit's name without the suffix of its type and without its instance; `None` for units that run nothing, whose
/// names are paths and groups.
fn stem(name: &str) -> Option<&str> {
    let passive = [".mount", ".automount", ".swap", ".slice", ".scope", ".device", ".target"];
    if passive.iter().any(|suffix| name.ends_with(suffix)) {
        return None;
    }
    let name = [".service", ".timer", ".socket", ".path"]
        .iter()
        .find_map(|suffix| Some(without_suffix(name, suffix)).filter(|stem| stem.len() < name.len()))
        .unwrap_or(name);
    name.split('@').next()
}
