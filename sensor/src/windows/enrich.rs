//! Facts of an event that only the host has: the programs' hashes, versions and signers, and the names of accounts.

use std::fs::File;
use std::io::{self, Read as _};

use sha2::{Digest as _, Sha256};

use super::account::Accounts;
use super::signature::Signature;
use super::{signature, version};
use crate::model::{Action, Known, Reason, ServiceEvent};

/// How much of a file is read at a time.
const PIECE: usize = 64 * 1024;

/// Adds facts to events.
#[derive(Debug)]
pub(super) struct Enricher {
    hash_limit: u64,
    accounts: Accounts,
}

impl Enricher {
    /// Files larger than `hash_limit` bytes are not hashed.
    pub(super) fn new(hash_limit: u64) -> Self {
        Self { hash_limit, accounts: Accounts::default() }
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
            executable.sha256 = Known::from(sha256(&executable.path, self.hash_limit));
            // The first is the service's program; a detail has one value.
            if index == 0 {
                match executable.sha256 {
                    Known::Missing(reason @ (Reason::NotFound | Reason::Denied)) => {
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

/// SHA-256 of a file, in hexadecimal.
fn sha256(path: &str, limit: u64) -> Result<String, Reason> {
    let reason = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => Reason::NotFound,
        io::ErrorKind::PermissionDenied => Reason::Denied,
        _ => Reason::Failed,
    };
    let mut file = File::open(path).map_err(|error| reason(&error))?;
    let about = file.metadata().map_err(|error| reason(&error))?;
    if !about.is_file() {
        return Err(Reason::Unsupported);
    }
    if about.len() > limit {
        return Err(Reason::TooLarge);
    }
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut left = limit;
    loop {
        let count = file.read(&mut piece).map_err(|error| reason(&error))?;
        if count == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        left = left.checked_sub(count as u64).ok_or(Reason::Raced)?;
        hash.update(piece.get(..count).unwrap_or_default());
    }
}
