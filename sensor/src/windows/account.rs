//! Names of accounts.

#![expect(unsafe_code, reason = "the system is called")]

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use windows::Win32::Security::Authorization::ConvertStringSidToSidW;
use windows::Win32::Security::{LookupAccountSidW, PSID, SID_NAME_USE};
use windows::core::{HSTRING, PCWSTR, PWSTR};

use super::security::Local;

/// How many names are remembered.
const REMEMBERED: usize = 4096;
/// The longest name of an account or domain, in characters with the NUL (lmcons.h has 256 and 15).
const LONGEST: usize = 512;
/// How long a name is waited for. This host's own accounts are named at once; a domain's controller that can't be reached is
/// waited for by the system for many seconds.
const PATIENCE: Duration = Duration::from_millis(500);
/// For how many accounts the thread is asked at a time.
const MOST_ASKED: usize = 256;
/// After how long an account is asked for again that had no name: the network may not have been there yet.
const AGAIN: Duration = Duration::from_mins(10);

/// Names of accounts, which a thread of their own asks for, so that none holds up what comes after it.
#[derive(Debug)]
pub(super) struct Accounts {
    /// By security ids; where there was no name, when it was asked for.
    names: HashMap<String, Result<String, Instant>>,
    ask: Sender<String>,
    answers: Receiver<(String, Option<String>)>,
    /// How many answers are still to come.
    asked: usize,
    /// How long a name is waited for.
    patience: Duration,
}

impl Accounts {
    /// Starts the thread; without one no account has a name.
    pub(super) fn start() -> Self {
        Self::asking(look_up, PATIENCE)
    }

    fn asking(look_up: impl Fn(&str) -> Option<String> + Send + 'static, patience: Duration) -> Self {
        let (ask, waiting) = channel::<String>();
        let (answer, answers) = channel();
        let started = thread::Builder::new().name("accounts".to_owned()).spawn(move || {
            for sid in waiting {
                let name = look_up(&sid);
                if answer.send((sid, name)).is_err() {
                    return;
                }
            }
        });
        if let Err(error) = started {
            tracing::warn!("accounts can't be named: {error}");
        }
        Self { names: HashMap::new(), ask, answers, asked: 0, patience }
    }

    /// The account with this security id, as `DOMAIN\name`, if that is known soon.
    pub(super) fn name(&mut self, sid: &str) -> Option<String> {
        while let Ok((sid, name)) = self.answers.try_recv() {
            self.learn(sid, name);
        }
        match self.names.get(sid) {
            Some(Ok(name)) => return Some(name.clone()),
            Some(Err(asked)) if asked.elapsed() < AGAIN => return None,
            _ => {}
        }
        if self.asked >= MOST_ASKED {
            return None;
        }
        let is_free = self.asked == 0;
        self.ask.send(sid.to_owned()).ok()?;
        self.asked += 1;
        // One that is asked for is not asked for again.
        self.names.insert(sid.to_owned(), Err(Instant::now()));
        if is_free {
            let (sid, name) = self.answers.recv_timeout(self.patience).ok()?;
            self.learn(sid, name.clone());
            return name;
        }
        None
    }

    fn learn(&mut self, sid: String, name: Option<String>) {
        self.asked = self.asked.saturating_sub(1);
        if self.names.len() >= REMEMBERED {
            self.names.clear();
        }
        self.names.insert(sid, name.ok_or_else(Instant::now));
    }
}

fn look_up(text: &str) -> Option<String> {
    let mut sid = PSID::default();
    // SAFETY: the text ends with a NUL; what comes is freed when `Local` goes.
    unsafe { ConvertStringSidToSidW(&HSTRING::from(text), &raw mut sid) }.ok()?;
    let held = Local(sid.0);
    let (mut name, mut domain) = ([0_u16; LONGEST], [0_u16; LONGEST]);
    let mut name_length = u32::try_from(LONGEST).ok()?;
    let mut domain_length = name_length;
    let mut kind = SID_NAME_USE::default();
    // SAFETY: the id is one that the system made, and both lengths are those of their buffers.
    let found = unsafe {
        LookupAccountSidW(
            PCWSTR::null(),
            sid,
            Some(PWSTR(name.as_mut_ptr())),
            &raw mut name_length,
            Some(PWSTR(domain.as_mut_ptr())),
            &raw mut domain_length,
            &raw mut kind,
        )
    };
    drop(held);
    found.ok()?;
    let text = |buffer: &[u16], length: u32| {
        Some(String::from_utf16_lossy(buffer.get(..usize::try_from(length).ok()?)?))
    };
    let (name, domain) = (text(&name, name_length)?, text(&domain, domain_length)?);
    Some(if domain.is_empty() { name } else { format!(r"{domain}\{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_takes_long_holds_up_nothing_and_is_known_later() {
        let (answer, wait) = channel();
        let look_up = move |sid: &str| {
            if sid == "far" {
                wait.recv().ok()?;
            }
            (sid != "none").then(|| format!("name of {sid}"))
        };
        let mut accounts = Accounts::asking(look_up, Duration::MAX);
        assert_eq!(accounts.name("near").as_deref(), Some("name of near"));
        assert_eq!(accounts.name("none"), None);
        accounts.patience = Duration::ZERO;
        assert_eq!(accounts.name("far"), None);
        // While one is waited for, nobody waits for another: this would not end.
        accounts.patience = Duration::MAX;
        assert_eq!([accounts.name("next"), accounts.name("far")], [None, None]);
        answer.send(()).unwrap();
        for sid in ["far", "next"] {
            let end = Instant::now() + Duration::from_mins(1);
            while accounts.name(sid).is_none() && Instant::now() < end {
                thread::yield_now();
            }
            assert_eq!(accounts.name(sid), Some(format!("name of {sid}")));
        }
    }

    #[test]
    fn this_host_names_its_own_accounts() {
        let mut accounts = Accounts::start();
        let system = accounts.name("S-1-5-18").unwrap_or_default();
        assert!(!system.is_empty());
        assert_eq!(accounts.name("no security id"), None);
    }
}
