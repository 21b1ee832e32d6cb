//! One host: what waits to be told of it, and what is known of it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
/// How many drafts of a service a record is compared with, the latest first. A service that changes more often than this
/// within the window gets events that are told apart rather than joined.
const COMPARED: usize = 64;
/// On how many records of its own a draft rests at most; further ones begin another.
const FULL: usize = 1024;

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
    index: HashMap<String, BTreeSet<DraftKey>>,
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
            self.index.entry(name).or_default().insert(key);
        }
        self.drafts.insert(key, draft);
        key
    }

    /// Takes a draft out.
    pub(super) fn remove(&mut self, key: DraftKey) -> Option<Draft> {
        let draft = self.drafts.remove(&key)?;
        for name in index_names(&draft) {
            if let Some(keys) = self.index.get_mut(&name) {
                keys.remove(&key);
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
                self.index.entry(name).or_default().insert(key);
            }
        }
    }

    /// The drafts of a service, or of an image path, to which more may be added: the latest first, and no more than can be
    /// compared at once.
    pub(super) fn drafts_of(&self, names: &[String]) -> Vec<(DraftKey, &Draft)> {
        let indexed = names.iter().filter_map(|name| self.index.get(name));
        let mut keys: Vec<DraftKey> =
            indexed.flat_map(|keys| keys.iter().rev().take(COMPARED)).copied().collect();
        if names.len() > 1 {
            keys.sort_unstable_by_key(|key| Reverse(*key));
            keys.dedup();
            keys.truncate(COMPARED);
        }
        let draft = |key| Some((key, self.drafts.get(&key).filter(|draft| draft.own.len() < FULL)?));
        keys.into_iter().filter_map(draft).collect()
    }

    /// The latest draft of the service `name` that fits.
    pub(super) fn find(&self, name: &Name, fits: impl Fn(&Draft) -> bool) -> Option<DraftKey> {
        self.drafts_of(&service_names(name)).into_iter().find(|(_, draft)| fits(draft)).map(|(key, _)| key)
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
    let (Some(left), Some(right)) = (left, right) else { return false };
    left.eq_ignore_ascii_case(right)
        || (!(left.is_ascii() && right.is_ascii()) && left.to_lowercase() == right.to_lowercase())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ObservationId;
    use crate::scm::interest::Source;
    use crate::scm::observed::{State, StateChange};

    fn state(record: u64, name: &Name) -> Observed {
        Observed {
            id: ObservationId(record),
            host: "".into(),
            time: Timestamp(0),
            source: Source::ScmLog,
            event_id: 7036,
            process_id: None,
            user_sid: None,
            seen: Seen::State(StateChange { name: name.clone(), state: State::Running, by_word: false }),
        }
    }

    #[test]
    fn records_of_a_busy_service_are_compared_with_its_latest_drafts() {
        let mut host = Host::new("".into(), Arc::new(Variables::usual()));
        let name = Name { key: Some("Spooler".to_owned()), display: Some("Print Spooler".to_owned()) };
        let records = u64::try_from(3 * COMPARED).unwrap();
        for record in 1..=records {
            host.observe(&state(record, &name), &mut Counters::default());
        }
        assert_eq!(host.drafts.len(), 3 * COMPARED);
        for names in [service_names(&name), vec!["n:spooler".to_owned()]] {
            let compared: Vec<u64> =
                host.drafts_of(&names).into_iter().map(|(_, draft)| draft.own[0].0).collect();
            let latest: Vec<u64> = (1..=records).rev().take(COMPARED).collect();
            assert_eq!(compared, latest);
        }
        host.finish();
        assert!(host.index.is_empty() && host.drafts.is_empty());
    }

    #[test]
    fn names_are_the_same_but_for_case() {
        for (left, right, expected) in [
            (Some("Spooler"), Some("SPOOLER"), true),
            (Some("Dienst Ä"), Some("dienst ä"), true),
            // The Kelvin sign.
            (Some("k"), Some("\u{212a}"), true),
            (Some("Spooler"), Some("Spoole"), false),
            (None, None, false),
        ] {
            assert_eq!(same(left, right), expected, "{left:?} {right:?}");
        }
    }
}
