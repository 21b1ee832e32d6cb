//! Any line, for property tests.

use bstr::BString;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::model::change::{Change, TextDiff};
use crate::model::event::{Action, EventId, Executable, FileFacts, Mechanism, ServiceEvent};
use crate::model::finding::{DataComponent, Finding, Severity};
use crate::model::known::{Known, Reason};
use crate::model::line::{Enrichment, Fact, Line, SourceState, Started, Totals};
use crate::model::loss::Loss;
use crate::model::observation::ObservationId;
use crate::model::process::{Actor, Confidence, Credentials, Namespaces, Process, ProcessKey, Requester};
use crate::model::service::{Enablement, Manager, Scope, ServiceId, Setting};
use crate::model::time::Timestamp;

use super::{DISABLE_TOOLS, SYSTEMD_SERVICE};

/// Any line that the model can hold, with text that tries to break out.
pub(crate) fn any_line() -> impl Strategy<Value = Line> {
    prop_oneof![
        any_event().prop_map(|event| Line::Event(Box::new(event))),
        any_finding().prop_map(|finding| Line::Finding(Box::new(finding))),
        any_started().prop_map(Line::Started),
        (any_time(), any_event_id(), any_fact())
            .prop_map(|(time, event, fact)| Line::Enrichment(Enrichment { time, event, fact })),
        (any_time(), any_text(), any_text(), any::<Option<u64>>(), any_text()).prop_map(
            |(time, source, reason, count, consequence)| {
                Line::Loss(Loss { time, source, reason, count, consequence })
            }
        ),
        any_totals().prop_map(Line::Heartbeat),
        (any_text(), any_totals()).prop_map(|(reason, totals)| Line::Stopped { reason, totals }),
    ]
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        (any_text(), any_known(any_hash()), option::of(any_text())).prop_map(|(path, sha256, signer)| {
            let missing =
                if signer.is_none() { vec![("image_signer", Reason::NotFound)] } else { Vec::new() };
            let details = signer.map(|signer| ("image_signer", signer)).into_iter().collect();
            Fact::Program { path, sha256, details, missing }
        }),
        prop_oneof![Just(Scope::System), any::<u32>().prop_map(Scope::User)]
            .prop_map(|scope| Fact::Loaded { scope }),
    ]
}

/// Any event that the model can hold.
fn any_event() -> BoxedStrategy<ServiceEvent> {
    let identity = (any_event_id(), any_time(), option::of(any_text()), any_action(), any_mechanism());
    let subject = (any_service(), option::of(any_text()), vec(any_setting(), 0..6), vec(any_change(), 0..4));
    let objects = (option::of(any_file()), vec(any_executable(), 0..3));
    let state = (
        any_known(any_enablement()),
        any_known(any_enablement()),
        any_known(any::<bool>()),
        any_confidence(),
    );
    let rest = (
        any_known(any_actor()),
        option::of(any_text()),
        vec(any_text(), 0..3),
        option::of(any_reason()),
        vec(any::<u64>(), 0..4),
    );
    (identity, subject, objects, state, rest)
        .prop_map(
            |(
                (id, time, host, action, mechanism),
                (service, display_name, definition, changes),
                (file, executables),
                (enablement, enablement_before, loaded, confidence),
                (actor, note, details, missing, evidence),
            )| ServiceEvent {
                id,
                time,
                host,
                action,
                mechanism,
                service,
                display_name,
                definition,
                changes,
                file,
                executables,
                enablement,
                enablement_before,
                loaded,
                actor,
                confidence,
                note,
                details: ["command", "job", "result"].into_iter().zip(details).collect(),
                missing: missing.map(|reason| ("file.sha256", reason)).into_iter().collect(),
                evidence: evidence.into_iter().map(ObservationId).collect(),
            },
        )
        .boxed()
}

fn any_finding() -> BoxedStrategy<Finding> {
    let component = prop_oneof![
        Just(DataComponent::Creation),
        Just(DataComponent::Metadata),
        Just(DataComponent::Modification)
    ];
    let severity = prop_oneof![
        Just(Severity::Informational),
        Just(Severity::Low),
        Just(Severity::Medium),
        Just(Severity::High),
        Just(Severity::Critical)
    ];
    let techniques = vec(prop_oneof![Just(&SYSTEMD_SERVICE), Just(&DISABLE_TOOLS)], 0..3);
    (
        (any_time(), any_service(), option::of(any_text()), severity),
        (any_text(), techniques, component, vec(any_event_id(), 0..4)),
    )
        .prop_map(|((time, service, host, severity), (why, techniques, component, evidence))| Finding {
            time,
            analytic: "an-analytic",
            title: "A title",
            service,
            host,
            severity,
            why,
            techniques,
            component,
            evidence,
        })
        .boxed()
}

fn any_started() -> BoxedStrategy<Started> {
    (
        (any_time(), "[a-z0-9]{6}", any_text(), any_known(any_text()), any_known(any_text())),
        (any_known(any_text()), vec((any_text(), option::of(any_text())), 0..4), vec(any_text(), 0..3)),
        any::<usize>(),
    )
        .prop_map(|((time, run, version, os_release, host), (boot_id, sources, blind), services)| Started {
            time,
            run,
            version,
            os_release,
            host,
            boot_id,
            sources: sources.into_iter().map(|(name, error)| SourceState { name, error }).collect(),
            blind,
            services,
        })
        .boxed()
}

/// Text as hostile data has it: quotes, controls, escape sequences, bidirectional marks, secrets.
fn any_text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[ -~]{0,24}",
        2 => any::<String>(),
        1 => "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{2028}\u{202e}\u{2066}\"\\\\]{0,12}",
        2 => "(/usr/bin/)?(curl|mysql|x)( (--?(password|token|u|p|H)[= ]?[a-z:@'\"]{1,9})| (PASS|TOKEN)=[^ ]{0,6}){0,3}",
    ]
        .boxed()
}

/// Bytes that need not be text.
fn any_bytes() -> BoxedStrategy<BString> {
    prop_oneof![any_text().prop_map(BString::from), vec(any::<u8>(), 0..16).prop_map(BString::from)].boxed()
}

fn any_known<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Known<T>> {
    prop_oneof![
        4 => value.prop_map(Known::Is),
        1 => Just(Known::Pending),
        1 => any_reason().prop_map(Known::Missing),
    ]
}

fn any_reason() -> impl Strategy<Value = Reason> {
    proptest::sample::select(vec![
        Reason::Exited,
        Reason::Denied,
        Reason::NotFound,
        Reason::TooLarge,
        Reason::Raced,
        Reason::Unsupported,
        Reason::NotRecorded,
        Reason::Malformed,
        Reason::Lost,
        Reason::Failed,
        Reason::Pending,
    ])
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn any_hash() -> impl Strategy<Value = String> {
    "[0-9a-f]{64}"
}

fn any_event_id() -> impl Strategy<Value = EventId> {
    ("[a-z0-9]{6}", any::<u64>()).prop_map(|(run, number)| EventId { run, number })
}

/// Any action.
pub(crate) fn any_action() -> impl Strategy<Value = Action> {
    proptest::sample::select(vec![
        Action::Created,
        Action::Modified,
        Action::Removed,
        Action::Enabled,
        Action::Disabled,
        Action::Masked,
        Action::Unmasked,
        Action::Aliased,
        Action::Started,
        Action::Stopped,
        Action::Failed,
        Action::ControlRequested,
    ])
}

/// Any mechanism.
pub(crate) fn any_mechanism() -> impl Strategy<Value = Mechanism> {
    proptest::sample::select(vec![
        Mechanism::UnitFile,
        Mechanism::DropIn,
        Mechanism::DependencyLink,
        Mechanism::AliasLink,
        Mechanism::Mask,
        Mechanism::Transient,
        Mechanism::Generator,
        Mechanism::Command,
        Mechanism::InitScript,
        Mechanism::ServiceControlManager,
        Mechanism::Registry,
        Mechanism::Executable,
    ])
}

fn any_enablement() -> impl Strategy<Value = Enablement> {
    proptest::sample::select(vec![
        Enablement::Enabled,
        Enablement::EnabledRuntime,
        Enablement::Disabled,
        Enablement::Static,
        Enablement::Masked,
        Enablement::MaskedRuntime,
        Enablement::Alias,
        Enablement::Linked,
        Enablement::LinkedRuntime,
        Enablement::Indirect,
        Enablement::Generated,
        Enablement::Transient,
        Enablement::Bad,
        Enablement::Absent,
        Enablement::Boot,
        Enablement::Manual,
    ])
}

fn any_confidence() -> impl Strategy<Value = Confidence> {
    proptest::sample::select(vec![Confidence::Low, Confidence::Medium, Confidence::High])
}

fn any_service() -> BoxedStrategy<ServiceId> {
    let manager =
        proptest::sample::select(vec![Manager::Systemd, Manager::SysV, Manager::Scm, Manager::Launchd]);
    let scope = prop_oneof![Just(Scope::System), Just(Scope::AllUsers), any::<u32>().prop_map(Scope::User)];
    let name = prop_oneof![any_text(), Just("x.service".to_owned()), Just("a@b.timer".to_owned())];
    (manager, scope, name).prop_map(|(manager, scope, name)| ServiceId { manager, scope, name }).boxed()
}

fn any_setting() -> BoxedStrategy<Setting> {
    let section =
        prop_oneof![Just(String::new()), Just("Service".to_owned()), Just("A.B".to_owned()), any_text()];
    let name = prop_oneof![
        Just("Environment".to_owned()),
        Just("ExecStart".to_owned()),
        Just("SetCredential".to_owned()),
        any_text()
    ];
    (section, name, vec(any_text(), 0..3))
        .prop_map(|(section, name, values)| Setting { section, name, values })
        .boxed()
}

fn any_change() -> BoxedStrategy<Change> {
    (any_setting(), vec(any_text(), 0..3))
        .prop_map(|(setting, after)| Change {
            section: setting.section,
            name: setting.name,
            before: setting.values,
            after,
        })
        .boxed()
}

fn any_file() -> BoxedStrategy<FileFacts> {
    let diff =
        (vec(any_diff_line(), 0..6), any::<usize>()).prop_map(|(lines, omitted)| TextDiff { lines, omitted });
    (
        (any_bytes(), any_known(any_bytes()), option::of(any_bytes()), any_known(any_hash())),
        (any_known(any::<u64>()), any_known(any::<u32>()), any_known(any::<(u32, u32)>()), option::of(diff)),
    )
        .prop_map(|((path, path_as_named, link_target, sha256), (size, mode, owner, diff))| FileFacts {
            path,
            path_as_named,
            link_target,
            sha256,
            size,
            mode,
            owner,
            diff,
        })
        .boxed()
}

fn any_diff_line() -> impl Strategy<Value = String> {
    let directive = prop_oneof![
        Just(""),
        Just("Environment="),
        Just("ExecStart=/usr/bin/x "),
        Just(" A=1 "),
        Just("SetCredential=a:")
    ];
    let end = prop_oneof![Just(""), Just(" \\")];
    (prop_oneof![Just("+"), Just("-")], directive, any_text(), end)
        .prop_map(|(sign, directive, text, end)| format!("{sign}{directive}{text}{end}"))
}

fn any_executable() -> BoxedStrategy<Executable> {
    (
        (any_text(), any_text(), any_text(), vec(any_text(), 0..4)),
        (any_known(any_hash()), any_known(any::<(u32, u32)>()), any_known(any::<u32>())),
    )
        .prop_map(|((setting, command_line, path, arguments), (sha256, owner, mode))| Executable {
            setting,
            command_line,
            path,
            arguments,
            sha256,
            owner,
            mode,
        })
        .boxed()
}

fn any_actor() -> BoxedStrategy<Actor> {
    let requester = (any_process(), vec(any_process(), 0..2), any_confidence(), any_text()).prop_map(
        |(process, ancestry, confidence, basis)| Requester { process, ancestry, confidence, basis },
    );
    (
        (any_process(), vec(any_process(), 0..3), option::of(requester)),
        (any_known(any_text()), any_known(any_text()), any_known(any_text())),
    )
        .prop_map(|((process, ancestry, requester), (user_name, login_name, remote_address))| Actor {
            process,
            ancestry,
            requester,
            user_name,
            login_name,
            remote_address,
        })
        .boxed()
}

fn any_key() -> impl Strategy<Value = ProcessKey> {
    (any::<u32>(), prop_oneof![Just(0), any::<u64>()])
        .prop_map(|(pid, start_ns)| ProcessKey { pid, start_ns })
}

fn any_process() -> BoxedStrategy<Process> {
    let user = (any::<(u32, u32, u32)>(), any::<(Option<u32>, Option<u32>)>()).prop_map(
        |((uid, gid, euid), (login_uid, session))| Credentials { uid, gid, euid, login_uid, session },
    );
    let namespaces = any::<(u32, u32, bool, u32)>().prop_map(|(mount, pid, told, network)| Namespaces {
        mount,
        pid,
        user: u32::from(told),
        network,
    });
    (
        (any_key(), option::of(any_key()), any_known(any_bytes()), any_known(any_bytes())),
        (any_known(vec(any_bytes(), 0..4)), any::<bool>(), any_known(any_bytes()), any_known(user)),
        (any_known(option::of(any_bytes())), any_known(any_bytes()), option::of(any_bytes())),
        (option::of(any_bytes()), any_known(namespaces)),
    )
        .prop_map(
            |(
                (key, parent, comm, exe),
                (argv, argv_truncated, cwd, user),
                (tty, cgroup, unit),
                (container, namespaces),
            )| Process {
                key,
                parent,
                comm,
                exe,
                argv,
                argv_truncated,
                cwd,
                user,
                tty,
                cgroup,
                unit,
                container,
                namespaces,
            },
        )
        .boxed()
}

fn any_totals() -> impl Strategy<Value = Totals> {
    (any_time(), proptest::collection::btree_map(any_text(), any::<u64>(), 0..4))
        .prop_map(|(time, counters)| Totals { time, counters: counters.into_iter().collect() })
}
