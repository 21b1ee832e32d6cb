//! Who did it: the process, the client on whose behalf the SCM acted, its user, session and address.

use std::time::Duration;

use bstr::BString;

use super::draft::{Draft, Kind};
use super::host::{Host, same};
use super::registry::is_manager;
use super::tables::{Seen, Tables, Target, is_well_known};
use crate::model::process::Confidence;
use crate::model::process::Requester;
use crate::model::{Actor, Known, Mechanism, Process, ProcessKey, Reason, Timestamp};
use crate::scm::decode::from_bytes;
use crate::scm::image_path::{file_name, split_arguments};
use crate::scm::observed::{Call, Doer, Handle, Logon, ProcessStart, State, UnplacedWrite};
use crate::scm::setting;
use crate::scm::svcctl::{Effect, Transport};

/// Handles are opened this long before what is done by them.
const OPENED: Duration = Duration::from_secs(5);
/// What is asked for by a call is done within this time.
const CALLED: Duration = Duration::from_secs(2);
/// A client opens the SCM's pipe this long before it asks for something.
const CONNECTED: Duration = Duration::from_mins(1);

/// Rights that a client needs (winsvc.h, winnt.h).
const CREATE_SERVICE: u32 = 0x2;
const CHANGE_CONFIG: u32 = 0x2;
const START: u32 = 0x10;
const STOP: u32 = 0x20;
const DELETE: u32 = 0x1_0000;
const WRITE_DAC: u32 = 0x4_0000;
/// The right to set values of a key.
const SET_VALUE: u32 = 0x2;

/// What was found out.
pub(super) struct Who {
    pub(super) actor: Known<Actor>,
    pub(super) details: Vec<(&'static str, String)>,
}

/// Finds out who did what a draft tells.
pub(super) fn find_out(host: &Host, draft: &mut Draft) -> Who {
    let tables = &host.tables;
    complete_writer(tables, draft);
    let hidden = draft.client.process_id == Some(0);
    if hidden {
        draft.client.process_id = None;
        draft.details.push(("client_pid", "0".to_owned()));
        draft
            .notes
            .push("the client told no process id of its own, as hand-written RPC clients do".to_owned());
    }
    by_call(tables, draft);
    by_handle(tables, draft);
    by_key(tables, draft);
    let client = complete(tables, &draft.client, draft.last);
    let session = Session::find(tables, draft, client.as_ref()).name_user(tables);
    let mut details = Vec::new();
    let doer = client.as_ref().map_or(&draft.client, |client| &client.what.process);
    tell_client(doer, &mut details);
    session.tell(&mut details);
    if let Some(remote) = draft.client_is_remote {
        details.push(("client_is_remote", remote.to_string()));
    }
    let actor = actor(tables, draft, client.as_ref(), &session);
    Who { actor, details }
}

/// Finds the writer of settings whose change alone was seen: the only process that wrote values of their names, and of
/// their content where that was captured, at the time.
pub(super) fn find_writer(host: &Host, draft: &mut Draft) {
    if draft.kind != Kind::Changed || !draft.writer.is_empty() {
        return;
    }
    let changes = draft.changes.clone();
    let wrote = move |write: &UnplacedWrite| {
        changes.iter().any(|change| {
            write.value.eq_ignore_ascii_case(setting::value_name(change.setting))
                && write.data.as_ref().is_none_or(|(bytes, kind)| {
                    change.after == Some(from_bytes(change.setting, bytes, *kind))
                })
        })
    };
    let from = back(draft.first, super::SKEW);
    let found: Vec<_> = host.tables.find_writes(from, draft.last.after(super::SKEW), wrote).collect();
    let Some(first) = found.first() else { return };
    if found.iter().any(|other| other.what.writer.process_id != first.what.writer.process_id) {
        return;
    }
    let mut writer = first.what.writer.clone();
    if let Some(process) = host.tables.find(&writer, first.time) {
        writer.complete(&process.what.process);
        draft.cite(process.id);
    }
    for write in &found {
        draft.cite(write.id);
    }
    if is_manager(&writer) {
        draft.mechanism = Mechanism::ServiceControlManager;
        draft.manager_id = writer.process_id;
    }
    draft.writer = writer;
    draft.notes.push("its writer is the only process that wrote such values at the time".to_owned());
}

/// What the audit of the key knows of the writer, and what is known of its process.
fn complete_writer(tables: &Tables, draft: &mut Draft) {
    if draft.writer.is_empty() {
        return;
    }
    let from = back(draft.first, OPENED);
    let (pid, key) = (draft.writer.process_id, draft.name.key.clone());
    let handle = tables
        .find_handles(from, draft.last.after(super::SKEW), move |handle, target| {
            target == Target::Key
                && handle.access & SET_VALUE != 0
                && pid.is_some()
                && handle.requester.process_id == pid
                && same(handle.service.as_deref(), key.as_deref())
        })
        .next();
    if let Some(handle) = handle {
        draft.writer.complete(&handle.what.requester);
        let id = handle.id;
        draft.cite(id);
    }
    if let Some(process) = tables.find(&draft.writer, draft.last) {
        draft.writer.complete(&process.what.process);
        let id = process.id;
        draft.cite(id);
    }
}

/// The client's process, where a record of its start is known.
fn complete(tables: &Tables, client: &Doer, by: Timestamp) -> Option<Seen<ProcessStart>> {
    let found = tables.find(client, by)?;
    let mut found = found.clone();
    let mut doer = client.clone();
    doer.complete(&found.what.process);
    found.what.process = doer;
    Some(found)
}

/// Finds the client by its call, when one process alone made one; and tells over what the SCM was called.
fn by_call(tables: &Tables, draft: &mut Draft) {
    let Some(effect) = effect(draft) else { return };
    let calls: Vec<Seen<Call>> =
        tables.find_calls(back(draft.first, CALLED), draft.last.after(CALLED), effect).cloned().collect();
    if let Some(served) = calls.iter().find(|call| !call.what.by_client) {
        draft.cite(served.id);
        draft.details.push(("rpc_operation", served.what.operation.name.to_owned()));
        draft.details.push(("rpc_transport", transport(served.what.transport)));
        draft.details.extend(served.what.endpoint.clone().map(|endpoint| ("rpc_endpoint", endpoint)));
    }
    let mut callers = calls.iter().filter(|call| call.what.by_client && call.what.process_id.is_some());
    let Some(first) = callers.next() else { return };
    if draft.client.process_id.is_some()
        || callers.any(|other| other.what.process_id != first.what.process_id)
    {
        return;
    }
    draft.client.process_id = first.what.process_id;
    draft.basis =
        Some(("its call of the SCM is the only one that does this at the time", Confidence::Medium));
    draft.cite(first.id);
}

/// What an operation of the SCM has to do to bring about what the draft tells.
fn effect(draft: &Draft) -> Option<Effect> {
    match &draft.kind {
        Kind::Created => Some(Effect::Create),
        Kind::Changed if draft.change(setting::SECURITY).is_some() => Some(Effect::ChangeSecurity),
        Kind::Changed if is_manager(&draft.writer) || draft.writer.is_empty() => Some(Effect::Change),
        Kind::Removed => Some(Effect::Delete),
        Kind::State(State::Running) => Some(Effect::Start),
        Kind::State(State::Stopped) | Kind::Control(_) => Some(Effect::Control),
        _ => None,
    }
}

fn transport(transport: Transport) -> String {
    match transport {
        Transport::Tcp => "TCP".to_owned(),
        Transport::NamedPipe => "named pipe".to_owned(),
        Transport::Local => "local".to_owned(),
        Transport::Http => "HTTP".to_owned(),
        Transport::Other(number) => format!("protocol {number}"),
    }
}

/// Finds the client by the handle that it had to open, when one user alone had one.
fn by_handle(tables: &Tables, draft: &mut Draft) {
    if draft.client.logon_id.is_some() {
        return;
    }
    let Some((right, on_manager)) = right(draft) else { return };
    let (sid, key) = (draft.client.sid.clone(), draft.name.key.clone());
    let fits = move |handle: &Handle, target: Target| {
        target == Target::Manager
            && handle.access & right != 0
            && handle.service.is_none() == on_manager
            && (on_manager || same(handle.service.as_deref(), key.as_deref()))
            && (sid.is_none() || handle.requester.sid.is_none() || handle.requester.sid == sid)
    };
    let found: Vec<&Seen<Handle>> = tables
        .find_handles(back(draft.first, OPENED), draft.last.after(Duration::from_secs(1)), fits)
        .collect();
    let Some(first) = found.first() else { return };
    if found.iter().any(|other| other.what.requester.logon_id != first.what.requester.logon_id) {
        return;
    }
    // The process that the record names is services.exe, which opened the handle for the client.
    let Doer { user, sid, logon_id, .. } = first.what.requester.clone();
    draft.client.complete(&Doer { user, sid, logon_id, ..Doer::default() });
    draft.basis = draft.basis.or(Some(("its user alone held a handle that allows this", Confidence::Medium)));
    let id = first.id;
    draft.cite(id);
}

/// Finds the client among the processes of its session: the one that looked at the service's key at the time.
fn by_key(tables: &Tables, draft: &mut Draft) {
    let Some(logon) = draft.client.logon_id.filter(|id| !is_well_known(*id)) else { return };
    if draft.client.process_id.is_some() {
        return;
    }
    let key = draft.name.key.clone();
    let fits = move |handle: &Handle, target: Target| {
        target == Target::Key
            && handle.requester.logon_id == Some(logon)
            && handle.requester.process_id.is_some()
            && same(handle.service.as_deref(), key.as_deref())
    };
    let found: Vec<&Seen<Handle>> = tables
        .find_handles(back(draft.first, OPENED), draft.last.after(Duration::from_secs(1)), fits)
        .collect();
    let Some(first) = found.first() else { return };
    if found.iter().any(|other| other.what.requester.process_id != first.what.requester.process_id) {
        return;
    }
    let Doer { process_id, image, .. } = first.what.requester.clone();
    draft.client.complete(&Doer { process_id, image, ..Doer::default() });
    draft.basis =
        Some(("it is of the client's session and looked at the service's key at the time", Confidence::Low));
    let id = first.id;
    draft.cite(id);
}

/// The right that a client needs for what the draft tells, and whether on the SCM itself.
fn right(draft: &Draft) -> Option<(u32, bool)> {
    match &draft.kind {
        Kind::Created => Some((CREATE_SERVICE, true)),
        Kind::Changed if draft.change(setting::SECURITY).is_some() => Some((WRITE_DAC, false)),
        Kind::Changed if is_manager(&draft.writer) || draft.writer.is_empty() => Some((CHANGE_CONFIG, false)),
        Kind::Removed => Some((DELETE, false)),
        Kind::State(State::Running) => Some((START, false)),
        Kind::State(State::Stopped) => Some((STOP, false)),
        _ => None,
    }
}

/// The session in which it was asked for.
#[derive(Default)]
struct Session {
    user: Option<String>,
    sid: Option<String>,
    id: Option<u64>,
    kind: Option<u64>,
    address: Option<String>,
    workstation: Option<String>,
}

impl Session {
    fn find(tables: &Tables, draft: &mut Draft, client: Option<&Seen<ProcessStart>>) -> Self {
        let by_scm = draft.writer.is_empty() || is_manager(&draft.writer);
        let doer = match client {
            Some(client) => client.what.process.clone(),
            None if by_scm => draft.client.clone(),
            None => draft.writer.clone(),
        };
        let mut session = Self {
            user: doer.user,
            sid: doer.sid,
            id: doer.logon_id.filter(|id| !is_well_known(*id)),
            ..Self::default()
        };
        if let Some(id) = session.id
            && let Some(logon) = tables.find_logon(id)
        {
            draft.cite(logon.id);
            session.take(&logon.what);
        }
        let (id, sid) = (session.id, session.sid.clone().filter(|sid| sid.starts_with("S-1-5-21-")));
        // A session may keep the pipe open for as long as it lives; a user alone may have several sessions.
        let from = if id.is_some() { Timestamp(i64::MIN) } else { back(draft.first, CONNECTED) };
        let to = draft.last.after(super::SKEW);
        let pipe = tables.find_pipe(from, to, |pipe| match (id, &sid) {
            (Some(id), _) => pipe.logon_id == Some(id),
            (None, Some(sid)) => pipe.sid.as_ref() == Some(sid),
            (None, None) => false,
        });
        if let Some(pipe) = pipe {
            draft.cite(pipe.id);
            session.take(&pipe.what);
            if session.id.is_none() {
                session.id = pipe.what.logon_id;
                if let Some(logon) = session.id.and_then(|id| tables.find_logon(id)) {
                    draft.cite(logon.id);
                    session.take(&logon.what);
                }
            }
        }
        session
    }

    /// Names the user where only the security id is known.
    fn name_user(mut self, tables: &Tables) -> Self {
        self.user = self.user.or_else(|| tables.find_user(self.sid.as_deref()?));
        self
    }

    fn take(&mut self, logon: &Logon) {
        let remote = logon.address.clone().filter(|address| !is_own(address));
        self.address = self.address.take().or(remote);
        self.kind = self.kind.or(logon.kind);
        self.workstation = self.workstation.take().or_else(|| logon.workstation.clone());
        self.user = self.user.take().or_else(|| logon.user.clone());
        self.sid = self.sid.take().or_else(|| logon.sid.clone());
    }

    fn tell(&self, details: &mut Vec<(&'static str, String)>) {
        details.extend(self.user.clone().map(|user| ("user", user)));
        details.extend(self.sid.clone().map(|sid| ("user_sid", sid)));
        details.extend(self.id.map(|id| ("logon_id", format!("{id:#x}"))));
        details.extend(self.kind.map(|kind| ("logon_type", kind.to_string())));
        details.extend(self.address.clone().map(|address| ("remote_address", address)));
        details.extend(self.workstation.clone().map(|name| ("workstation", name)));
    }
}

/// Addresses that name the host itself.
fn is_own(address: &str) -> bool {
    matches!(address, "::1" | "127.0.0.1" | "LOCAL" | "0.0.0.0" | "::")
}

fn tell_client(client: &Doer, details: &mut Vec<(&'static str, String)>) {
    if let Some(image) = &client.image {
        details.push(("client", image.clone()));
    }
    details.extend(client.process_id.map(|pid| ("client_pid", pid.to_string())));
    details.extend(client.parent_id.map(|pid| ("client_parent_pid", pid.to_string())));
}

fn actor(
    tables: &Tables,
    draft: &Draft,
    client: Option<&Seen<ProcessStart>>,
    session: &Session,
) -> Known<Actor> {
    let by_scm = draft.writer.is_empty() || is_manager(&draft.writer);
    let nobody = draft.client.is_empty() && session.id.is_none();
    let is_request = matches!(draft.kind, Kind::Request(_));
    if by_scm && nobody && draft.writer.is_empty() {
        return Known::Missing(Reason::NotRecorded);
    }
    let login_name =
        Known::from(session.user.clone().or_else(|| session.sid.clone()).ok_or(Reason::NotRecorded));
    let remote_address = Known::from(session.address.clone().ok_or(Reason::NotRecorded));
    if !by_scm || is_request {
        let doer = if is_request { &draft.client } else { &draft.writer };
        let started = tables.find(doer, draft.last);
        return Known::Is(Actor {
            process: process(doer, started.map(|started| &started.what)),
            ancestry: started.map(|started| ancestry(tables, started)).unwrap_or_default(),
            requester: None,
            user_name: Known::from(doer.user.clone().ok_or(Reason::NotRecorded)),
            login_name,
            remote_address,
        });
    }
    let manager = Doer {
        process_id: draft.manager_id.or(draft.writer.process_id).or_else(|| tables.manager()),
        image: Some(
            draft.writer.image.clone().unwrap_or_else(|| r"C:\Windows\System32\services.exe".to_owned()),
        ),
        ..Doer::default()
    };
    let requester = client
        .map(|client| (process(&client.what.process, Some(&client.what)), ancestry(tables, client)))
        .or_else(|| draft.client.process_id.map(|_| (process(&draft.client, None), Vec::new())))
        .map(|(process, ancestry)| {
            let (basis, confidence) = draft.basis.unwrap_or(("a record names it", Confidence::Medium));
            Requester { process, ancestry, confidence, basis: basis.to_owned() }
        });
    Known::Is(Actor {
        process: process(&manager, None),
        ancestry: Vec::new(),
        requester,
        user_name: Known::Is(r"NT AUTHORITY\SYSTEM".to_owned()),
        login_name,
        remote_address,
    })
}

fn ancestry(tables: &Tables, of: &Seen<ProcessStart>) -> Vec<Process> {
    tables.ancestry(of).iter().map(|parent| process(&parent.process, Some(parent))).collect()
}

/// A process of the model; what Windows has not stays missing.
fn process(doer: &Doer, started: Option<&ProcessStart>) -> Process {
    let key = |pid: Option<u32>| ProcessKey { pid: pid.unwrap_or(0), start_ns: 0 };
    let mut process = Process::unknown(key(doer.process_id), Reason::NotRecorded);
    let parent = doer.parent_id.or_else(|| started.and_then(|started| started.process.parent_id));
    process.parent = parent.map(|pid| key(Some(pid)));
    if let Some(image) = &doer.image {
        process.exe = Known::Is(BString::from(image.as_str()));
        process.comm = Known::Is(BString::from(file_name(image)));
    }
    if let Some(command_line) = started.and_then(|started| started.command_line.as_deref()) {
        let arguments = split_arguments(command_line).into_iter().map(BString::from).collect();
        process.argv = Known::Is(arguments);
    }
    process
}

fn back(time: Timestamp, duration: Duration) -> Timestamp {
    Timestamp(time.0.saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
}
