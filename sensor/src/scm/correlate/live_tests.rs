//! A live host: what is known at the start, and what is seen besides records.

use std::time::Duration;

use super::*;
use crate::model::{Action, Known, Mechanism};
use crate::scm::inventory::{Definition, RegistryValue, differences};
use crate::scm::observed::{Doer, Name, ProcessStart, State, StateChange, UnplacedWrite, ValueWrite};
use crate::windows_event::{Field, Value};

const START: Timestamp = Timestamp(1_700_000_000_000_000_000);

struct Live {
    correlator: Correlator,
    host: Arc<str>,
}

fn at(seconds: u64) -> Timestamp {
    START.after(Duration::from_secs(seconds))
}

fn definition(settings: &[(&str, &str)]) -> Definition {
    let values: Vec<RegistryValue> = settings
        .iter()
        .map(|(name, text)| {
            let path: Vec<String> = name.split('\\').map(str::to_owned).collect();
            if let Ok(number) = text.parse::<u32>() {
                RegistryValue { path, kind: 4, data: number.to_le_bytes().to_vec() }
            } else {
                let data = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
                RegistryValue { path, kind: 1, data }
            }
        })
        .collect();
    Definition::new(&values, None)
}

fn spooler(start: &str) -> Definition {
    definition(&[
        ("Type", "16"),
        ("Start", start),
        ("ImagePath", r"C:\spoolsv.exe"),
        ("DisplayName", "Print Spooler"),
    ])
}

fn installed(display: &str, image: &str, time: Timestamp, record: u64) -> WindowsEvent {
    let field = |name: &str, text: &str| Field { name: name.to_owned(), value: Value::Text(text.to_owned()) };
    WindowsEvent {
        provider: "Service Control Manager".into(),
        channel: "System".into(),
        id: 7045,
        version: 0,
        record_id: Some(record),
        time,
        computer: "".into(),
        process_id: Some(700),
        thread_id: None,
        user_sid: Some("S-1-5-21-1-2-3-1001".to_owned()),
        activity_id: None,
        audit: None,
        fields: vec![
            field("ServiceName", display),
            field("ImagePath", image),
            field("ServiceType", "user mode service"),
            field("StartType", "demand start"),
            field("AccountName", "LocalSystem"),
        ],
    }
}

impl Live {
    fn new() -> Self {
        let host: Arc<str> = Arc::from("");
        let mut correlator = Correlator::live("run".to_owned(), Variables::usual());
        correlator.learn_services(&host, START, vec![spooler("2").known("Spooler")]);
        for (pid, image) in
            [(700, r"\Device\HarddiskVolume3\Windows\System32\services.exe"), (900, r"C:\reg.exe")]
        {
            let process = Doer { process_id: Some(pid), image: Some(image.to_owned()), ..Doer::default() };
            correlator.learn_process(&host, at(0), ProcessStart { process, ..ProcessStart::default() });
        }
        Self { correlator, host }
    }

    fn see(&mut self, time: Timestamp, source: Source, seen: impl IntoIterator<Item = Seen>) -> Vec<Output> {
        let host = Arc::clone(&self.host);
        let push = |seen| self.correlator.push_sighting(&host, Sighting { time, source, seen });
        seen.into_iter().flat_map(push).collect()
    }

    fn watch(
        &mut self,
        time: Timestamp,
        key: &str,
        before: Option<&Definition>,
        after: Option<&Definition>,
        by_manager: bool,
    ) {
        let outputs = self.see(time, Source::RegistryWatch, differences(key, before, after, by_manager));
        assert_eq!(outputs, [], "nothing is told before its time");
    }

    /// What is told by `now`.
    fn tick(&mut self, now: Timestamp) -> Vec<ServiceEvent> {
        let outputs = self.correlator.tick(now);
        assert!(self.correlator.counters().balance(), "{:?}", self.correlator.counters());
        outputs
            .into_iter()
            .map(|output| match output {
                Output::Event(event) => *event,
                Output::Loss(loss) => panic!("{loss:?}"),
            })
            .collect()
    }
}

fn one(events: Vec<ServiceEvent>) -> ServiceEvent {
    let [event] = <[ServiceEvent; 1]>::try_from(events).unwrap_or_else(|events| panic!("{events:#?}"));
    event
}

#[test]
fn a_change_is_told_with_what_was_before_once_its_time_has_come() {
    let mut live = Live::new();
    live.watch(at(10), "Spooler", Some(&spooler("2")), Some(&spooler("4")), false);
    assert!(live.correlator.is_waiting());
    assert_eq!(live.tick(at(12)), []);
    let event = one(live.tick(at(13)));
    assert!(!live.correlator.is_waiting());
    assert_eq!((event.action, event.mechanism, event.host), (Action::Disabled, Mechanism::Registry, None));
    assert_eq!(event.changes.len(), 1);
    assert_eq!(
        (event.changes[0].before[0].as_str(), event.changes[0].after[0].as_str()),
        ("auto start", "disabled")
    );
    assert_eq!(event.display_name.as_deref(), Some("Print Spooler"));
    assert_eq!(event.missing, []);
    // Who wrote, and so whether the SCM knows of it, is not known.
    assert_eq!(event.actor, Known::Missing(crate::model::Reason::NotRecorded));
    assert_eq!(event.loaded, Known::Missing(crate::model::Reason::NotRecorded));
}

#[test]
fn a_write_that_the_trace_cannot_place_names_the_writer() {
    for (writers, expected) in [(&[900][..], Some(900)), (&[700], Some(700)), (&[900, 901], None)] {
        let mut live = Live::new();
        live.watch(at(10), "Spooler", Some(&spooler("2")), Some(&spooler("4")), false);
        let seen: Vec<Seen> = writers
            .iter()
            .flat_map(|pid| {
                let writer = Doer { process_id: Some(*pid), ..Doer::default() };
                // Another value, and another content of the same, say nothing.
                [("Start", 4_u32), ("Tag", 4), ("Start", 3)].map(|(value, number)| {
                    let pid = if number == 4 && value == "Start" { writer.clone() } else { Doer::default() };
                    let data = Some((number.to_le_bytes().to_vec(), 4));
                    Seen::Unplaced(Box::new(UnplacedWrite { value: value.to_owned(), data, writer: pid }))
                })
            })
            .collect();
        live.see(at(11), Source::KernelRegistry, seen);
        let event = one(live.tick(at(20)));
        let actor = event.actor.get().map(|actor| actor.process.key.pid);
        assert_eq!(actor, expected);
        let by_manager = expected == Some(700);
        assert_eq!(event.mechanism == Mechanism::ServiceControlManager, by_manager);
    }
}

#[test]
fn an_install_is_one_event_by_watch_and_log() {
    let service = definition(&[
        ("Type", "16"),
        ("Start", "3"),
        ("ImagePath", r"C:\x.exe"),
        ("DisplayName", "X service"),
        ("ObjectName", "LocalSystem"),
    ]);
    for log_first in [true, false] {
        let mut live = Live::new();
        let event = installed("X service", r"C:\x.exe", at(10), 1);
        if log_first {
            assert_eq!(live.correlator.push_event(&event), []);
        }
        live.watch(at(10), "X", None, Some(&service), true);
        if !log_first {
            assert_eq!(live.correlator.push_event(&event), []);
        }
        let event = one(live.tick(at(20)));
        assert_eq!((event.action, event.service.name.as_str()), (Action::Created, "X"));
        assert_eq!(event.mechanism, Mechanism::ServiceControlManager);
        assert_eq!(event.display_name.as_deref(), Some("X service"));
        assert_eq!(event.actor.get().map(|actor| actor.process.key.pid), Some(700));
        assert_eq!(event.definition.len(), 5, "{:?}", event.definition);
        // The log's record may come when all is told.
        assert_eq!(live.correlator.push_event(&installed("X service", r"C:\x.exe", at(11), 2)), []);
        assert_eq!(live.tick(at(30)), []);
    }
}

#[test]
fn a_service_that_the_scm_does_not_know_was_written_straight_into_the_registry() {
    let mut live = Live::new();
    // Piece by piece, as `reg add` does.
    let mut before: Option<Definition> = None;
    let pieces = [("ImagePath", r"C:\x.exe"), ("Start", "2"), ("Type", "16")];
    let mut events = Vec::new();
    for (second, count) in [(10, 1), (11, 2), (20, 3)] {
        events.extend(live.tick(at(second)));
        let now = definition(&pieces[..count]);
        live.watch(at(second), "X", before.as_ref(), Some(&now), false);
        before = Some(now);
    }
    events.extend(live.tick(at(30)));
    let told: Vec<_> = events.iter().map(|event| (event.action, event.mechanism, &event.loaded)).collect();
    let unknown = Known::Missing(crate::model::Reason::NotRecorded);
    assert_eq!(
        told,
        [
            (Action::Enabled, Mechanism::Registry, &unknown),
            (Action::Created, Mechanism::Registry, &Known::Is(false)),
        ]
    );
    assert_eq!(events[1].definition.len(), 3);
}

#[test]
fn what_is_gone_is_told_once() {
    let mut live = Live::new();
    let marked =
        definition(&[("Type", "16"), ("Start", "4"), ("ImagePath", r"C:\spoolsv.exe"), ("DeleteFlag", "1")]);
    live.watch(at(10), "Spooler", Some(&spooler("4")), Some(&marked), true);
    let event = one(live.tick(at(20)));
    assert_eq!(event.action, Action::Removed);
    // The key goes when the last handle is closed.
    live.watch(at(60), "Spooler", Some(&marked), None, true);
    assert_eq!(live.tick(at(70)), []);
}

#[test]
fn what_a_log_tells_late_is_told_and_changes_nothing_that_is_known() {
    let mut live = Live::new();
    let hour_ago = Timestamp(START.0 - 3_600_000_000_000);
    assert_eq!(live.correlator.push_event(&installed("Print Spooler", r"C:\old.exe", hour_ago, 7)), []);
    let event = one(live.tick(at(1)));
    assert_eq!((event.action, event.time), (Action::Created, hour_ago));
    live.watch(at(10), "Spooler", Some(&spooler("2")), Some(&spooler("3")), false);
    let event = one(live.tick(at(20)));
    let image = event.definition.iter().find(|setting| setting.name == "ImagePath");
    assert_eq!(image.map(|setting| setting.values[0].as_str()), Some(r"C:\spoolsv.exe"));
}

#[test]
fn states_and_log_tell_of_one_start() {
    let mut live = Live::new();
    let state = |source_by_word| {
        Seen::State(StateChange {
            name: Name::of_key("Spooler"),
            state: State::Running,
            by_word: source_by_word,
        })
    };
    live.see(at(10), Source::StatusWatch, [state(false)]);
    live.see(at(11), Source::Services, [state(false)]);
    let event = one(live.tick(at(20)));
    assert_eq!((event.action, event.evidence.len()), (Action::Started, 2));
}

#[test]
fn what_is_written_again_and_again_is_told_in_events_of_bounded_size() {
    let mut live = Live::new();
    let write = ValueWrite {
        service: "Spooler".to_owned(),
        setting: "Start",
        before: None,
        after: Some("disabled".to_owned()),
        writer: Doer { process_id: Some(900), ..Doer::default() },
        control_set: None,
    };
    live.see(at(10), Source::KernelRegistry, (0..2500).map(|_| Seen::Value(Box::new(write.clone()))));
    let events = live.tick(at(20));
    assert_eq!(live.correlator.counters().evidence, 2500);
    // Only the first of them is a change; the others' records are counted with it.
    assert_eq!(events.iter().map(|event| event.action).collect::<Vec<_>>(), [Action::Disabled]);
    assert_eq!(events[0].evidence.len(), 1024);
}
