//! Changes of services' registry keys, by notification: what needs no trace, and no audit.
//!
//! Each service's key is watched by itself, with the few keys below it that hold settings. A notification of everything
//! below `Services` would come at every start of a program, since services keep their data there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::inventory::{self, SERVICES, is_gone};
use super::registry::Key;
use super::scm::Scm;
use super::sources::Input;
use super::wait::Wait;
use super::{clock, fault};
use crate::model::{Loss, Timestamp};
use crate::scm::correlate::{KnownService, Sighting};
use crate::scm::interest::Source;
use crate::scm::inventory::{Definition, KEYS, differences};

/// How long after its first change a key is read: whoever writes a service writes many values.
const SETTLE: Duration = Duration::from_millis(100);
/// How many services are watched.
const MOST_SERVICES: usize = 16_384;
/// The number of the watch of the key of all services.
const ROOT: u64 = 0;
/// What makes the watch end.
const STOP: u64 = u64::MAX;
/// The place of a service's own key among its watches.
const SELF: &str = "";

/// The thread that watches.
#[derive(Debug)]
pub(super) struct RegistryWatch {
    stop: Sender<u64>,
    thread: JoinHandle<()>,
}

impl RegistryWatch {
    /// Watches, and hands over the inventory first, then what changes.
    ///
    /// # Errors
    /// When the key of all services can't be watched, and why.
    pub(super) fn start(to: SyncSender<Input>) -> Result<Self, String> {
        let (tell, told) = channel();
        let mut watcher = Watcher::new(tell.clone(), to).map_err(|error| fault::words(&error))?;
        let thread = std::thread::Builder::new()
            .name("registry".to_owned())
            .spawn(move || watcher.run(&told))
            .map_err(|error| error.to_string())?;
        Ok(Self { stop: tell, thread })
    }

    /// Looks at what has just changed, and ends.
    pub(super) fn stop(self) {
        let _ended_already = self.stop.send(STOP);
        if self.thread.join().is_err() {
            tracing::error!("the registry watch ended by a fault of its own");
        }
    }
}

/// A watched key.
struct Watched {
    key: Key,
    wait: Wait,
    subtree: bool,
}

/// What is known of a key below `Services`.
#[derive(Default)]
struct Service {
    /// Its name as it is written. A name that is no Unicode is one as well to the registry and the SCM, and hides from
    /// tools that can't write it.
    name: OsString,
    definition: Option<Definition>,
    /// Whether the SCM knew it when it was last seen to change.
    in_scm: bool,
    /// Its watches, by the key below it that each is of.
    watches: BTreeMap<&'static str, u64>,
}

/// A key that is there and can't be read; why has been told.
struct Unreadable;

/// A key that changed, and is read a little later.
struct Dirty {
    since: Timestamp,
    due: Instant,
}

struct Watcher {
    to: SyncSender<Input>,
    tell: Sender<u64>,
    root: Watched,
    scm: Option<Scm>,
    /// By their names in one case.
    services: BTreeMap<OsString, Service>,
    watches: HashMap<u64, (OsString, Watched)>,
    next: u64,
    dirty: HashMap<OsString, Dirty>,
    /// Watches that have told and wait to be armed again.
    fired: Vec<u64>,
    root_dirty: Option<Dirty>,
    /// Nobody takes what is seen any more.
    gone: bool,
}

impl Watched {
    /// Watches a key from now on.
    fn new(key: Key, subtree: bool, number: u64, tell: Sender<u64>) -> windows::core::Result<Self> {
        let wait = Wait::new(number, tell)?;
        let watched = Self { key, wait, subtree };
        watched.arm()?;
        Ok(watched)
    }

    fn arm(&self) -> windows::core::Result<()> {
        self.key.notify(self.wait.event(), self.subtree)?;
        self.wait.arm();
        Ok(())
    }
}

impl Watcher {
    fn new(tell: Sender<u64>, to: SyncSender<Input>) -> windows::core::Result<Self> {
        let root = Watched::new(Key::open(SERVICES)?, false, ROOT, tell.clone())?;
        Ok(Self {
            to,
            tell,
            root,
            scm: Scm::connect().ok(),
            services: BTreeMap::new(),
            watches: HashMap::new(),
            next: ROOT + 1,
            dirty: HashMap::new(),
            fired: Vec::new(),
            root_dirty: None,
            gone: false,
        })
    }

    fn run(&mut self, told: &Receiver<u64>) {
        self.take_stock();
        let mut end = None;
        loop {
            match told.recv_timeout(self.wait(end)) {
                // Notifications of what was done just before may still be on their way.
                Ok(STOP) => end = Some(Instant::now() + SETTLE),
                Ok(number) => self.changed(number),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            // A key that is written to without a pause holds up no end.
            let is_over = end.is_some_and(|end| end <= now);
            self.look(|dirty| is_over || dirty.due <= now);
            if is_over || self.gone {
                return;
            }
        }
    }

    /// The first look: everything is watched before it is read, so that no change falls in between.
    fn take_stock(&mut self) {
        let time = clock::now();
        let in_scm: HashSet<OsString> = self
            .scm
            .as_ref()
            .and_then(|scm| scm.statuses().ok())
            .unwrap_or_default()
            .into_iter()
            .map(|status| in_one_case(&status.name))
            .collect();
        let mut known: Vec<KnownService> = Vec::new();
        for name in self.names().unwrap_or_default() {
            let lower = in_one_case(&name);
            let mut service =
                Service { in_scm: in_scm.contains(&lower), name: name.clone(), ..Service::default() };
            self.watch(&lower, &mut service);
            service.definition = self.read(&name).unwrap_or_default();
            let whole = service.definition.as_ref().filter(|definition| definition.is_service());
            known.extend(whole.map(|definition| definition.known(&name.to_string_lossy())));
            self.services.insert(lower, service);
        }
        self.send(Input::Inventory(time, known));
    }

    fn names(&mut self) -> Option<Vec<OsString>> {
        match self.root.key.subkeys() {
            Ok(mut names) => {
                if names.len() > MOST_SERVICES {
                    let reason = format!("there are more than {MOST_SERVICES} keys of services");
                    self.lose(&reason, u64::try_from(names.len() - MOST_SERVICES).ok());
                    names.truncate(MOST_SERVICES);
                }
                Some(names)
            }
            Err(error) => {
                self.lose(&format!("the keys of services can't be listed: {}", fault::words(&error)), None);
                None
            }
        }
    }

    /// The definition of a service, where there is one. That it can't be read is told.
    fn read(&mut self, name: &OsStr) -> Result<Option<Definition>, Unreadable> {
        inventory::read(&self.root.key, name).map_err(|error| {
            let (name, why) = (name.to_string_lossy(), fault::words(&error));
            self.lose(&format!("the key of {name} can't be read: {why}"), Some(1));
            Unreadable
        })
    }

    /// Watches what of a service is not watched yet.
    fn watch(&mut self, lower: &OsStr, service: &mut Service) {
        for (place, subtree) in [(SELF, false)].into_iter().chain(KEYS) {
            if service.watches.contains_key(place) {
                continue;
            }
            let mut path = service.name.clone();
            if place != SELF {
                path.push(r"\");
                path.push(place);
            }
            let number = self.next;
            let watched = self
                .root
                .key
                .open_below(&path)
                .and_then(|key| Watched::new(key, subtree, number, self.tell.clone()));
            match watched {
                Ok(watched) => {
                    self.next += 1;
                    self.watches.insert(number, (lower.to_owned(), watched));
                    service.watches.insert(place, number);
                }
                Err(error) if is_gone(&error) => {}
                Err(error) => {
                    let why = fault::words(&error);
                    tracing::debug!("the key {} is not watched: {why}", path.display());
                }
            }
        }
    }

    /// A watch has told.
    fn changed(&mut self, number: u64) {
        let dirty = Dirty { since: clock::now(), due: Instant::now() + SETTLE };
        if number == ROOT {
            self.root_dirty.get_or_insert(dirty);
        } else if let Some((service, _)) = self.watches.get(&number) {
            self.dirty.entry(service.clone()).or_insert(dirty);
            self.fired.push(number);
        }
    }

    /// How long to wait for the next change, if the watch ends at `end`.
    fn wait(&self, end: Option<Instant>) -> Duration {
        let due = self.dirty.values().chain(&self.root_dirty).map(|dirty| dirty.due).chain(end).min();
        due.map_or(Duration::from_hours(1), |due| due.saturating_duration_since(Instant::now()))
    }

    /// Reads the keys that are due.
    fn look(&mut self, is_due: impl Fn(&Dirty) -> bool) {
        if self.root_dirty.as_ref().is_some_and(&is_due)
            && let Some(dirty) = self.root_dirty.take()
        {
            self.look_for_keys(dirty.since);
        }
        let due: Vec<OsString> =
            self.dirty.iter().filter(|(_, dirty)| is_due(dirty)).map(|(name, _)| name.clone()).collect();
        for name in due {
            if let Some(dirty) = self.dirty.remove(&name) {
                self.look_at(&name, dirty.since);
            }
        }
    }

    /// Keys of services came or went.
    fn look_for_keys(&mut self, time: Timestamp) {
        if let Err(error) = self.root.arm() {
            self.lose(&format!("new services can't be watched for: {}", fault::words(&error)), None);
        }
        let Some(names) = self.names() else { return };
        let names: BTreeMap<OsString, OsString> =
            names.into_iter().map(|name| (in_one_case(&name), name)).collect();
        let gone: Vec<OsString> =
            self.services.keys().filter(|known| !names.contains_key(*known)).cloned().collect();
        for known in gone {
            self.look_at(&known, time);
        }
        for (lower, name) in names {
            if !self.services.contains_key(&lower) {
                self.services.insert(lower.clone(), Service { name, ..Service::default() });
                self.look_at(&lower, time);
            }
        }
    }

    /// A service's key changed.
    fn look_at(&mut self, lower: &OsStr, time: Timestamp) {
        let Some(mut service) = self.services.remove(lower) else { return };
        // Armed before it is read, so that what changes from now on is told again.
        self.arm_again(lower, &mut service);
        self.watch(lower, &mut service);
        let Ok(definition) = self.read(&service.name) else {
            self.services.insert(lower.to_owned(), service);
            return;
        };
        let knows = self.scm.as_ref().and_then(|scm| scm.knows(&service.name));
        // What the SCM knows at once it has written itself, and what it no longer knows it has deleted: of keys that others
        // write or delete it learns at the next boot.
        let by_manager = match (&service.definition, &definition) {
            (None, Some(_)) => knows == Some(true),
            (Some(_), None) => service.in_scm && knows == Some(false),
            _ => false,
        };
        let name = service.name.to_string_lossy();
        let seen = differences(&name, service.definition.as_ref(), definition.as_ref(), by_manager);
        for seen in seen {
            self.send(Input::Sighting(Box::new(Sighting { time, source: Source::RegistryWatch, seen })));
        }
        if definition.is_some() {
            service.in_scm = knows.unwrap_or(service.in_scm);
            service.definition = definition;
            self.services.insert(lower.to_owned(), service);
        } else {
            for number in service.watches.values() {
                self.watches.remove(number);
            }
        }
    }

    /// Arms the watches of a service that have told, and forgets those whose keys are gone.
    fn arm_again(&mut self, lower: &OsStr, service: &mut Service) {
        let watches = &self.watches;
        let of_service = |number: &u64| watches.get(number).is_none_or(|(name, _)| name == lower);
        let (mine, others): (Vec<u64>, Vec<u64>) = self.fired.drain(..).partition(of_service);
        self.fired = others;
        for number in mine {
            let armed = self.watches.get(&number).is_some_and(|(_, watched)| watched.arm().is_ok());
            if !armed {
                self.watches.remove(&number);
                service.watches.retain(|_, known| *known != number);
            }
        }
    }

    fn lose(&mut self, reason: &str, count: Option<u64>) {
        self.send(Input::Loss(Loss {
            time: clock::now(),
            source: Source::RegistryWatch.name().to_owned(),
            reason: reason.to_owned(),
            count,
            consequence: "changes of these services are seen only where a log or trace tells them".to_owned(),
        }));
    }

    fn send(&mut self, input: Input) {
        self.gone |= self.to.send(input).is_err();
    }
}

/// A name in the case in which all names are compared. Of one that is no Unicode only the letters of ASCII have one.
fn in_one_case(name: &OsStr) -> OsString {
    name.to_str().map_or_else(|| name.to_ascii_lowercase(), |name| name.to_lowercase().into())
}
