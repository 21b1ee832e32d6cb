//! The recorded cases of `tests/detection`: events in short, and the findings that they must give.
//!
//! Each analytic has a file of its name there, with cases in which it fires and near misses in which it doesn't.
//! A case expects exactly the findings that it names, so that every case is a near miss of all other analytics.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bstr::BString;
use serde::Deserialize;

use super::analytic::{self, Analytic};
use super::{Detector, Options, command};
use crate::model::change::{Change, TextDiff};
use crate::model::event::{Action, EventId, Executable, FileFacts, Mechanism, ServiceEvent};
use crate::model::finding::{Finding, Severity};
use crate::model::known::{Known, Reason};
use crate::model::process::{Actor, Confidence, Credentials, Process, ProcessKey, Requester};
use crate::model::service::{Enablement, Manager, Scope, ServiceId, Setting};
use crate::model::time::Timestamp;

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// A case: what happens, and what must be told of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What happens, as a sentence.
    says: String,
    /// `analytic: severity` of each finding.
    expect: Vec<String>,
    /// Words that the findings' sentences must hold, in any of them.
    #[serde(default)]
    why: Vec<String>,
    /// The events, in order.
    event: Vec<Event>,
}

/// An event in short.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    action: String,
    service: String,
    #[serde(default = "systemd")]
    manager: String,
    #[serde(default = "system")]
    scope: String,
    mechanism: Option<String>,
    display: Option<String>,
    note: Option<String>,
    host: Option<String>,
    /// Seconds after the event before.
    #[serde(default)]
    after: i64,
    file: Option<String>,
    file_owner: Option<u32>,
    link_target: Option<String>,
    file_mode: Option<u32>,
    #[serde(default)]
    diff: Vec<String>,
    /// Setting, program and arguments; on Windows setting and whole line.
    #[serde(default)]
    exec: Vec<Vec<String>>,
    exec_owner: Option<u32>,
    exec_group: Option<u32>,
    exec_mode: Option<u32>,
    #[serde(default)]
    settings: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    changes: Vec<ChangeInShort>,
    #[serde(default)]
    details: BTreeMap<String, String>,
    enablement: Option<String>,
    enablement_before: Option<String>,
    /// The acting program's path.
    actor: Option<String>,
    #[serde(default)]
    uid: u32,
    /// The path of the program on whose behalf it acted.
    requester: Option<String>,
    /// Its parents' paths.
    #[serde(default)]
    parents: Vec<String>,
}

/// A change in short.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeInShort {
    name: String,
    #[serde(default)]
    before: Vec<String>,
    #[serde(default)]
    after: Vec<String>,
}

fn systemd() -> String {
    "systemd".to_owned()
}

fn system() -> String {
    "system".to_owned()
}

impl Event {
    /// The event in full.
    fn into_event(self, number: u64, time: Timestamp) -> ServiceEvent {
        let manager = manager(&self.manager);
        let executables = self
            .exec
            .iter()
            .map(|words| {
                let mut executable = executable(manager, words);
                executable.owner = Known::Is((self.exec_owner.unwrap_or(0), self.exec_group.unwrap_or(0)));
                executable.mode = Known::Is(self.exec_mode.unwrap_or(0o755));
                executable
            })
            .collect();
        let definition = self
            .settings
            .into_iter()
            .map(|(name, values)| Setting { section: String::new(), name, values })
            .collect();
        let changes = self
            .changes
            .into_iter()
            .map(|change| Change {
                section: String::new(),
                name: change.name,
                before: change.before,
                after: change.after,
            })
            .collect();
        let file = self.file.map(|path| FileFacts {
            path: BString::from(path),
            path_as_named: Known::Missing(Reason::NotRecorded),
            link_target: self.link_target.map(BString::from),
            sha256: Known::Missing(Reason::NotRecorded),
            size: Known::Missing(Reason::NotRecorded),
            mode: Known::Is(self.file_mode.unwrap_or(0o644)),
            owner: Known::Is((self.file_owner.unwrap_or(0), 0)),
            diff: Some(TextDiff { lines: self.diff, omitted: 0 }),
        });
        let parents = &self.parents;
        let uid = self.uid;
        let requester = self.requester.map(|exe| Requester {
            process: process(&exe, uid),
            ancestry: Vec::new(),
            confidence: Confidence::Medium,
            basis: "a case".to_owned(),
        });
        let actor = self.actor.map(|exe| Actor {
            process: process(&exe, uid),
            ancestry: parents.iter().map(|exe| process(exe, uid)).collect(),
            requester,
            user_name: Known::Missing(Reason::NotRecorded),
            login_name: Known::Missing(Reason::NotRecorded),
            remote_address: Known::Missing(Reason::NotRecorded),
        });
        let default = if manager == Manager::Scm { "service-control-manager" } else { "unit-file" };
        ServiceEvent {
            id: EventId { run: "case".to_owned(), number },
            time,
            host: self.host,
            action: action(&self.action),
            mechanism: mechanism(self.mechanism.as_deref().unwrap_or(default)),
            service: ServiceId { manager, scope: scope(&self.scope), name: self.service },
            display_name: self.display,
            definition,
            changes,
            file,
            executables,
            enablement: enablement(self.enablement.as_deref()),
            enablement_before: enablement(self.enablement_before.as_deref()),
            loaded: Known::Missing(Reason::NotRecorded),
            actor: actor.map_or(Known::Missing(Reason::NotRecorded), Known::Is),
            confidence: Confidence::High,
            note: self.note,
            details: self.details.into_iter().map(|(name, value)| (detail_name(&name), value)).collect(),
            missing: Vec::new(),
            evidence: Vec::new(),
        }
    }
}

/// A program that a service runs, from its words.
pub(super) fn executable(manager: Manager, words: &[String]) -> Executable {
    let (setting, rest) = words.split_first().expect("a setting");
    let (path, arguments, command_line) = if manager == Manager::Scm {
        let line = rest.join(" ");
        (command::windows_program(&line).to_owned(), Vec::new(), line)
    } else {
        let (path, arguments) = rest.split_first().expect("a program");
        (path.clone(), arguments.to_vec(), rest.join(" "))
    };
    Executable {
        setting: setting.clone(),
        command_line,
        path,
        arguments,
        sha256: Known::Pending,
        owner: Known::Missing(Reason::NotRecorded),
        mode: Known::Missing(Reason::NotRecorded),
    }
}

fn process(exe: &str, uid: u32) -> Process {
    let mut process = Process::unknown(ProcessKey { pid: 1, start_ns: 0 }, Reason::NotRecorded);
    process.exe = Known::Is(BString::from(exe));
    process.user = Known::Is(Credentials { uid, gid: uid, euid: uid, login_uid: None, session: None });
    process
}

fn manager(word: &str) -> Manager {
    match word {
        "systemd" => Manager::Systemd,
        "sysv" => Manager::SysV,
        "scm" => Manager::Scm,
        "launchd" => Manager::Launchd,
        other => panic!("no manager {other}"),
    }
}

fn scope(word: &str) -> Scope {
    match word {
        "system" => Scope::System,
        "all-users" => Scope::AllUsers,
        user => Scope::User(user.parse().expect("a user id")),
    }
}

fn action(word: &str) -> Action {
    match word {
        "created" => Action::Created,
        "modified" => Action::Modified,
        "removed" => Action::Removed,
        "enabled" => Action::Enabled,
        "disabled" => Action::Disabled,
        "masked" => Action::Masked,
        "unmasked" => Action::Unmasked,
        "aliased" => Action::Aliased,
        "started" => Action::Started,
        "stopped" => Action::Stopped,
        "failed" => Action::Failed,
        "control-requested" => Action::ControlRequested,
        other => panic!("no action {other}"),
    }
}

fn mechanism(word: &str) -> Mechanism {
    match word {
        "unit-file" => Mechanism::UnitFile,
        "drop-in" => Mechanism::DropIn,
        "dependency-link" => Mechanism::DependencyLink,
        "alias-link" => Mechanism::AliasLink,
        "mask" => Mechanism::Mask,
        "transient" => Mechanism::Transient,
        "generator" => Mechanism::Generator,
        "command" => Mechanism::Command,
        "init-script" => Mechanism::InitScript,
        "service-control-manager" => Mechanism::ServiceControlManager,
        "registry" => Mechanism::Registry,
        "executable" => Mechanism::Executable,
        other => panic!("no mechanism {other}"),
    }
}

fn enablement(word: Option<&str>) -> Known<Enablement> {
    match word {
        None => Known::Missing(Reason::NotRecorded),
        Some("enabled") => Known::Is(Enablement::Enabled),
        Some("disabled") => Known::Is(Enablement::Disabled),
        Some("masked") => Known::Is(Enablement::Masked),
        Some("static") => Known::Is(Enablement::Static),
        Some("manual") => Known::Is(Enablement::Manual),
        Some(other) => panic!("no enablement {other}"),
    }
}

fn detail_name(word: &str) -> &'static str {
    let names = [
        "tool",
        "verb",
        "units",
        "kind",
        "client",
        "remote_address",
        "client_is_remote",
        "control",
        "image",
        "image_signed",
        "image_signer",
        "signal",
        "host",
        "machine",
        "logon_type",
        "short_lived",
        "overrides",
        "opened_to",
    ];
    names.into_iter().find(|name| *name == word).unwrap_or_else(|| panic!("no detail {word}"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/detection")
}

/// The cases of an analytic.
fn cases_of(analytic: &Analytic) -> Vec<Case> {
    let path = folder().join(format!("{}.toml", analytic.name));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.case
}

/// What a case gives.
fn judge(case: Vec<Event>) -> Vec<Finding> {
    let mut detector = Detector::new(Options::default()).expect("default options are sound");
    let mut time = Timestamp(1_700_000_000_000_000_000);
    let mut findings = Vec::new();
    for (number, event) in (1..).zip(case) {
        time = Timestamp(time.0 + event.after * 1_000_000_000);
        let event = event.into_event(number, time);
        let found = detector.judge(&event);
        for finding in &found {
            assert!(finding.evidence.contains(&event.id), "{}: evidence", finding.analytic);
            assert_eq!(finding.time, event.time);
        }
        findings.extend(found);
    }
    findings
}

fn severity_word(severity: Severity) -> String {
    format!("{severity:?}").to_lowercase()
}

#[test]
fn every_case_gives_exactly_its_findings() {
    let mut wrong = Vec::new();
    for analytic in analytic::ALL {
        for case in cases_of(analytic) {
            let findings = judge(case.event);
            let mut found: Vec<String> = findings
                .iter()
                .map(|finding| format!("{}: {}", finding.analytic, severity_word(finding.severity)))
                .collect();
            found.sort();
            let mut expected = case.expect;
            expected.sort();
            let sentences: Vec<&str> = findings.iter().map(|finding| finding.why.as_str()).collect();
            if found != expected {
                wrong.push(format!(
                    "{}: {}\n  expected {expected:?}\n  found {found:?}\n  {sentences:#?}",
                    analytic.name, case.says
                ));
            }
            for word in case.why {
                if !sentences.iter().any(|why| why.contains(&word)) {
                    wrong.push(format!("{}: {}\n  no {word:?} in {sentences:#?}", analytic.name, case.says));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_analytic_has_a_case_that_fires_and_a_near_miss() {
    for analytic in analytic::ALL {
        let cases = cases_of(analytic);
        let fires = |case: &Case| {
            case.expect.iter().any(|expected| expected.split(':').next() == Some(analytic.name))
        };
        assert!(cases.iter().any(fires), "{} has no case that fires", analytic.name);
        assert!(!cases.iter().all(fires), "{} has no near miss", analytic.name);
    }
}

#[test]
fn every_file_belongs_to_an_analytic() {
    for entry in std::fs::read_dir(folder()).expect("the folder of cases") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let stem = name.strip_suffix(".toml").unwrap_or_else(|| panic!("{name} is no file of cases"));
        assert!(analytic::by_name(stem).is_some(), "{name} belongs to no analytic");
    }
}

#[test]
fn findings_keep_to_what_their_analytic_says_of_itself() {
    for about in analytic::ALL {
        for case in cases_of(about) {
            for finding in judge(case.event) {
                let analytic = analytic::by_name(finding.analytic).expect("findings come from analytics");
                let (lowest, highest) = analytic.severity;
                assert!(
                    (lowest..=highest).contains(&finding.severity),
                    "{} gives {:?}",
                    analytic.name,
                    finding.severity
                );
                assert!(!finding.techniques.is_empty(), "{} names no technique", analytic.name);
                for technique in &finding.techniques {
                    assert!(
                        analytic.techniques.contains(technique),
                        "{} does not list {}",
                        analytic.name,
                        technique.v18
                    );
                }
                assert_eq!(finding.title, analytic.title);
                assert!(finding.why.ends_with('.') && !finding.why.contains('\n'), "{}", finding.why);
            }
        }
    }
}
