//! Live events, from their bytes to what they say. Every payload is made up from the manifests.

use std::sync::Arc;

use crate::model::process::Confidence;
use crate::model::{Action, Mechanism, Reason, ServiceEvent};
use crate::scm::correlate::{Correlator, Output};
use crate::scm::interest::is_wanted;
use crate::windows_event::etw::{self, Header, KERNEL_PROCESS, KERNEL_REGISTRY, RPC, SERVICES};

const START: u64 = 133_485_408_000_000_000;

fn text(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A session's events, `milliseconds` after the start, by the process `pid`.
struct Session {
    correlator: Correlator,
    events: Vec<ServiceEvent>,
}

impl Session {
    fn new() -> Self {
        Self { correlator: Correlator::new("run".to_owned()), events: Vec::new() }
    }

    fn log(&mut self, milliseconds: u64, provider: &str, id: u16, pid: u32, payload: &[&[u8]]) {
        let header = Header {
            provider: provider.to_owned(),
            id,
            version: 0,
            filetime: START + milliseconds * 10_000,
            process_id: pid,
            thread_id: 1,
            activity_id: None,
            pointer_bytes: 8,
            computer: Arc::from("HOST"),
        };
        let event = etw::decode(&header, &payload.concat()).unwrap();
        assert!(is_wanted(&event.provider, &event.channel, event.id), "{event:?}");
        let outputs = self.correlator.push_event(&event);
        self.take(outputs);
    }

    fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Event(event) => self.events.push(*event),
                Output::Loss(loss) => panic!("{loss:?}"),
            }
        }
    }

    fn finish(mut self) -> Vec<ServiceEvent> {
        let outputs = self.correlator.finish();
        self.take(outputs);
        assert!(self.correlator.counters().balance(), "{:?}", self.correlator.counters());
        self.events
    }

    /// The value `Start` of the key that `object` is open on.
    fn set_start(&mut self, milliseconds: u64, pid: u32, object: u64, before: u32, after: u32) {
        let dword = 4_u32.to_le_bytes();
        self.log(
            milliseconds,
            KERNEL_REGISTRY,
            5,
            pid,
            &[
                &object.to_le_bytes(),
                &[0; 4],
                &dword,
                &dword,
                &text(""),
                &text("Start"),
                &4_u16.to_le_bytes(),
                &after.to_le_bytes(),
                &dword,
                &dword,
                &4_u16.to_le_bytes(),
                &before.to_le_bytes(),
            ],
        );
    }

    fn process(&mut self, milliseconds: u64, pid: u32, parent: u32, image: &str) {
        let (pid, parent) = (pid.to_le_bytes(), parent.to_le_bytes());
        self.log(milliseconds, KERNEL_PROCESS, 1, 4, &[&pid, &[0; 8], &parent, &[0; 4], &text(image)]);
    }

    fn open_key(&mut self, milliseconds: u64, id: u16, pid: u32, base: u64, key: u64, name: &str) {
        let (base, key) = (base.to_le_bytes(), key.to_le_bytes());
        self.log(
            milliseconds,
            KERNEL_REGISTRY,
            id,
            pid,
            &[&base, &key, &[0; 4], &[0; 4], &text(""), &text(name)],
        );
    }

    fn set(&mut self, milliseconds: u64, pid: u32, key: u64, name: &str, kind: u32, data: &[u8]) {
        let size = u16::try_from(data.len()).unwrap();
        self.log(
            milliseconds,
            KERNEL_REGISTRY,
            5,
            pid,
            &[
                &key.to_le_bytes(),
                &[0; 4],
                &kind.to_le_bytes(),
                &u32::from(size).to_le_bytes(),
                &text(""),
                &text(name),
                &size.to_le_bytes(),
                data,
                &[0; 10],
            ],
        );
    }

    fn call(&mut self, milliseconds: u64, id: u16, pid: u32, operation: u32, protocol: u32) {
        let uuid =
            [0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0, 0x10, 0x03];
        let (operation, protocol) = (operation.to_le_bytes(), protocol.to_le_bytes());
        let endpoint = text(r"\PIPE\svcctl");
        self.log(
            milliseconds,
            RPC,
            id,
            pid,
            &[&uuid, &operation, &protocol, &text(""), &endpoint, &text(""), &[0; 12]],
        );
    }
}

const SERVICES_KEY: &str = r"\REGISTRY\MACHINE\SYSTEM\ControlSet001\Services";

#[test]
fn a_creation_is_seen_by_the_kernel_alone_with_its_client() {
    let mut session = Session::new();
    session.process(0, 700, 600, r"\Device\HarddiskVolume3\Windows\System32\services.exe");
    session.process(1, 3000, 2000, r"\Device\HarddiskVolume3\Windows\System32\cmd.exe");
    session.process(2, 3100, 3000, r"\Device\HarddiskVolume3\Tools\install.exe");
    session.call(1000, 5, 3100, 12, 3);
    session.call(1001, 6, 700, 12, 3);
    session.call(1002, 5, 3100, 16, 3);
    session.open_key(1003, 2, 700, 0, 0x10, SERVICES_KEY);
    session.open_key(1004, 1, 700, 0x10, 0x20, "Fresh");
    session.set(1005, 700, 0x20, "Type", 4, &0x10_u32.to_le_bytes());
    session.set(1006, 700, 0x20, "Start", 4, &2_u32.to_le_bytes());
    session.set(1007, 700, 0x20, "ImagePath", 2, &text(r"C:\Tools\svc.exe"));
    session.set(1008, 700, 0x20, "LastRun", 4, &[0; 4]);
    session.log(
        2000,
        SERVICES,
        105,
        700,
        &[&[0; 4], &2_u32.to_le_bytes(), &[0; 8], &text("Fresh"), &text(r"C:\Tools\svc.exe")],
    );
    session.log(
        2001,
        SERVICES,
        105,
        700,
        &[&[0; 4], &4_u32.to_le_bytes(), &[0; 8], &text("Fresh"), &text("")],
    );
    let events = session.finish();
    let told: Vec<_> = events.iter().map(|event| (event.action, event.service.name.as_str())).collect();
    assert_eq!(told, [(Action::Created, "Fresh"), (Action::Started, "Fresh")]);
    let created = &events[0];
    assert_eq!(created.mechanism, Mechanism::ServiceControlManager);
    let settings: Vec<_> =
        created.changes.iter().map(|change| (change.name.as_str(), change.after[0].as_str())).collect();
    assert_eq!(
        settings,
        [("Type", "user mode service"), ("Start", "auto start"), ("ImagePath", r"C:\Tools\svc.exe"),]
    );
    let requester = created.actor.get().and_then(|actor| actor.requester.as_ref()).unwrap();
    assert_eq!((requester.process.key.pid, requester.confidence), (3100, Confidence::Medium));
    assert_eq!(requester.ancestry.len(), 2);
    assert!(created.details.contains(&("rpc_transport", "local".to_owned())), "{:?}", created.details);
}

#[test]
fn a_direct_write_names_its_writer_and_both_values() {
    let mut session = Session::new();
    session.process(0, 4000, 3000, r"\Device\HarddiskVolume3\Tools\edit.exe");
    session.open_key(10, 2, 4000, 0, 0x30, &format!(r"{SERVICES_KEY}\Spooler"));
    session.set_start(20, 4000, 0x30, 2, 4);
    // Refused, and by an object that was never opened.
    session.log(
        30,
        KERNEL_REGISTRY,
        6,
        4000,
        &[&0x30_u64.to_le_bytes(), &0xc000_0022_u32.to_le_bytes(), &text(""), &text("ImagePath")],
    );
    session.log(
        40,
        KERNEL_REGISTRY,
        6,
        4000,
        &[&0x99_u64.to_le_bytes(), &[0; 4], &text(""), &text("ImagePath")],
    );
    session.log(
        5000,
        KERNEL_REGISTRY,
        6,
        4000,
        &[&0x30_u64.to_le_bytes(), &[0; 4], &text(""), &text("DependOnService")],
    );
    session.log(9000, KERNEL_REGISTRY, 3, 4000, &[&0x30_u64.to_le_bytes(), &[0; 4], &text("")]);
    let events = session.finish();
    let told: Vec<_> = events.iter().map(|event| (event.action, event.mechanism)).collect();
    assert_eq!(
        told,
        [
            (Action::Disabled, Mechanism::Registry),
            (Action::Modified, Mechanism::Registry),
            (Action::Removed, Mechanism::Registry),
        ]
    );
    let change = &events[0].changes[0];
    assert_eq!((change.before[0].as_str(), change.after[0].as_str()), ("auto start", "disabled"));
    assert_eq!(events[0].actor.get().map(|actor| actor.process.key.pid), Some(4000));
    assert_eq!(events[1].changes[0].name, "DependOnService");
}

#[test]
fn a_key_that_is_named_from_the_machines_root_is_a_services() {
    let mut session = Session::new();
    let key = r"SYSTEM\CurrentControlSet\Services\Spooler";
    session.process(0, 4000, 3000, r"\Device\HarddiskVolume3\Windows\System32\reg.exe");
    // The program has opened its base unseen.
    session.open_key(10, 1, 4000, 0x77, 0x30, key);
    session.set_start(20, 4000, 0x30, 2, 4);
    let events = session.finish();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.action, event.service.name.as_str()), (Action::Disabled, "Spooler"));
    assert_eq!(event.actor.get().map(|actor| actor.process.key.pid), Some(4000));
}

#[test]
fn an_object_is_no_longer_the_key_that_it_was_opened_on() {
    let spooler = format!(r"{SERVICES_KEY}\Spooler");
    // Who writes through which object how much later, and whether that is still the key.
    for (closed, pid, object, milliseconds, is_spooler) in [
        (None, 4000, 0x30, 20, true),
        // The address was given to a key of somebody else, or so long ago that it may have been.
        (None, 4001, 0x30, 20, false),
        (None, 4000, 0x30, 10_020, false),
        // What comes from another processor's buffer comes late, but not what happens after the end.
        (Some(30), 4000, 0x30, 20, true),
        (Some(15), 4000, 0x30, 20, false),
        // No object is none, not the last one that was refused.
        (None, 4000, 0, 20, false),
    ] {
        let mut session = Session::new();
        session.open_key(10, 1, 4000, 0, object, &spooler);
        if let Some(closed) = closed {
            let object = u64::to_le_bytes(0x30);
            session.log(closed, KERNEL_REGISTRY, 13, 4000, &[&object, &[0; 4], &text("")]);
        }
        session.set_start(milliseconds, pid, object, 2, 4);
        let events = session.finish();
        assert_eq!(events.len(), usize::from(is_spooler), "{closed:?} {pid} {object} {milliseconds}");
    }
}

#[test]
fn a_control_names_who_sent_it() {
    let mut session = Session::new();
    session.process(0, 3100, 3000, r"\Device\HarddiskVolume3\Windows\System32\sc.exe");
    session.log(
        100,
        SERVICES,
        200,
        700,
        &[
            &text("Spooler"),
            &text("Print Spooler"),
            &1_u32.to_le_bytes(),
            &77_u64.to_le_bytes(),
            &3100_u32.to_le_bytes(),
            &3000_u32.to_le_bytes(),
        ],
    );
    let events = session.finish();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.action, event.service.name.as_str()), (Action::ControlRequested, "Spooler"));
    assert!(event.details.contains(&("verb", "stop".to_owned())));
    let requester = event.actor.get().and_then(|actor| actor.requester.as_ref()).unwrap();
    assert_eq!((requester.process.key.pid, requester.confidence), (3100, Confidence::High));
}

/// Who asked, as the SCM's records end: a start key, a process and its parent.
fn client(pid: u32) -> [[u8; 8]; 2] {
    let (pid, parent) = (pid.to_le_bytes(), 3000_u32.to_le_bytes());
    [77_u64.to_le_bytes(), [pid, parent].concat().try_into().unwrap()]
}

#[test]
fn a_start_that_two_records_tell_is_one_and_names_who_asked() {
    let mut session = Session::new();
    session.process(0, 3100, 3000, r"\Device\HarddiskVolume3\Windows\System32\sc.exe");
    let start = |session: &mut Session, milliseconds, service: &str, pid| {
        let [key, ids] = client(pid);
        session.log(milliseconds, SERVICES, 204, 700, &[&text(service), &text(""), &key, &ids]);
        let flags = [0, 0, 1_u32].map(u32::to_le_bytes).concat();
        session.log(
            milliseconds + 1,
            SERVICES,
            205,
            700,
            &[&text(service), &text(""), &text("netsvcs"), &flags, &key, &ids],
        );
    };
    start(&mut session, 100, "Spooler", 3100);
    start(&mut session, 200, "Schedule", 700);
    let events = session.finish();
    let [event] = events.as_slice() else { panic!("the SCM's own start is none: {events:?}") };
    assert_eq!((event.action, event.service.name.as_str()), (Action::ControlRequested, "Spooler"));
    assert!(event.details.contains(&("verb", "start".to_owned())));
    assert_eq!(event.evidence.len(), 2);
    let requester = event.actor.get().and_then(|actor| actor.requester.as_ref()).unwrap();
    assert_eq!((requester.process.key.pid, requester.confidence), (3100, Confidence::High));
}

#[test]
fn a_change_that_the_manager_hints_at_is_what_it_writes() {
    for hint in [202, 203] {
        for manager_first in [true, false] {
            let mut session = Session::new();
            session.process(0, 700, 600, r"\Device\HarddiskVolume3\Windows\System32\services.exe");
            session.process(1, 3100, 3000, r"\Device\HarddiskVolume3\Windows\System32\sc.exe");
            session.open_key(10, 2, 700, 0, 0x30, &format!(r"{SERVICES_KEY}\Spooler"));
            let [key, ids] = client(3100);
            let told = |session: &mut Session, milliseconds| {
                let fields: [&[u8]; 4] = [&text("Spooler"), &text(r"C:\new.exe"), &key, &ids];
                session.log(milliseconds, SERVICES, hint, 700, &fields);
            };
            if manager_first {
                told(&mut session, 20);
            }
            session.set(21, 700, 0x30, "ImagePath", 2, &text(r"C:\new.exe"));
            if !manager_first {
                told(&mut session, 22);
            }
            let events = session.finish();
            let [event] = events.as_slice() else { panic!("{events:?}") };
            assert_eq!((event.action, event.service.name.as_str()), (Action::Modified, "Spooler"));
            assert_eq!(
                (event.changes[0].name.as_str(), event.changes[0].after[0].as_str()),
                ("ImagePath", r"C:\new.exe")
            );
            let requester = event.actor.get().and_then(|actor| actor.requester.as_ref()).unwrap();
            assert_eq!((requester.process.key.pid, requester.confidence), (3100, Confidence::High));
        }
    }
}

#[test]
fn a_change_that_is_only_hinted_at_says_that_it_is_not_known() {
    let mut session = Session::new();
    let [key, ids] = client(3100);
    session.log(20, SERVICES, 202, 700, &[&text("Spooler"), &text("x"), &key, &ids]);
    let events = session.finish();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.action, event.changes.len()), (Action::Modified, 0));
    assert!(event.details.contains(&("new_value_name", "x".to_owned())));
    assert!(event.missing.contains(&("changes", Reason::NotRecorded)));
}

#[test]
fn a_start_type_that_the_manager_tells_is_one_with_what_it_writes() {
    let told = |session: &mut Session, milliseconds| {
        let fields: [&[u8]; 3] = [&text("Spooler"), &4_u32.to_le_bytes(), &[9; 16]];
        session.log(milliseconds, SERVICES, 201, 700, &fields);
    };
    for manager_first in [true, false] {
        let mut session = Session::new();
        session.process(0, 700, 600, r"\Device\HarddiskVolume3\Windows\System32\services.exe");
        session.open_key(10, 2, 700, 0, 0x30, &format!(r"{SERVICES_KEY}\Spooler"));
        if manager_first {
            told(&mut session, 20);
        }
        session.set_start(21, 700, 0x30, 2, 4);
        if !manager_first {
            told(&mut session, 22);
        }
        let events = session.finish();
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((event.action, event.service.name.as_str()), (Action::Disabled, "Spooler"));
        let change = &event.changes[0];
        assert_eq!((change.before[0].as_str(), change.after[0].as_str()), ("auto start", "disabled"));
        assert_eq!(event.mechanism, Mechanism::ServiceControlManager);
    }
}
