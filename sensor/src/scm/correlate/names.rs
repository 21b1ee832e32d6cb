//! Which display name belongs to which key.

use super::bounded::Bounded;
use crate::scm::observed::Name;

/// How many services' names are remembered for each host.
const REMEMBERED: usize = 8192;

/// The names that records gave together.
#[derive(Clone, Debug)]
pub(super) struct Names {
    key_of: Bounded<String, String>,
    display_of: Bounded<String, String>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { key_of: Bounded::new(REMEMBERED), display_of: Bounded::new(REMEMBERED) }
    }

    /// Remembers two names that a record gives together.
    pub(super) fn learn(&mut self, name: &Name) {
        if let (Some(key), Some(display)) = (&name.key, &name.display) {
            self.key_of.insert(display.to_lowercase(), key.clone());
            self.display_of.insert(key.to_lowercase(), display.clone());
        }
    }

    /// Fills in the name that is missing.
    pub(super) fn complete(&self, name: &mut Name) {
        if name.key.is_none() {
            name.key =
                name.display.as_ref().and_then(|display| self.key_of.get(&display.to_lowercase())).cloned();
        }
        if name.display.is_none() {
            name.display =
                name.key.as_ref().and_then(|key| self.display_of.get(&key.to_lowercase())).cloned();
        }
    }
}
