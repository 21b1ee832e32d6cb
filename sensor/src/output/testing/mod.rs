//! Lines for tests: arbitrary ones, and a coherent one of every kind.

mod arbitrary;

use bstr::BString;

use crate::model::change::{Change, TextDiff};
use crate::model::event::{Action, EventId, Executable, FileFacts, Mechanism, ServiceEvent};
use crate::model::finding::{DataComponent, Finding, Severity, Technique};
use crate::model::known::{Known, Reason};
use crate::model::line::{Enrichment, Fact, Line, SourceState, Started, Totals};
use crate::model::loss::Loss;
use crate::model::observation::ObservationId;
use crate::model::process::{Actor, Confidence, Credentials, Namespaces, Process, ProcessKey};
use crate::model::service::{Enablement, Manager, Scope, ServiceId, Setting};
use crate::model::time::Timestamp;

pub(crate) use arbitrary::{any_action, any_line, any_mechanism};

pub(crate) static SYSTEMD_SERVICE: Technique = Technique {
    name: "Create or Modify System Process: Systemd Service",
    v17: "T1543.002",
    v18: "T1543.002",
    v19: "T1543.002",
};
pub(crate) static DISABLE_TOOLS: Technique =
    Technique { name: "Disable or Modify Tools", v17: "T1562.001", v18: "T1562.001", v19: "T1685" };

/// A program was copied to /tmp and made a service by `cp`, run from a shell over SSH.
pub(crate) fn created_event() -> ServiceEvent {
    let text = |text: &str| Known::Is(BString::from(text));
    let user = Credentials { uid: 0, gid: 0, euid: 0, login_uid: Some(1000), session: Some(7) };
    let process = |pid: u32, parent: Option<u32>, comm: &str, exe: &str, argv: &[&str]| Process {
        key: ProcessKey { pid, start_ns: u64::from(pid) * 1_000_000 },
        parent: parent.map(|pid| ProcessKey { pid, start_ns: u64::from(pid) * 1_000_000 }),
        comm: text(comm),
        exe: text(exe),
        argv: Known::Is(argv.iter().map(|word| BString::from(*word)).collect()),
        argv_truncated: false,
        cwd: text("/root"),
        user: Known::Is(user.clone()),
        tty: Known::Is(Some("pts/0".into())),
        cgroup: text("/user.slice/user-1000.slice/session-7.scope"),
        unit: Some("session-7.scope".into()),
        container: None,
        namespaces: Known::Is(Namespaces {
            mount: 4_026_531_841,
            pid: 4_026_531_836,
            user: 4_026_531_837,
            network: 4_026_531_840,
        }),
    };
    ServiceEvent {
        id: EventId { run: "k3v9q2".to_owned(), number: 1 },
        time: Timestamp(1_764_036_978_000_000_001),
        host: None,
        action: Action::Created,
        mechanism: Mechanism::UnitFile,
        service: service("updater.service"),
        display_name: Some("Keeps things up to date".to_owned()),
        definition: vec![
            setting("Unit", "Description", &["Keeps things up to date"]),
            setting("Service", "ExecStart", &["/tmp/.u/updated --interval 60"]),
            setting("Install", "WantedBy", &["multi-user.target"]),
        ],
        changes: vec![Change {
            section: "Service".to_owned(),
            name: "ExecStart".to_owned(),
            before: vec![],
            after: vec!["/tmp/.u/updated --interval 60".to_owned()],
        }],
        file: Some(FileFacts {
            path: "/etc/systemd/system/updater.service".into(),
            path_as_named: Known::Missing(Reason::NotRecorded),
            link_target: None,
            sha256: Known::Is("2f4c9a6ad3a5a2ad7f0b1f6a3c3e53f5f4b1fbd1b7c1e5b8d9c0a1b2c3d4e5f6".to_owned()),
            size: Known::Is(121),
            mode: Known::Is(0o100_644),
            owner: Known::Is((0, 0)),
            diff: Some(TextDiff {
                lines: vec!["+[Service]".to_owned(), "+ExecStart=/tmp/.u/updated --interval 60".to_owned()],
                omitted: 4,
            }),
        }),
        executables: vec![Executable {
            setting: "ExecStart".to_owned(),
            command_line: "/tmp/.u/updated --interval 60".to_owned(),
            path: "/tmp/.u/updated".to_owned(),
            arguments: vec!["--interval".to_owned(), "60".to_owned()],
            sha256: Known::Pending,
            owner: Known::Is((1000, 1000)),
            mode: Known::Is(0o755),
        }],
        enablement: Known::Is(Enablement::Disabled),
        enablement_before: Known::Is(Enablement::Absent),
        loaded: Known::Is(false),
        actor: Known::Is(Actor {
            process: process(
                4242,
                Some(4200),
                "cp",
                "/usr/bin/cp",
                &["cp", "updater.service", "/etc/systemd/system/"],
            ),
            ancestry: vec![
                process(4200, Some(1), "bash", "/usr/bin/bash", &["-bash"]),
                Process::unknown(ProcessKey { pid: 1, start_ns: 0 }, Reason::Denied),
            ],
            requester: None,
            user_name: Known::Is("root".to_owned()),
            login_name: Known::Is("kim".to_owned()),
            remote_address: Known::Is("192.0.2.7".to_owned()),
        }),
        confidence: Confidence::High,
        note: None,
        details: vec![],
        missing: vec![],
        evidence: vec![ObservationId(16), ObservationId(17)],
    }
}

pub(crate) fn service(name: &str) -> ServiceId {
    ServiceId { manager: Manager::Systemd, scope: Scope::System, name: name.to_owned() }
}

pub(crate) fn setting(section: &str, name: &str, values: &[&str]) -> Setting {
    Setting {
        section: section.to_owned(),
        name: name.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

/// One line of every kind, as an intruder who makes a service of a program in /tmp brings them about.
pub(crate) fn one_of_each() -> Vec<Line> {
    let time = |seconds: i64| Timestamp(1_764_036_970_000_000_000 + seconds * 1_000_000_000);
    let event = created_event();
    vec![
        Line::Started(Started {
            time: time(0),
            run: "k3v9q2".to_owned(),
            version: "0.1.0".to_owned(),
            os_release: Known::Is("6.12.48-amd64".to_owned()),
            host: Known::Is("web-1".to_owned()),
            boot_id: Known::Is("5f0c5a3e-6a2b-4c7e-9d0e-8f1b2a3c4d5e".to_owned()),
            sources: vec![
                SourceState { name: "tracing".to_owned(), error: Some("BTF is not offered".to_owned()) },
                SourceState { name: "fanotify".to_owned(), error: None },
            ],
            blind: vec!["Attribute changes made through another mount are not seen.".to_owned()],
            services: 412,
        }),
        Line::Finding(Box::new(Finding {
            time: event.time,
            analytic: "execution-from-writable-path",
            title: "Service runs from a writable path",
            service: event.service.clone(),
            host: None,
            severity: Severity::High,
            why: "updater.service runs /tmp/.u/updated, which everybody may replace".to_owned(),
            techniques: vec![&SYSTEMD_SERVICE],
            component: DataComponent::Creation,
            evidence: vec![event.id.clone()],
        })),
        Line::Enrichment(Enrichment {
            time: time(9),
            event: event.id.clone(),
            fact: Fact::Program {
                path: "/tmp/.u/updated".to_owned(),
                sha256: Known::Is(
                    "9b74c9897bac770ffc029102a200c5de1f0ab3f4f4c0b5f9e5d4c3b2a1908f7e".to_owned(),
                ),
                details: Vec::new(),
                missing: Vec::new(),
            },
        }),
        Line::Event(Box::new(event)),
        Line::Loss(Loss {
            time: time(20),
            source: "fanotify".to_owned(),
            reason: "the kernel's queue was full".to_owned(),
            count: None,
            consequence: "all units are read again".to_owned(),
        }),
        Line::Heartbeat(Totals {
            time: time(60),
            counters: vec![("observations".to_owned(), 19), ("events".to_owned(), 1)],
        }),
        Line::Stopped {
            reason: "SIGTERM".to_owned(),
            totals: Totals { time: time(90), counters: vec![("observations".to_owned(), 19)] },
        },
    ]
}
