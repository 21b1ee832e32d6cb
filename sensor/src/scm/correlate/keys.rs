//! Names of registry keys by the kernel's objects for them.

use std::time::Duration;

use super::bounded::Bounded;
use crate::model::Timestamp;
use crate::scm::decode::KEY_PATH;
use crate::scm::key;
use crate::windows_event::{Field, Value, WindowsEvent};

/// How many keys are remembered for all hosts together.
const REMEMBERED: usize = 65_536;
/// How long an object is taken for the key that it was opened on. The kernel gives the address of a closed one to the next
/// that is opened, and a live session hears of neither: both come as often as any program reads the registry.
const HELD: Duration = Duration::from_secs(10);

/// Remembers which object is which key, since most events of the kernel's registry provider only have the object.
#[derive(Clone, Debug)]
pub(super) struct KeyNames {
    names: Bounded<(String, u64), Opened>,
}

/// A key that a process has opened or created.
#[derive(Clone, Debug)]
struct Opened {
    path: String,
    process: Option<u32>,
    time: Timestamp,
    closed: Option<Timestamp>,
}

impl KeyNames {
    pub(super) fn new() -> Self {
        Self { names: Bounded::new(REMEMBERED) }
    }

    /// Puts the key's path into an event, where it is known.
    pub(super) fn complete(&mut self, event: &mut WindowsEvent) {
        let path = match event.id {
            1 | 2 => self.opened(event),
            13 => return self.closed(event),
            _ => event
                .text("KeyName")
                .filter(|name| name.starts_with('\\'))
                .map(std::borrow::Cow::into_owned)
                .or_else(|| self.find(event, "KeyObject")),
        };
        let Some(path) = path else { return };
        if matches!(event.id, 1 | 2) {
            self.remember(event, &path);
        }
        event.fields.push(Field { name: KEY_PATH.to_owned(), value: Value::Text(path) });
    }

    /// The path of a key that was opened: its relative name below that of its base.
    fn opened(&self, event: &WindowsEvent) -> Option<String> {
        let relative = event.text("RelativeName").unwrap_or_default();
        if relative.starts_with('\\') {
            return Some(relative.into_owned());
        }
        let base = event
            .text("BaseName")
            .filter(|name| name.starts_with('\\'))
            .map(std::borrow::Cow::into_owned)
            .or_else(|| self.find(event, "BaseObject"))
            // A program opens `HKEY_LOCAL_MACHINE` once, mostly unseen, and names keys of services from there.
            .or_else(|| key::parse(&relative).map(|_| r"\REGISTRY\MACHINE".to_owned()))?;
        Some(if relative.is_empty() { base } else { format!("{}\\{relative}", base.trim_end_matches('\\')) })
    }

    /// Remembers what an object is, which there is none of where the access was refused.
    fn remember(&mut self, event: &WindowsEvent, path: &str) {
        let refused = event.integer("Status").is_some_and(|status| status != 0);
        let Some(object) = event.integer("KeyObject").filter(|object| *object != 0 && !refused) else {
            return;
        };
        let opened =
            Opened { path: path.to_owned(), process: event.process_id, time: event.time, closed: None };
        self.names.insert((event.computer.to_string(), object), opened);
    }

    /// Notes that a key was closed; what was done to it before may still be told.
    fn closed(&mut self, event: &WindowsEvent) {
        let Some(object) = event.integer("KeyObject") else { return };
        if let Some(opened) = self.names.get_mut(&(event.computer.to_string(), object)) {
            opened.closed = Some(event.time);
        }
    }

    /// The path of the key that the object in `field` was at the time.
    fn find(&self, event: &WindowsEvent, field: &str) -> Option<String> {
        let opened = self.names.get(&(event.computer.to_string(), event.integer(field)?))?;
        let open = opened.time <= event.time
            && event.time.since(opened.time) <= HELD
            && opened.closed.is_none_or(|closed| event.time <= closed);
        (open && opened.process == event.process_id).then(|| opened.path.clone())
    }
}
