//! Records that were read already: the same log is often at hand in several forms.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::windows_event::WindowsEvent;

/// How many records one generation remembers.
const GENERATION: usize = 128 * 1024;

/// Remembers the last records that were decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Dedupe {
    young: HashSet<u64>,
    old: HashSet<u64>,
}

impl Dedupe {
    /// Whether `event` was seen before; it is remembered.
    pub(super) fn seen_before(&mut self, event: &WindowsEvent) -> bool {
        let identity = identity(event);
        if self.old.contains(&identity) || !self.young.insert(identity) {
            return true;
        }
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        false
    }
}

/// By its number within its channel; without one, by its content.
fn identity(event: &WindowsEvent) -> u64 {
    let mut hasher = DefaultHasher::new();
    event.computer.to_ascii_lowercase().hash(&mut hasher);
    event.channel.to_ascii_lowercase().hash(&mut hasher);
    event.id.hash(&mut hasher);
    if let Some(record) = event.record_id {
        record.hash(&mut hasher);
        // Forms of one record agree in the second only. A machine that was set up anew counts from 1 again.
        (event.time.0 / 1_000_000_000).hash(&mut hasher);
    } else {
        event.time.hash(&mut hasher);
        for field in &event.fields {
            field.name.hash(&mut hasher);
            field.value.text().hash(&mut hasher);
        }
    }
    hasher.finish()
}
