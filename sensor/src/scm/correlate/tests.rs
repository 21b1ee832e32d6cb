//! Recorded scenarios: what is read, and what is told.
//!
//! Each file in `tests/windows` is made up from the documented fields of the records. What is told of it stands beside it,
//! and `UPDATE_GOLDEN=1` writes it anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::model::Known;
use crate::scm::interest::is_wanted;
use crate::windows_event::field::Value;
use crate::windows_event::json;
use crate::windows_event::reader::{Limits, open, open_all};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/windows")
}

fn scenarios() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "told"))
        .collect();
    files.sort();
    assert!(files.len() > 10, "scenarios are missing");
    files
}

fn records(path: &Path) -> Vec<WindowsEvent> {
    open(path, Limits::new(|_, _, _| true))
        .map(|record| match record.unwrap() {
            Record::Event(event) => *event,
            Record::Other(head) => panic!("{head:?}"),
        })
        .collect()
}

/// What is told of records, and whether the counts balance.
fn tell(events: &[WindowsEvent]) -> Vec<Output> {
    let mut correlator = Correlator::new("run".to_owned());
    let mut outputs: Vec<Output> = Vec::new();
    for event in events {
        outputs.extend(correlator.push_event(event));
        assert!(correlator.counters().balance(), "{:?}", correlator.counters());
    }
    outputs.extend(correlator.finish());
    let counters = correlator.counters();
    assert!(counters.balance() && counters.pending == 0, "{counters:?}");
    assert_eq!(counters.read, u64::try_from(events.len()).unwrap());
    outputs
}

fn known(value: &Known<String>) -> &str {
    value.get().map_or("-", String::as_str)
}

fn render(outputs: &[Output]) -> String {
    let mut text = String::new();
    for output in outputs {
        match output {
            Output::Loss(loss) => {
                writeln!(text, "loss: {}: {} ({:?})", loss.source, loss.reason, loss.count).unwrap();
            }
            Output::Event(event) => render_event(&mut text, event),
        }
    }
    text
}

fn render_event(text: &mut String, event: &ServiceEvent) {
    let evidence: Vec<u64> = event.evidence.iter().map(|id| id.0).collect();
    writeln!(
        text,
        "{} {} {} {:?} {} ({}) by {:?}, {:?}, records {evidence:?}",
        event.id.number,
        event.time,
        event.host.as_deref().unwrap_or("-"),
        event.action,
        event.service.name,
        event.display_name.as_deref().unwrap_or("-"),
        event.mechanism,
        event.confidence,
    )
    .unwrap();
    for change in &event.changes {
        writeln!(text, "    {}: {:?} -> {:?}", change.name, change.before, change.after).unwrap();
    }
    for executable in &event.executables {
        writeln!(text, "    runs {}: {} {:?}", executable.setting, executable.path, executable.arguments)
            .unwrap();
    }
    writeln!(text, "    enabled {:?}, before {:?}", event.enablement.get(), event.enablement_before.get())
        .unwrap();
    if let Some(actor) = event.actor.get() {
        let name = |process: &crate::model::Process| {
            let image = process.exe.get().map(ToString::to_string).unwrap_or_default();
            format!("{image} ({})", process.key.pid)
        };
        let (user, login) = (known(&actor.user_name), known(&actor.login_name));
        writeln!(
            text,
            "    done by {} as {user}, for {login}, from {}",
            name(&actor.process),
            known(&actor.remote_address)
        )
        .unwrap();
        if let Some(requester) = &actor.requester {
            let parents: Vec<String> = requester.ancestry.iter().map(name).collect();
            writeln!(
                text,
                "    asked by {} below {parents:?}, {:?}: {}",
                name(&requester.process),
                requester.confidence,
                requester.basis
            )
            .unwrap();
        }
    }
    for (name, value) in &event.details {
        writeln!(text, "    {name} = {value}").unwrap();
    }
    for (name, reason) in &event.missing {
        writeln!(text, "    {name} is missing: {reason:?}").unwrap();
    }
    if let Some(note) = &event.note {
        writeln!(text, "    note: {note}").unwrap();
    }
}

#[test]
fn scenarios_are_told_as_recorded() {
    for path in scenarios() {
        let told = render(&tell(&records(&path)));
        let golden = path.with_extension("told");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &told).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap();
        assert!(told == expected, "{}:\n{told}", path.display());
    }
}

/// The forms in which an agent would ship an event.
fn as_json(event: &WindowsEvent, ecs: bool) -> Vec<u8> {
    let fields: serde_json::Map<String, serde_json::Value> = event
        .fields
        .iter()
        .map(|field| {
            let text = field.value.text().into_owned();
            // Numbers lose their quotes on the way, as many converters have it.
            let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
            (field.name.clone(), number.map_or_else(|| text.into(), Into::into))
        })
        .collect();
    let time = event.time.to_string();
    let value = if ecs {
        serde_json::json!({"@timestamp": time, "winlog": {
            "channel": event.channel.to_lowercase(), "provider_name": &*event.provider,
            "event_id": event.id.to_string(), "record_id": event.record_id, "computer_name": &*event.computer,
            "process": {"pid": event.process_id, "thread": {"id": event.thread_id}},
            "user": {"identifier": event.user_sid}, "event_data": fields}})
    } else {
        serde_json::json!({"Event": {"System": {
            "Provider": {"#attributes": {"Name": &*event.provider}},
            "EventID": {"#attributes": {"Qualifiers": 16384}, "#text": event.id},
            "TimeCreated": {"#attributes": {"SystemTime": time}}, "EventRecordID": event.record_id,
            "Execution": {"#attributes": {"ProcessID": event.process_id, "ThreadID": event.thread_id}},
            "Channel": &*event.channel, "Computer": &*event.computer,
            "Security": {"#attributes": {"UserID": event.user_sid}}}, "EventData": fields}})
    };
    serde_json::to_vec(&value).unwrap()
}

#[test]
fn the_form_of_records_makes_no_difference() {
    for path in
        scenarios().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
    {
        let events = records(&path);
        let expected = render(&tell(&events));
        for ecs in [false, true] {
            let shipped: Vec<WindowsEvent> =
                events.iter().map(|event| json::parse(&as_json(event, ecs)).unwrap()).collect();
            assert!(render(&tell(&shipped)) == expected, "{} as ecs {ecs}", path.display());
        }
    }
}

#[test]
fn a_log_that_is_read_in_two_forms_is_told_once() {
    for path in scenarios() {
        let mut events = records(&path);
        let once = render(&tell(&events));
        let again: Vec<WindowsEvent> =
            events.iter().map(|event| json::parse(&as_json(event, true)).unwrap()).collect();
        events.extend(again);
        let events_of =
            |text: &str| text.lines().filter(|line| !line.starts_with("loss")).collect::<Vec<_>>().join("\n");
        assert_eq!(events_of(&render(&tell(&events))), events_of(&once), "{}", path.display());
    }
}

/// What is told, without what depends on the order of records.
fn essence(outputs: &[Output]) -> Vec<String> {
    let mut lines: Vec<String> = outputs
        .iter()
        .map(|output| match output {
            Output::Loss(loss) => format!("{} {}", loss.source, loss.reason),
            Output::Event(event) => {
                let mut changes: Vec<String> = event
                    .changes
                    .iter()
                    .map(|change| format!("{} {:?}", change.name, change.after))
                    .collect();
                changes.sort();
                format!(
                    "{} {:?} {} {:?} {changes:?} {}",
                    event.time,
                    event.action,
                    event.service.name,
                    event.display_name,
                    event.evidence.len()
                )
            }
        })
        .collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_records_within_a_window_makes_no_difference(
        name in prop::sample::select(vec!["psexec", "two-names", "start-type", "hidden-client", "commands"]),
        keys in prop::collection::vec(any::<u32>(), 40),
    ) {
        let events = records(&folder().join(name).with_extension("xml"));
        let expected = essence(&tell(&events));
        let mut shuffled: Vec<(u32, WindowsEvent)> = keys.into_iter().zip(events).collect();
        // Records of one minute come in any order; minutes do not.
        shuffled.sort_by_key(|(key, event)| (event.time.0 / 60_000_000_000, *key));
        let shuffled: Vec<WindowsEvent> = shuffled.into_iter().map(|(_, event)| event).collect();
        prop_assert_eq!(essence(&tell(&shuffled)), expected);
    }

    #[test]
    fn records_with_any_content_are_counted(
        id in prop::sample::select(vec![1_u32, 6, 12, 13, 14, 104, 1102, 4624, 4656, 4657, 4663, 4670, 4674, 4688, 4697,
            5145, 7000, 7009, 7023, 7030, 7031, 7035, 7036, 7040, 7045]),
        fields in prop::collection::vec((prop::sample::select(vec!["param1", "param2", "param3", "param4", "Binary",
            "ServiceName", "ImagePath", "TargetObject", "Details", "EventType", "ObjectName", "ObjectValueName",
            "ObjectType", "CommandLine", "Image", "NewProcessName", "ProcessId", "ServiceFileName", "Message"]),
            "(HKLM\\\\SYSTEM\\\\CurrentControlSet\\\\Services\\\\[A-Z]{0,2}\\\\?(Start|ImagePath)?|[0-9A-Fa-f]{0,12}|\\PC{0,12}|sc stop x)"), 0..6),
        times in prop::collection::vec(any::<i64>(), 1..6),
        provider in prop::sample::select(vec!["Service Control Manager", "Microsoft-Windows-Security-Auditing",
            "Microsoft-Windows-Sysmon", "Microsoft-Windows-Eventlog", ""]),
    ) {
        let events: Vec<WindowsEvent> = times
            .into_iter()
            .map(|time| WindowsEvent {
                provider: provider.into(),
                channel: "System".into(),
                id,
                version: 0,
                record_id: None,
                time: Timestamp(time),
                computer: "H".into(),
                process_id: None,
                thread_id: None,
                user_sid: None,
                activity_id: None,
                audit: None,
                fields: fields
                    .iter()
                    .map(|(name, text)| crate::windows_event::Field {
                        name: (*name).to_owned(),
                        value: Value::Text(text.clone()),
                    })
                    .collect(),
            })
            .collect();
        // `tell` checks that the counts balance.
        tell(&events);
    }
}

/// Public recordings beside the repository, where they are.
fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let here = folder.is_dir();
    if !here {
        println!("skipped: {} is not there", folder.display());
    }
    here.then_some(folder)
}

/// The events of a recording, one line each.
fn lines(path: &Path) -> Vec<String> {
    let mut correlator = Correlator::new("run".to_owned());
    let mut outputs = Vec::new();
    for record in open_all(&[path.to_owned()], Limits::new(is_wanted)) {
        outputs.extend(correlator.push(record.unwrap_or_else(|error| panic!("{error}: {}", error.kind))));
    }
    outputs.extend(correlator.finish());
    assert!(correlator.counters().balance());
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Event(event) => {
                let host = event.host.as_deref().unwrap_or("-");
                Some(format!("{host} {:?} {}", event.action, event.service.name))
            }
            Output::Loss(_) => None,
        })
        .collect()
}

#[test]
fn public_recordings_are_told_right() {
    let Some(folder) = shared() else { return };
    for (file, expected) in [
        ("evtx/7045-4697-smbexec.evtx", &["rootdc1.offsec.lan Created BTOBTO"][..]),
        ("evtx/security-4697-mimidrv-driver.evtx", &["jump01.offsec.lan Created mimidrv"]),
        ("evtx/sysmon-13-defender-disabled.evtx", &["win10-02.offsec.lan Modified WdNisDrv"]),
        (
            "evtx/system-7045-7036-psexec.evtx",
            &[
                "jump01.offsec.lan Created PSEXESVC",
                "jump01.offsec.lan Started PSEXESVC",
                "jump01.offsec.lan Stopped PSEXESVC",
            ],
        ),
        ("evtx/system-7045-non-ascii-path.evtx", &["fs02.offsec.lan Created bad-task"]),
        (
            "otrf/cmd_disable_eventlog_service_startuptype_modification_via_registry.zip",
            &["Pedro01 Disabled EventLog"],
        ),
        ("otrf/psh_disable_eventlog_service_startuptype_modification.zip", &["Pedro01 Disabled EventLog"]),
        (
            "otrf/covenant_sharpsc_create_dcerpc_smb_svcctl.zip",
            &[
                "WORKSTATION6.theshire.local Created Cyb3rWard0g",
                "WORKSTATION5.theshire.local Modified NdisCap",
            ],
        ),
        (
            "otrf/covenant_sharpsc_stop_dcerpc_smb_svcctl.zip",
            &[
                "MORDORDC.theshire.local Stopped Software Protection",
                "WORKSTATION5.theshire.local Modified NdisCap",
            ],
        ),
    ] {
        assert_eq!(lines(&folder.join(file)), expected, "{file}");
    }
    let many = lines(&folder.join("evtx/system-7000-7009-7045-tchopper.evtx"));
    let of = |action: &str| many.iter().filter(|line| line.contains(action)).count();
    assert_eq!((of(" Created seg"), of(" Failed seg"), of(" Started ")), (244, 244, 1));
}
