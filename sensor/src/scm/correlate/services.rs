//! What is known of a host's services at a time: their settings, and when they came to be.

use super::bounded::Bounded;
use crate::model::Timestamp;
use crate::scm::observed::Name;

/// How many services are remembered for each host.
const REMEMBERED: usize = 4096;

/// What is known of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    /// Its names as records write them.
    pub(super) name: Name,
    /// Settings and values, in the order in which they became known.
    pub(super) settings: Vec<(&'static str, String)>,
    /// When it was created, if that was seen.
    pub(super) created: Option<Timestamp>,
}

/// The services of a host.
#[derive(Clone, Debug)]
pub(super) struct Services {
    known: Bounded<String, Service>,
}

impl Service {
    pub(super) fn get(&self, setting: &str) -> Option<&str> {
        self.settings.iter().find(|(name, _)| *name == setting).map(|(_, value)| value.as_str())
    }

    /// Sets or removes a setting.
    pub(super) fn set(&mut self, setting: &'static str, value: Option<&str>) {
        self.settings.retain(|(name, _)| *name != setting || value.is_some());
        let Some(value) = value else { return };
        match self.settings.iter_mut().find(|(name, _)| *name == setting) {
            Some((_, known)) => value.clone_into(known),
            None => self.settings.push((setting, value.to_owned())),
        }
    }
}

impl Services {
    pub(super) fn new() -> Self {
        Self { known: Bounded::new(REMEMBERED) }
    }

    pub(super) fn get(&self, name: &Name) -> Option<&Service> {
        self.known.get(name.best().to_lowercase().as_str())
    }

    pub(super) fn entry(&mut self, name: &Name) -> &mut Service {
        let service = self.known.entry(name.best().to_lowercase());
        service.name.key = service.name.key.take().or_else(|| name.key.clone());
        service.name.display = service.name.display.take().or_else(|| name.display.clone());
        service
    }

    /// Forgets a service that is gone.
    pub(super) fn removed(&mut self, name: &Name) {
        *self.entry(name) = Service::default();
    }

    /// Begins anew with a service that was created.
    pub(super) fn created(&mut self, name: &Name, time: Timestamp) -> &mut Service {
        let service = self.entry(name);
        *service = Service { name: name.clone(), created: Some(time), ..Service::default() };
        service
    }

    /// The names of a service whose image path `fits`.
    pub(super) fn by_image(&self, fits: impl Fn(&str) -> bool) -> Option<Name> {
        let runs = |service: &&Service| service.get(crate::scm::setting::IMAGE_PATH).is_some_and(&fits);
        self.known.iter().map(|(_, service)| service).find(runs).map(|service| service.name.clone())
    }
}
