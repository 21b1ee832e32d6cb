//! Names of registry keys by the kernel's objects for them.

use super::bounded::Bounded;
use crate::scm::decode::KEY_PATH;
use crate::windows_event::{Field, Value, WindowsEvent};

/// How many keys are remembered for all hosts together.
const REMEMBERED: usize = 65_536;

/// Remembers which object is which key, since most events of the kernel's registry provider only have the object.
#[derive(Clone, Debug)]
pub(super) struct KeyNames {
    names: Bounded<(String, u64), String>,
}

impl KeyNames {
    pub(super) fn new() -> Self {
        Self { names: Bounded::new(REMEMBERED) }
    }

    /// Puts the key's path into an event, where it is known.
    pub(super) fn complete(&mut self, event: &mut WindowsEvent) {
        let object = event.integer("KeyObject");
        let path = match event.id {
            1 | 2 => self.opened(event),
            _ => event
                .text("KeyName")
                .filter(|name| name.starts_with('\\'))
                .map(std::borrow::Cow::into_owned)
                .or_else(|| self.names.get(&(event.computer.to_string(), object?)).cloned()),
        };
        let Some(path) = path else { return };
        if let (Some(object), 1 | 2) = (object, event.id) {
            self.names.insert((event.computer.to_string(), object), path.clone());
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
            .or_else(|| {
                self.names.get(&(event.computer.to_string(), event.integer("BaseObject")?)).cloned()
            })?;
        Some(if relative.is_empty() { base } else { format!("{}\\{relative}", base.trim_end_matches('\\')) })
    }
}
