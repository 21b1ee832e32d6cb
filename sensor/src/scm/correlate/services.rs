//! What is known of a host's services at a time: their settings, and when they came to be.

use super::bounded::Bounded;
use crate::model::Timestamp;
use crate::scm::image_path::{ImagePath, file_name};
use crate::scm::observed::Name;
use crate::scm::setting::{IMAGE_PATH, TYPE};

/// How many services are remembered for each host.
const REMEMBERED: usize = 4096;

/// What is known of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    /// Its names as records write them.
    pub(super) name: Name,
    /// Settings and values, in the order in which they became known.
    settings: Vec<(&'static str, String)>,
    /// The file name of the program that it runs, in lower case.
    program: Option<String>,
    /// When it was created, if that was seen.
    pub(super) created: Option<Timestamp>,
    /// Whether it was seen to do something, so that it is there.
    pub(super) is_there: bool,
}

/// The services of a host.
#[derive(Clone, Debug)]
pub(super) struct Services {
    known: Bounded<String, Service>,
    /// Since when every service of the host is known.
    complete_since: Option<Timestamp>,
}

impl Service {
    /// A service that is there, with these settings.
    pub(super) fn known(name: Name, settings: Vec<(&'static str, String)>) -> Self {
        let service = Self { name, settings, is_there: true, ..Self::default() };
        let program = service.get(IMAGE_PATH).map(program_of);
        Self { program, ..service }
    }

    /// Settings and values, in the order in which they became known.
    pub(super) fn settings(&self) -> &[(&'static str, String)] {
        &self.settings
    }

    pub(super) fn get(&self, setting: &str) -> Option<&str> {
        self.settings.iter().find(|(name, _)| *name == setting).map(|(_, value)| value.as_str())
    }

    /// Whether it has what makes a key a service: a type and a program.
    pub(super) fn is_whole(&self) -> bool {
        self.get(TYPE).is_some() && self.get(IMAGE_PATH).is_some()
    }

    /// Sets or removes a setting.
    pub(super) fn set(&mut self, setting: &'static str, value: Option<&str>) {
        if setting == IMAGE_PATH {
            self.program = value.map(program_of);
        }
        self.settings.retain(|(name, _)| *name != setting || value.is_some());
        let Some(value) = value else { return };
        match self.settings.iter_mut().find(|(name, _)| *name == setting) {
            Some((_, known)) => value.clone_into(known),
            None => self.settings.push((setting, value.to_owned())),
        }
    }
}

/// The file name of the program that an image path runs, in lower case.
fn program_of(image_path: &str) -> String {
    file_name(&ImagePath::parse(image_path, true).program).to_lowercase()
}

impl Services {
    pub(super) fn new() -> Self {
        Self { known: Bounded::new(REMEMBERED), complete_since: None }
    }

    /// Whether every service of the host was known at `time`, so that one which isn't was not there.
    pub(super) fn is_complete_at(&self, time: Timestamp) -> bool {
        self.complete_since.is_some_and(|since| since <= time)
    }

    /// Whether what is known is newer than `time`: a log tells late what happened before the services were listed.
    pub(super) fn is_newer_than(&self, time: Timestamp) -> bool {
        self.complete_since.is_some_and(|since| time < since)
    }

    /// Takes over a list of all services, as they were at `time`.
    pub(super) fn learn(&mut self, time: Timestamp, services: Vec<Service>) {
        for service in services {
            let known = self.entry(&service.name);
            *known = Service { created: known.created, ..service };
        }
        self.complete_since = Some(time);
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

    /// The names of a service whose program has this file name, in lower case.
    pub(super) fn by_program(&self, file: &str) -> Option<Name> {
        let runs = |service: &&Service| service.program.as_deref() == Some(file);
        self.known.iter().map(|(_, service)| service).find(runs).map(|service| service.name.clone())
    }
}
