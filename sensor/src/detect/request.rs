//! What somebody asked a manager to do: the facts of a *control requested* event.

use crate::model::event::{Action, ServiceEvent};
use crate::model::service::Manager;

/// A request to a manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    /// The verb as it was given, such as `stop`.
    pub(crate) verb: &'a str,
    /// What it asks for.
    pub(crate) effect: Effect,
    /// The services that it names, as given: a unit may lack its suffix.
    pub(crate) services: Vec<&'a str>,
}

/// What a request or an event does to a running or startable service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// It ends.
    Stopped,
    /// Its processes are killed or frozen.
    Killed,
    /// It no longer starts by itself.
    Disabled,
    /// It can't be started any more.
    Masked,
    /// It is deleted.
    Removed,
    /// It ended by itself, with an error.
    Failed,
    /// It still may start, but no longer does so by itself: its start type became manual.
    Weakened,
    /// None of these.
    Other,
}

/// Whether a mask stands for a name that no unit had.
pub(crate) fn hides_nothing(event: &ServiceEvent) -> bool {
    event.note.as_deref().is_some_and(|note| note.contains("there was no unit"))
}

impl Effect {
    /// The effect of a kind of request, or where that says nothing of a verb of systemctl, service, update-rc.d,
    /// chkconfig, rc-service, launchctl, sc or net, or of a method of systemd's D-Bus interface.
    fn of_verb(verb: &str) -> Self {
        match verb.to_ascii_lowercase().as_str() {
            "stop" | "stopunit" | "bootout" | "unload" | "condstop" | "pause" => Self::Stopped,
            "kill" | "killunit" | "freeze" | "freezeunit" | "queuesignalunit" | "zap" => Self::Killed,
            "disable" | "disableunitfiles" | "disableunitfileswithflags" | "off" | "del" => Self::Disabled,
            "mask" | "maskunitfiles" => Self::Masked,
            "remove" | "delete" => Self::Removed,
            _ => Self::Other,
        }
    }

    /// The effect of a request.
    fn of_request(event: &ServiceEvent, verb: &str) -> Self {
        // Another machine's or another root's services are not this host's.
        if ["host", "machine", "root", "image", "target_host"]
            .iter()
            .any(|name| detail(event, name).is_some())
        {
            return Self::Other;
        }
        let kind = detail(event, "kind").filter(|kind| *kind != "other");
        let effect = Self::of_verb(kind.unwrap_or(verb));
        let signal = detail(event, "signal").unwrap_or("TERM").to_ascii_uppercase();
        // `systemctl kill -s HUP` has a log daemon open its files again: rotation does it each night.
        match signal.strip_prefix("SIG").unwrap_or(&signal) {
            "KILL" | "TERM" | "STOP" | "TSTP" | "INT" | "QUIT" | "ABRT" | "SEGV" | "9" | "15" | "19"
            | "20" | "2" | "3" | "6" | "11" => effect,
            _ if effect == Self::Killed => Self::Other,
            _ => effect,
        }
    }

    /// What an event does, be it told by the manager or asked for.
    pub(crate) fn of(event: &ServiceEvent) -> Self {
        match event.action {
            Action::Stopped => Self::Stopped,
            Action::Disabled => Self::Disabled,
            Action::Masked => Self::Masked,
            Action::Removed => Self::Removed,
            Action::Failed => Self::Failed,
            Action::ControlRequested => request(event).map_or(Self::Other, |request| request.effect),
            Action::Modified if is_made_manual(event) => Self::Weakened,
            Action::Created
            | Action::Modified
            | Action::Enabled
            | Action::Unmasked
            | Action::Aliased
            | Action::Started => Self::Other,
        }
    }

    /// The word for it within a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Killed => "killed or frozen",
            Self::Disabled => "disabled",
            Self::Masked => "masked",
            Self::Removed => "removed",
            Self::Failed => "ended with an error",
            Self::Weakened => "set to start on request alone",
            Self::Other => "changed",
        }
    }
}

/// The request that an event tells, if it is one.
///
/// The details `kind` and `verb`, or `control` on Windows, say what was asked. The detail `units` names all that it was
/// asked of; an event that is about one of them speaks for that one alone.
pub(crate) fn request(event: &ServiceEvent) -> Option<Request<'_>> {
    if event.action != Action::ControlRequested {
        return None;
    }
    let verb = detail(event, "verb").or_else(|| detail(event, "control"))?;
    let own = event.service.name.as_str();
    let units = detail(event, "units").unwrap_or_default();
    let mut services: Vec<&str> = units.split([' ', ',']).filter(|name| !name.is_empty()).take(64).collect();
    let is_own = |name: &str| name == own || own.strip_suffix(".service") == Some(name);
    if services.is_empty() || services.iter().any(|name| is_own(name)) {
        services = vec![own];
    }
    Some(Request { verb, effect: Effect::of_request(event, verb), services })
}

/// Whether the Service Control Manager no longer starts a service by itself, although it may be started.
fn is_made_manual(event: &ServiceEvent) -> bool {
    let manual = |value: &String| matches!(value.trim(), "3" | "demand start" | "manual");
    event.service.manager == Manager::Scm
        && event.changes.iter().any(|change| {
            change.name == "Start" && change.after.iter().any(manual) && !change.before.iter().any(manual)
        })
}

/// Whether somebody asks a tool of Windows to create a service or to change its settings, which the event then tells.
pub(crate) fn asks_to_define(event: &ServiceEvent) -> bool {
    request(event).is_some_and(|request| matches!(request.verb, "create" | "change"))
}

/// A detail of an event by its name; an empty one counts as absent.
pub(crate) fn detail<'a>(event: &'a ServiceEvent, name: &str) -> Option<&'a str> {
    event
        .details
        .iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.as_str())
        .filter(|v| !v.is_empty())
}
