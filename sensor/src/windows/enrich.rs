//! Facts of an event that only the host has: the programs' hashes, versions and signers, and the names of accounts.

use super::account::Accounts;
use super::hasher::Hasher;
use super::signature::Signature;
use super::{signature, version};
use crate::model::{Action, Known, Reason, ServiceEvent};

/// Adds facts to events.
#[derive(Debug)]
pub(super) struct Enricher {
    hasher: Hasher,
    accounts: Accounts,
}

impl Enricher {
    /// Adds the hashes that `hasher` gives.
    pub(super) fn new(hasher: Hasher) -> Self {
        Self { hasher, accounts: Accounts::start() }
    }

    /// Hashes no more large programs: the run ends.
    pub(super) fn end(&mut self) {
        self.hasher.end();
    }

    /// Adds what can be had, and says why the rest can't.
    pub(super) fn enrich(&mut self, event: &mut ServiceEvent) {
        self.name_users(event);
        // What is gone or merely runs has been told when it came.
        if !matches!(event.action, Action::Created | Action::Modified | Action::Enabled | Action::Disabled) {
            return;
        }
        let mut details = Vec::new();
        for (index, executable) in event.executables.iter_mut().enumerate() {
            // A path on another host's share is not opened: that would tell that host who is looking.
            if executable.path.starts_with(r"\\") {
                executable.sha256 = Known::Missing(Reason::Unsupported);
                continue;
            }
            executable.sha256 = self.hasher.hash(&event.id, &executable.path);
            // The first is the service's program; a detail has one value.
            if index == 0 {
                match executable.sha256 {
                    // To look at the signature is to read all of it as well.
                    Known::Missing(reason) => {
                        event.missing.extend([("image_signed", reason), ("image_version", reason)]);
                    }
                    _ => describe(&executable.path, &mut details, &mut event.missing),
                }
            }
        }
        event.details.extend(details);
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

fn describe(
    path: &str,
    details: &mut Vec<(&'static str, String)>,
    missing: &mut Vec<(&'static str, Reason)>,
) {
    match signature::check(path) {
        Signature::Good(signer) => {
            details.push(("image_signed", "true".to_owned()));
            details.extend(signer.map(|signer| ("image_signer", signer)));
        }
        Signature::None => {
            details.push(("image_signed", "false".to_owned()));
            missing.push(("image_signer", Reason::NotFound));
        }
        Signature::Bad(code) => {
            details.push(("image_signed", "false".to_owned()));
            details.push(("image_signature_error", format!("{code:#x}")));
        }
    }
    match version::read(path) {
        Some(version) => {
            details.extend(version.file.map(|text| ("image_version", text)));
            details.extend(version.company.map(|text| ("image_company", text)));
            details.extend(version.original_name.map(|text| ("image_original_name", text)));
        }
        None => missing.push(("image_version", Reason::NotFound)),
    }
}
