//! Processes that run: their programs, when they started, and as whom they run.

#![expect(unsafe_code, reason = "the system is called")]

use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};

use windows::Win32::Foundation::{FILETIME, HANDLE};
use windows::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION,
    QueryFullProcessImageNameW,
};
use windows::core::{PWSTR, Result};

use super::clock;
use super::token::Token;
use crate::model::Timestamp;
use crate::scm::observed::{Doer, ProcessStart};

/// How many processes are taken.
const MOST: usize = 65_536;
/// The longest path in characters.
const PATH: usize = 32_768;

/// All processes, each with when it started; the epoch where that is kept from us.
pub(super) fn list() -> Result<Vec<(Timestamp, ProcessStart)>> {
    // SAFETY: a list of processes needs no process id.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) }?;
    // SAFETY: the handle was just created, and nobody else has it.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot.0) };
    let handle = HANDLE(snapshot.as_raw_handle());
    let mut entry = PROCESSENTRY32W {
        dwSize: u32::try_from(size_of::<PROCESSENTRY32W>()).unwrap_or(0),
        ..PROCESSENTRY32W::default()
    };
    let mut processes = Vec::new();
    // SAFETY: the list is open, and the entry tells its size.
    let mut more = unsafe { Process32FirstW(handle, &raw mut entry) };
    while more.is_ok() && processes.len() < MOST {
        processes.push(process(&entry));
        // SAFETY: as above.
        more = unsafe { Process32NextW(handle, &raw mut entry) };
    }
    Ok(processes)
}

fn process(entry: &PROCESSENTRY32W) -> (Timestamp, ProcessStart) {
    let pid = entry.th32ProcessID;
    let length = entry.szExeFile.iter().position(|unit| *unit == 0).unwrap_or(entry.szExeFile.len());
    let name = String::from_utf16_lossy(entry.szExeFile.get(..length).unwrap_or_default());
    let opened = open(pid);
    let started = opened.as_ref().and_then(started).and_then(clock::from_parts);
    let image = opened.as_ref().and_then(image);
    let account = opened.as_ref().map(account).unwrap_or_default();
    let process = Doer {
        process_id: Some(pid),
        image: Some(image.unwrap_or(name)).filter(|image| !image.is_empty()),
        parent_id: Some(entry.th32ParentProcessID),
        sid: account.sid,
        logon_id: account.logon_id,
        ..Doer::default()
    };
    (started.unwrap_or_default(), ProcessStart { process, ..ProcessStart::default() })
}

/// As whom a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// The user's security id.
    pub(super) sid: Option<String>,
    /// The session of logging on.
    pub(super) logon_id: Option<u64>,
}

/// As whom the process `pid` runs that started at `created`, in units of 100 ns since 1601; nobody where it has ended, also
/// where its id is that of another one by now.
pub(super) fn account_of(pid: u32, created: u64) -> Account {
    let is_it = |process: &OwnedHandle| {
        started(process).is_some_and(|time| {
            u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime) == created
        })
    };
    open(pid).filter(is_it).as_ref().map(account).unwrap_or_default()
}

fn account(process: &OwnedHandle) -> Account {
    let token = Token::of(HANDLE(process.as_raw_handle())).ok();
    Account {
        sid: token.as_ref().and_then(|token| token.user().ok()),
        // Wine has no such sessions.
        logon_id: token.and_then(|token| token.logon_id().ok()).filter(|id| *id != 0),
    }
}

fn open(pid: u32) -> Option<OwnedHandle> {
    // SAFETY: it takes nothing but numbers.
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, false, pid) }.ok()?;
    // SAFETY: the handle was just opened, and nobody else has it.
    Some(unsafe { OwnedHandle::from_raw_handle(handle.0) })
}

fn started(process: &OwnedHandle) -> Option<FILETIME> {
    let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: the process is open, and the four times are taken.
    unsafe {
        GetProcessTimes(
            HANDLE(process.as_raw_handle()),
            &raw mut created,
            &raw mut exited,
            &raw mut kernel,
            &raw mut user,
        )
    }
    .ok()?;
    Some(created)
}

fn image(process: &OwnedHandle) -> Option<String> {
    let mut buffer = vec![0_u16; PATH];
    let mut length = u32::try_from(buffer.len()).ok()?;
    let path = PWSTR(buffer.as_mut_ptr());
    // SAFETY: the process is open, and `length` is that of the buffer.
    unsafe {
        QueryFullProcessImageNameW(HANDLE(process.as_raw_handle()), PROCESS_NAME_WIN32, path, &raw mut length)
    }
    .ok()?;
    Some(String::from_utf16_lossy(buffer.get(..usize::try_from(length).ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_an_account_unless_its_id_is_used_anew() {
        let pid = std::process::id();
        let created = started(&open(pid).unwrap()).unwrap();
        let created = u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime);
        let own = account_of(pid, created);
        assert!(own.sid.as_ref().is_some_and(|sid| sid.starts_with("S-1-5-")));
        assert_eq!(account_of(pid, created - 1), Account::default());
        let listed = list().unwrap().into_iter().map(|(_, process)| process.process);
        let listed = listed.into_iter().find(|process| process.process_id == Some(pid)).unwrap();
        assert_eq!(Account { sid: listed.sid, logon_id: listed.logon_id }, own);
    }
}
