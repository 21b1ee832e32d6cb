//! Facts of an event that only the host has: the programs' hashes, versions and signers, and the names of accounts.

use super::account::Accounts;
use super::examiner::{Examiner, Facts};
use super::machine;
use crate::model::{Action, Known, Reason, ServiceEvent};

/// Adds facts to events.
#[derive(Debug)]
pub(super) struct Enricher {
    examiner: Examiner,
    /// The folder of Windows.
    windows: String,
    accounts: Accounts,
}

impl Enricher {
    /// Adds what `examiner` knows of programs. `windows` is the folder of Windows.
    pub(super) fn new(examiner: Examiner, windows: String) -> Self {
        Self { examiner, windows, accounts: Accounts::start() }
    }

    /// Looks at no more programs: the run ends.
    pub(super) fn end(&mut self) {
        self.examiner.end();
    }

    /// Adds what can be had, and says why the rest can't.
    pub(super) fn enrich(&mut self, event: &mut ServiceEvent) {
        self.name_users(event);
        // What is gone or merely runs has been told when it came.
        if !matches!(event.action, Action::Created | Action::Modified | Action::Enabled | Action::Disabled) {
            return;
        }
        for (index, executable) in event.executables.iter_mut().enumerate() {
            // The first is the service's program; a detail has one value.
            let whole = index == 0;
            // A path on another host's share is not opened: that would tell that host who is looking.
            let facts = if executable.path.starts_with(r"\\") {
                Facts::none(Reason::Unsupported, whole)
            } else {
                let file = machine::locate(&executable.path, &self.windows);
                match file {
                    Some(file) => self.examiner.look(&event.id, &executable.path, file, whole),
                    None => Facts::none(Reason::NotFound, whole),
                }
            };
            executable.sha256 = facts.sha256;
            event.details.extend(facts.details);
            event.missing.extend(facts.missing);
        }
    }

    /// Names the users of whom only the security id is known.
    fn name_users(&mut self, event: &mut ServiceEvent) {
        let detail = |event: &ServiceEvent, name| {
            event.details.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        let Some(sid) = detail(event, "user_sid") else { return };
        let known = detail(event, "user");
        let Some(name) = known.clone().or_else(|| self.accounts.name(&sid)) else {
            event.missing.push(("user", Reason::NotFound));
            return;
        };
        if let Known::Is(actor) = &mut event.actor
            && actor.login_name.get().is_none_or(|login| *login == sid)
        {
            actor.login_name = Known::Is(name.clone());
        }
        if known.is_none() {
            event.details.push(("user", name));
        }
    }
}
