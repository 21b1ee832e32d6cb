//! Commands that ask a manager for something.

use super::units::Place;
use super::{Engine, actor};
use crate::correlate::touched::Touch;
use crate::host::Host;
use crate::model::observation::Exec;
use crate::model::process::Confidence;
use crate::model::{
    Action, Known, Line, Manager, Mechanism, ObservationId, Reason, Scope, ServiceEvent, ServiceId, Timestamp,
};
use crate::systemd::UnitName;
use crate::systemd::control::{Addressed, ControlAction, ControlRequest};

/// The most units of one command that are told.
const MOST_UNITS: usize = 64;
/// The name under which a request to the manager itself is told.
const MANAGER: &str = "systemd";

impl Engine {
    /// The id of a user whose units are known, by name or by the id itself.
    fn user_id(&self, name: &str, host: &mut dyn Host) -> Option<u32> {
        let by_name = self.units.users().find(|uid| host.user_name(*uid).is_ok_and(|known| known == name));
        by_name.or_else(|| name.parse().ok())
    }

    /// A program was run: what it asks of a manager, and what its run tells of one.
    pub(super) fn command(
        &mut self,
        id: ObservationId,
        time: Timestamp,
        exec: &Exec,
        host: &mut dyn Host,
        lines: &mut Vec<Line>,
    ) {
        if self.generator_of_manager(exec).is_some() {
            // The manager reads all units after its generators ran: what writers still hold is in force then.
            self.tell_held(host, lines);
        }
        self.note_load(exec, time, lines);
        let Some(request) = self.tools.request(exec, host).filter(|request| !request.read_only) else {
            return;
        };
        if matches!(request.action, ControlAction::DaemonReload | ControlAction::DaemonReexec) {
            self.tell_held(host, lines);
        }
        let uid = exec.process.user.get().map(|user| user.uid);
        let key = self.processes.resolve(exec.process.key);
        let scope = match request.addressed {
            Addressed::System => Scope::System,
            Addressed::AllUsers => Scope::AllUsers,
            Addressed::User => Scope::User(
                request.options.user_of_host().and_then(|name| self.user_id(name, host)).or(uid).unwrap_or(0),
            ),
        };
        let names: Vec<String> = if request.units.is_empty() {
            vec![MANAGER.to_owned()]
        } else {
            request.units.iter().take(MOST_UNITS).cloned().collect()
        };
        let details = details(&request);
        // A unit of the same name on this host is another one.
        let is_here = request.is_local();
        let addressed = if let Scope::User(uid) = scope { Some(uid) } else { uid };
        self.requests.note(key, addressed, time, request);
        let actor = actor::describe(key, None, &mut self.processes, host);
        for name in names {
            let parsed = UnitName::parse(&name).ok().filter(|_| is_here);
            let unit = parsed.and_then(|name| self.units.effective(scope, &name));
            let event = self.next_event();
            let outdated = is_here && self.is_outdated(scope, &name);
            let executables =
                unit.as_ref().map_or_else(Vec::new, |unit| self.executables(&event, &unit.commands, host));
            let enablement =
                unit.as_ref().map_or(Known::Missing(Reason::NotFound), |unit| Known::Is(unit.enablement));
            lines.push(Line::Event(Box::new(ServiceEvent {
                id: event,
                time,
                host: None,
                action: Action::ControlRequested,
                mechanism: Mechanism::Command,
                service: ServiceId { manager: Manager::Systemd, scope, name },
                display_name: unit.as_ref().and_then(|unit| unit.description.clone()),
                definition: unit.map(|unit| unit.settings).unwrap_or_default(),
                changes: Vec::new(),
                file: None,
                executables,
                enablement: enablement.clone(),
                enablement_before: enablement,
                // Without a change that waits, nobody knows what it has read before the sensor began.
                loaded: if outdated { Known::Is(false) } else { Known::Missing(Reason::NotRecorded) },
                actor: actor.clone(),
                confidence: Confidence::High,
                note: Some("asked for; whether it was done, other events tell".to_owned()),
                details: details.clone(),
                missing: Vec::new(),
                evidence: vec![id],
            })));
        }
    }
}

impl Engine {
    /// Tells what writers still hold, as it stands. The manager reads what generators write when they have ended: it waits
    /// for that.
    fn tell_held(&mut self, host: &mut dyn Host, lines: &mut Vec<Line>) {
        let units = &self.units;
        let is_meant = |touch: &Touch| units.place(touch.path.as_ref()) != Place::Unit { generated: true };
        for touch in self.touched.held(is_meant) {
            self.tell(&touch, host, lines);
        }
    }
}

/// What the command says, by name.
fn details(request: &ControlRequest) -> Vec<(&'static str, String)> {
    let options = &request.options;
    let mut details = vec![
        ("tool", request.tool.as_str().to_owned()),
        ("verb", request.verb.clone()),
        ("kind", request.action.as_str().to_owned()),
    ];
    if !request.units.is_empty() {
        details.push(("units", request.units.join(" ")));
    }
    if !request.operands.is_empty() {
        details.push(("operands", request.operands.join(" ")));
    }
    for (name, set) in [
        ("now", options.now),
        ("runtime", options.runtime),
        ("force", options.force),
        ("no_reload", options.no_reload),
    ] {
        if set {
            details.push((name, "yes".to_owned()));
        }
    }
    for (name, value) in [
        ("root", &options.root),
        ("image", &options.image),
        ("host", &options.host),
        ("machine", &options.machine),
    ] {
        if let Some(value) = value {
            details.push((name, value.clone()));
        }
    }
    details.extend(options.others.iter().map(|(name, value)| (*name, value.clone())));
    details
}
