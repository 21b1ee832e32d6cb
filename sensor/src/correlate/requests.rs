//! Who asked a manager for what it did.
//!
//! `systemctl enable` has PID 1 make the link, so the link's own doer is the manager. Who wanted it is found among
//! those who asked for something of the kind just before.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::process::Confidence;
use crate::model::{Mechanism, ProcessKey, Scope, Timestamp};
use crate::systemd::control::{Addressed, ControlAction, ControlRequest};

/// The most requests that are remembered.
const CAPACITY: usize = 256;
/// How long after a request its effect may come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long after its end a process may still be the cause: it does not wait for the manager with `--no-block`.
const AFTERMATH: Duration = Duration::from_secs(5);

/// A request and who made it.
#[derive(Clone, Debug)]
struct Request {
    process: ProcessKey,
    uid: Option<u32>,
    time: Timestamp,
    control: ControlRequest,
    exited: Option<Timestamp>,
}

/// What was asked of managers lately.
#[derive(Default)]
pub struct Requests {
    recent: VecDeque<Request>,
}

/// Who asked, how sure that is, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Who asked.
    pub process: ProcessKey,
    /// How sure.
    pub confidence: Confidence,
    /// What it rests on, as a sentence.
    pub basis: String,
}

impl Requests {
    /// Remembers what `process` of user `uid` asked for.
    pub fn note(&mut self, process: ProcessKey, uid: Option<u32>, time: Timestamp, control: ControlRequest) {
        if self.recent.len() >= CAPACITY {
            self.recent.pop_front();
        }
        self.recent.push_back(Request { process, uid, time, control, exited: None });
    }

    /// A process ended.
    pub fn exit(&mut self, process: ProcessKey, time: Timestamp) {
        for request in self.recent.iter_mut().filter(|request| request.process == process) {
            request.exited.get_or_insert(time);
        }
    }

    /// Who asked the manager of `scope` for what it did to `unit` at `time`.
    pub fn cause(&self, scope: Scope, unit: &str, mechanism: Mechanism, time: Timestamp) -> Option<Cause> {
        let mut candidates: Vec<(Confidence, &Request)> = self
            .recent
            .iter()
            .rev()
            .filter(|request| request.is_timely(time) && request.addresses(scope))
            .filter_map(|request| Some((request.confidence(unit, mechanism, time)?, request)))
            .collect();
        // The surest first, and of those the latest: the sort keeps their order.
        candidates.sort_by_key(|(confidence, _request)| std::cmp::Reverse(*confidence));
        let (confidence, request) = candidates.first()?;
        let rivals = candidates.iter().filter(|(other, _request)| other == confidence).count() > 1;
        let confidence = if rivals && *confidence < Confidence::High { Confidence::Low } else { *confidence };
        let named = if request.names(unit) { "names the unit" } else { "does not name the unit" };
        let alive =
            if request.exited.is_none_or(|exited| exited >= time) { "still ran" } else { "had just ended" };
        // `systemd-run` has no verb.
        let command = format!("{} {}", request.control.tool.as_str(), request.control.verb);
        let basis = format!(
            "`{}` {named}, began {} ms before and {alive}{}",
            command.trim_end(),
            time.since(request.time).as_millis(),
            if rivals { "; others fit as well" } else { "" }
        );
        Some(Cause { process: request.process, confidence, basis })
    }
}

impl Request {
    fn is_timely(&self, time: Timestamp) -> bool {
        self.time <= time
            && time.since(self.time) <= PATIENCE
            && self.exited.is_none_or(|exited| time.since(exited) <= AFTERMATH)
    }

    fn addresses(&self, scope: Scope) -> bool {
        if !self.control.is_local() {
            return false;
        }
        match (self.control.addressed, scope) {
            (Addressed::System, Scope::System) | (Addressed::AllUsers, Scope::AllUsers) => true,
            (Addressed::User, Scope::User(uid)) => self.uid == Some(uid),
            _ => false,
        }
    }

    fn names(&self, unit: &str) -> bool {
        self.control.units.iter().any(|named| named == unit)
    }

    /// How sure it is that this request is the cause; `None` when it can't be.
    fn confidence(&self, unit: &str, mechanism: Mechanism, time: Timestamp) -> Option<Confidence> {
        let running = self.exited.is_none_or(|exited| exited >= time);
        let fits = match mechanism {
            Mechanism::Generator => true,
            Mechanism::Transient => matches!(
                self.control.action,
                ControlAction::RunTransient
                    | ControlAction::SetProperty
                    | ControlAction::Start
                    | ControlAction::Other
            ),
            Mechanism::UnitFile
            | Mechanism::DropIn
            | Mechanism::DependencyLink
            | Mechanism::AliasLink
            | Mechanism::Mask
            | Mechanism::Command
            | Mechanism::InitScript
            | Mechanism::ServiceControlManager
            | Mechanism::Registry
            | Mechanism::Executable => matches!(
                self.control.action,
                ControlAction::Enable
                    | ControlAction::Disable
                    | ControlAction::Preset
                    | ControlAction::Mask
                    | ControlAction::Unmask
                    | ControlAction::Link
                    | ControlAction::Revert
                    | ControlAction::AddDependency
                    | ControlAction::SetProperty
                    | ControlAction::SetDefault
                    | ControlAction::Attach
                    | ControlAction::Detach
                    | ControlAction::Other
            ),
        };
        match (self.names(unit), fits, running) {
            (true, true, true) => Some(Confidence::High),
            (true, true, false) | (false, true, true) => Some(Confidence::Medium),
            (true, false, true) | (false, true, false) => Some(Confidence::Low),
            (true | false, false, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bstr::BString;

    use super::*;

    fn key(pid: u32) -> ProcessKey {
        ProcessKey { pid, start_ns: 1 }
    }

    fn seconds(time: i64) -> Timestamp {
        Timestamp(time * 1_000_000_000)
    }

    /// Notes commands, one a second from the first on, by processes from 1 on; those with a `!` ended at once.
    fn requests(commands: &[&str]) -> Requests {
        let mut requests = Requests::default();
        for (number, command) in (1..).zip(commands) {
            let (command, ended) =
                command.strip_suffix('!').map_or((*command, false), |command| (command, true));
            let argv: Vec<BString> = command.split(' ').map(BString::from).collect();
            let time = seconds(i64::from(number));
            requests.note(key(number), Some(1000), time, ControlRequest::parse(&argv).unwrap());
            if ended {
                requests.exit(key(number), time);
            }
        }
        requests
    }

    fn cause(
        commands: &[&str],
        scope: Scope,
        unit: &str,
        mechanism: Mechanism,
        time: i64,
    ) -> Option<(u32, Confidence)> {
        requests(commands)
            .cause(scope, unit, mechanism, seconds(time))
            .map(|cause| (cause.process.pid, cause.confidence))
    }

    #[test]
    fn the_command_that_names_the_unit_is_the_cause() {
        let commands = ["systemctl enable nginx", "systemctl enable ssh", "systemctl daemon-reload"];
        let link = Mechanism::DependencyLink;
        assert_eq!(cause(&commands, Scope::System, "ssh.service", link, 4), Some((2, Confidence::High)));
        assert_eq!(cause(&commands, Scope::System, "cron.service", link, 4), Some((2, Confidence::Low)));
        assert_eq!(
            cause(&["systemctl enable ssh"], Scope::System, "sshd.service", Mechanism::AliasLink, 2),
            Some((1, Confidence::Medium))
        );
    }

    #[test]
    fn a_command_that_ended_long_ago_is_not() {
        let link = Mechanism::DependencyLink;
        assert_eq!(
            cause(&["systemctl enable ssh!"], Scope::System, "ssh.service", link, 3),
            Some((1, Confidence::Medium))
        );
        assert_eq!(cause(&["systemctl enable ssh!"], Scope::System, "ssh.service", link, 9), None);
        assert_eq!(cause(&["systemctl enable ssh"], Scope::System, "ssh.service", link, 99), None);
    }

    #[test]
    fn a_command_for_another_manager_or_tree_is_not() {
        let link = Mechanism::DependencyLink;
        for command in
            ["systemctl --user enable ssh", "systemctl --root=/mnt enable ssh", "systemctl -H h enable ssh"]
        {
            assert_eq!(cause(&[command], Scope::System, "ssh.service", link, 2), None, "{command}");
        }
        assert_eq!(
            cause(&["systemctl --user enable ssh"], Scope::User(1000), "ssh.service", link, 2),
            Some((1, Confidence::High))
        );
        assert_eq!(cause(&["systemctl --user enable ssh"], Scope::User(1001), "ssh.service", link, 2), None);
    }

    #[test]
    fn transient_units_come_of_systemd_run() {
        let commands = ["systemctl enable ssh", "systemd-run --unit=job sleep 1"];
        assert_eq!(
            cause(&commands, Scope::System, "job.service", Mechanism::Transient, 3),
            Some((2, Confidence::High))
        );
        let cause = requests(&commands).cause(Scope::System, "job.service", Mechanism::Transient, seconds(3));
        assert!(cause.unwrap().basis.starts_with("`systemd-run` names the unit, began"));
    }

    #[test]
    fn memory_is_bounded() {
        let commands = vec!["systemctl start ssh"; 1000];
        assert_eq!(requests(&commands).recent.len(), CAPACITY);
    }
}
