//! One host: what waits to be told of it, and what is known of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::bounded::Bounded;
use super::counters::Counters;
use super::draft::{Draft, DraftKey};
use super::names::Names;
use super::services::Services;
use super::tables::{Seen as Remembered, Tables, Target};
use super::{BACKWARDS, event};
use crate::model::{ServiceEvent, Timestamp};
use crate::scm::image_path::{self, Variables};
use crate::scm::observed::{Doer, Name, Observed, Seen};

/// How many drafts wait at most; beyond it the oldest are told before their time.
const WAITING: usize = 16_384;

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    /// Its name as records write it.
    pub(super) name: Arc<str>,
    /// Its variables.
    pub(super) machine: Arc<Variables>,
    /// When it was last heard of, in the order of records.
    pub(super) heard: u64,
    /// How far its records have come.
    clock: Option<Timestamp>,
    pub(super) drafts: BTreeMap<DraftKey, Draft>,
    /// Drafts by the names of their services, in lower case, and by image paths.
    index: HashMap<String, Vec<DraftKey>>,
    drafted: u64,
    pub(super) names: Names,
    pub(super) services: Services,
    pub(super) tables: Tables,
    /// Keys of services that were created, or opened by a call that would have created them.
    pub(super) keys: Bounded<String, Remembered<Doer>>,
    /// What [`Counters`] are told when events are.
    told: u64,
}

impl Host {
    pub(super) fn new(name: Arc<str>, machine: Arc<Variables>) -> Self {
        Self {
            name,
            machine,
            heard: 0,
            clock: None,
            drafts: BTreeMap::new(),
            index: HashMap::new(),
            drafted: 0,
            names: Names::new(),
            services: Services::new(),
            tables: Tables::new(),
            keys: Bounded::new(1024),
            told: 0,
        }
    }

    /// Moves the clock to `time`, and tells what is past the window.
    pub(super) fn advance(&mut self, time: Timestamp, hold: Duration) -> Vec<ServiceEvent> {
        let Some(clock) = self.clock else {
            self.clock = Some(time);
            return Vec::new();
        };
        if clock.since(time) > BACKWARDS {
            self.clock = Some(time);
            return self.finish();
        }
        self.clock = Some(clock.max(time));
        let mut events = Vec::new();
        while let Some((key, _)) = self.drafts.first_key_value() {
            let key = *key;
            if clock.max(time).since(key.0) < hold {
                break;
            }
            events.extend(self.tell(key));
        }
        events
    }

    /// Tells the oldest drafts while too many wait.
    pub(super) fn overflow(&mut self) -> Vec<ServiceEvent> {
        let mut events = Vec::new();
        while self.drafts.len() > WAITING {
            let Some((key, _)) = self.drafts.first_key_value() else { break };
            events.extend(self.tell(*key));
        }
        events
    }

    /// Tells everything that waits.
    pub(super) fn finish(&mut self) -> Vec<ServiceEvent> {
        let mut events = Vec::new();
        while let Some((key, _)) = self.drafts.first_key_value() {
            events.extend(self.tell(*key));
        }
        events
    }

    /// How many records the drafts rest on that wait.
    pub(super) fn pending(&self) -> u64 {
        self.drafts.values().map(|draft| u64::try_from(draft.own.len()).unwrap_or(u64::MAX)).sum()
    }

    fn tell(&mut self, key: DraftKey) -> Option<ServiceEvent> {
        let draft = self.remove(key)?;
        self.told += u64::try_from(draft.own.len()).unwrap_or(u64::MAX);
        event::conclude(self, draft)
    }

    /// How many records the events told since the last call rest on.
    pub(super) fn take_told(&mut self) -> u64 {
        std::mem::take(&mut self.told)
    }

    /// Takes in what a record says.
    pub(super) fn observe(&mut self, observed: &Observed, counters: &mut Counters) {
        match &observed.seen {
            Seen::Installed(installed) => {
                self.tables.user(installed.client.sid.as_ref(), installed.client.user.as_ref());
                super::install::installed(self, observed, installed);
            }
            Seen::StartType(change) => super::registry::start_type(self, observed, change),
            Seen::Configured(change) => super::registry::configured(self, observed, change),
            Seen::Value(write) | Seen::KeyPermissions(write) => {
                let mut write = write.clone();
                self.name_writer(&mut write.writer, observed);
                super::registry::value(self, observed, &write);
            }
            Seen::Unplaced(write) => {
                counters.context += 1;
                self.tables.write(remember(observed, (**write).clone()));
            }
            Seen::Key(change) => {
                let mut change = change.clone();
                self.name_writer(&mut change.writer, observed);
                super::registry::key(self, observed, &change, counters);
            }
            Seen::State(change) => super::state::state(self, observed, change),
            Seen::Control(control) => super::state::control(self, observed, control),
            Seen::Failure(failure) => super::state::failure(self, observed, failure),
            Seen::Interactive(name) => super::state::interactive(self, observed, name),
            Seen::Driver(driver) => super::state::driver(self, observed, driver),
            Seen::Process(process) => {
                self.tables.process(remember(observed, (**process).clone()));
                super::request::process(self, observed, process, counters);
            }
            Seen::Handle(handle) => {
                counters.context += 1;
                self.tables.handle(remember(observed, (**handle).clone()), Target::Manager);
            }
            Seen::KeyHandle(handle) => {
                counters.context += 1;
                self.tables.handle(remember(observed, (**handle).clone()), Target::Key);
            }
            Seen::Logon(logon) => {
                counters.context += 1;
                self.tables.logon(remember(observed, (**logon).clone()));
            }
            Seen::Pipe(logon) => {
                counters.context += 1;
                self.tables.pipe(remember(observed, (**logon).clone()));
            }
            Seen::Call(call) => {
                counters.context += 1;
                self.tables.call(remember(observed, (**call).clone()));
            }
            // Told where all hosts are.
            Seen::Cleared(_) => {}
        }
    }

    /// The kernel's records give a process id only: its program tells whether it is the SCM.
    fn name_writer(&self, writer: &mut Doer, observed: &Observed) {
        if writer.image.is_none()
            && let Some(process) = self.tables.find(writer, observed.time)
        {
            writer.image.clone_from(&process.what.process.image);
        }
    }

    /// Adds a draft.
    pub(super) fn add(&mut self, draft: Draft) -> DraftKey {
        self.drafted += 1;
        let key = (draft.first, self.drafted);
        for name in index_names(&draft) {
            self.index.entry(name).or_default().push(key);
        }
        self.drafts.insert(key, draft);
        key
    }

    /// Takes a draft out.
    pub(super) fn remove(&mut self, key: DraftKey) -> Option<Draft> {
        let draft = self.drafts.remove(&key)?;
        for name in index_names(&draft) {
            if let Some(keys) = self.index.get_mut(&name) {
                keys.retain(|other| *other != key);
                if keys.is_empty() {
                    self.index.remove(&name);
                }
            }
        }
        Some(draft)
    }

    /// Changes a draft, whose names may become known by that.
    pub(super) fn update(&mut self, key: DraftKey, change: impl FnOnce(&mut Draft)) {
        let Some(draft) = self.drafts.get_mut(&key) else { return };
        let before = index_names(draft);
        change(draft);
        for name in index_names(draft) {
            if !before.contains(&name) {
                self.index.entry(name).or_default().push(key);
            }
        }
    }

    /// The drafts of a service, or of an image path, the latest first.
    pub(super) fn drafts_of(&self, names: &[String]) -> Vec<DraftKey> {
        let mut keys: Vec<DraftKey> =
            names.iter().filter_map(|name| self.index.get(name)).flatten().copied().collect();
        keys.sort_unstable();
        keys.dedup();
        keys.reverse();
        keys
    }

    /// The drafts of the service `name` that `fit`, the latest first.
    pub(super) fn find(&self, name: &Name, fits: impl Fn(&Draft) -> bool) -> Option<DraftKey> {
        self.drafts_of(&service_names(name)).into_iter().find(|key| self.drafts.get(key).is_some_and(&fits))
    }
}

fn remember<T>(observed: &Observed, what: T) -> Remembered<T> {
    Remembered { id: observed.id, time: observed.time, what }
}

/// Under which names a service's drafts are found. Records give either name without saying which: one set holds both.
pub(super) fn service_names(name: &Name) -> Vec<String> {
    let mut names: Vec<String> = [&name.key, &name.display]
        .into_iter()
        .flatten()
        .map(|name| format!("n:{}", name.to_lowercase()))
        .collect();
    names.dedup();
    names
}

/// Under which name drafts that run an image path are found.
pub(super) fn image_name(image_path: &str) -> String {
    format!("i:{}", image_path::canonical(image_path))
}

fn index_names(draft: &Draft) -> Vec<String> {
    let mut names = service_names(&draft.name);
    names.extend(draft.after(crate::scm::setting::IMAGE_PATH).map(image_name));
    names
}

/// Whether two texts are there and the same but for case.
pub(super) fn same(left: Option<&str>, right: Option<&str>) -> bool {
    matches!((left, right), (Some(left), Some(right)) if left.to_lowercase() == right.to_lowercase())
}

/// Whether two names may be those of one service: a name in common, and no key that contradicts.
pub(super) fn may_be_same(left: &Name, right: &Name) -> bool {
    let (left_key, right_key) = (left.key.as_deref(), right.key.as_deref());
    if left_key.is_some() && right_key.is_some() {
        return same(left_key, right_key);
    }
    let (left_display, right_display) = (left.display.as_deref(), right.display.as_deref());
    same(left_display, right_display) || same(left_key, right_display) || same(left_display, right_key)
}

/// How far two moments are apart.
pub(super) fn apart(left: Timestamp, right: Timestamp) -> Duration {
    left.since(right).max(right.since(left))
}
