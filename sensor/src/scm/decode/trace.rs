//! Events of live sessions: the kernel's registry and process providers, the SCM's trace, and RPC.

use super::{Outcome, Refusal, owned, value};
use crate::scm::key;
use crate::scm::observed::{
    Call, Configured, ControlSent, Doer, KeyChange, KeyOperation, Name, ProcessStart, Seen, StartTypeChange,
    State, StateChange, UnplacedWrite, ValueWrite,
};
use crate::scm::setting::{self, StartType};
use crate::scm::svcctl::{self, Transport};
use crate::windows_event::{Value, WindowsEvent, etw};

/// The field into which a key's path is put when it was found by its object: the events themselves mostly have none.
pub(crate) const KEY_PATH: &str = "KeyPath";

/// Microsoft-Windows-Kernel-Registry: 1 create, 3 delete, 5 set a value, 6 delete a value, 15 set security.
pub(super) fn registry(event: &WindowsEvent) -> Outcome {
    if matches!(event.id, 2 | 13) {
        return Err(Refusal::Ignored("a key was opened or closed"));
    }
    if event.integer("Status").is_some_and(|status| status != 0) {
        return Err(Refusal::Ignored("a refused access"));
    }
    let Some(path) = event.text(KEY_PATH) else { return unplaced(event) };
    let Some(path) = key::parse(&path) else {
        return Err(Refusal::Ignored("registry path of no service"));
    };
    let writer = Doer { process_id: event.process_id, ..Doer::default() };
    let service = path.service.to_owned();
    let key_changed = |change| {
        if path.below.is_empty() {
            Ok(Seen::Key(Box::new(KeyChange { service: service.clone(), change, writer: writer.clone() })))
        } else {
            Err(Refusal::Ignored("a key below a service's"))
        }
    };
    match event.id {
        1 => return key_changed(KeyOperation::Created),
        3 => return key_changed(KeyOperation::Deleted),
        15 if path.below.is_empty() => {
            return Ok(Seen::KeyPermissions(Box::new(ValueWrite {
                service,
                setting: setting::KEY_PERMISSIONS,
                before: None,
                after: Some(value::UNTOLD.to_owned()),
                writer,
                control_set: path.control_set,
            })));
        }
        15 => return Err(Refusal::Ignored("a key below a service's")),
        _ => {}
    }
    let name = event.text("ValueName").unwrap_or_default();
    let mut below = path.below.clone();
    below.push(&name);
    let Some(setting) = setting::at(&below) else {
        return Err(Refusal::Ignored("the service's own data"));
    };
    let read = |data: &str, kind: &str| {
        let bytes = event.field(data).and_then(Value::bytes)?;
        let kind = event.integer(kind)?;
        Some(value::from_bytes(setting, &bytes, kind))
    };
    let (before, after) = if event.id == 5 {
        let previous = event.integer("PreviousDataCapturedSize").filter(|size| *size > 0);
        (previous.and_then(|_| read("PreviousData", "PreviousDataType")), read("CapturedData", "Type"))
    } else {
        (None, None)
    };
    // A value may be set without its data being captured.
    let empty =
        event.id == 5 && event.integer("CapturedDataSize") == Some(0) && event.integer("DataSize") != Some(0);
    let after = if empty { Some(value::BINARY.to_owned()) } else { after };
    Ok(Seen::Value(Box::new(ValueWrite {
        service,
        setting,
        before,
        after,
        writer,
        control_set: path.control_set,
    })))
}

/// A write to a key whose path is not known. It may be a service's when the value has the name of a setting.
fn unplaced(event: &WindowsEvent) -> Outcome {
    if !matches!(event.id, 5 | 6) {
        return Err(Refusal::Undecodable("the key's name is not known"));
    }
    let value = event.text("ValueName").filter(|name| setting::is_value_name(name));
    let Some(value) = value else {
        return Err(Refusal::Ignored("a value that no service's configuration has"));
    };
    let captured = event.integer("CapturedDataSize").is_some_and(|size| size > 0);
    let data = captured
        .then(|| Some((event.field("CapturedData")?.bytes()?.into_owned(), event.integer("Type")?)))
        .flatten();
    let writer = Doer { process_id: event.process_id, ..Doer::default() };
    Ok(Seen::Unplaced(Box::new(UnplacedWrite { value: value.into_owned(), data, writer })))
}

/// Microsoft-Windows-Kernel-Process 1: a process started. It has no command line, and no user but for the one that a live
/// run adds.
pub(super) fn process(event: &WindowsEvent) -> Outcome {
    if event.id != 1 {
        return Err(Refusal::Ignored("other event"));
    }
    Ok(Seen::Process(Box::new(ProcessStart {
        process: Doer {
            process_id: event.process("ProcessID"),
            image: owned(event, "ImageName"),
            parent_id: event.process("ParentProcessID"),
            sid: owned(event, etw::USER_SID),
            logon_id: event.integer(etw::LOGON_ID),
            ..Doer::default()
        },
        ..ProcessStart::default()
    })))
}

/// Microsoft-Windows-Services: 105 a service's status changed, 200 a control was sent, 201 a start type changed, 202 and
/// 203 other configuration, 204 and 205 a start was asked for. The others tell of phases and groups of the boot.
pub(super) fn services(event: &WindowsEvent) -> Outcome {
    let key = owned(event, "ServiceName").ok_or(Refusal::Undecodable("the record names no service"))?;
    let name = Name { key: Some(key), display: owned(event, "DisplayName") };
    let client = || Doer {
        process_id: event.process("ClientProcessId"),
        parent_id: event.process("ParentProcessId"),
        ..Doer::default()
    };
    match event.id {
        105 => {
            let state = event
                .integer("CurrentState")
                .and_then(|state| u32::try_from(state).ok())
                .and_then(State::from_number)
                .ok_or(Refusal::Undecodable("the record has no known state"))?;
            if !matches!(state, State::Running | State::Stopped | State::Paused) {
                return Err(Refusal::Ignored("a state on the way to another"));
            }
            Ok(Seen::State(StateChange { name, state, by_word: false }))
        }
        200 => {
            let code =
                event.integer("ControlCode").ok_or(Refusal::Undecodable("the record has no control"))?;
            Ok(Seen::Control(ControlSent { name, control: control(code), client: client() }))
        }
        201 => {
            let start = event
                .integer("NewStartType")
                .and_then(StartType::from_number)
                .ok_or(Refusal::Undecodable("the record has no known start type"))?;
            let after = start.word().to_owned();
            Ok(Seen::StartType(StartTypeChange { name, before: None, after, client: client() }))
        }
        202 | 203 => Ok(Seen::Configured(Configured {
            name,
            value: owned(event, "NewValueName").filter(|value| !value.is_empty()),
            client: client(),
        })),
        // At boot and by triggers the SCM asks itself; that the service runs is told all the same.
        204 | 205 if client().process_id == event.process_id => {
            Err(Refusal::Ignored("the SCM starts a service by itself"))
        }
        204 | 205 => Ok(Seen::Control(ControlSent { name, control: "start".to_owned(), client: client() })),
        _ => Err(Refusal::Ignored("other event")),
    }
}

/// A control by its code (`SERVICE_CONTROL_STOP` and so on, winsvc.h).
fn control(code: u64) -> String {
    match code {
        1 => "stop".to_owned(),
        2 => "pause".to_owned(),
        3 => "continue".to_owned(),
        4 => "interrogate".to_owned(),
        5 => "shutdown".to_owned(),
        6 => "parameters changed".to_owned(),
        15 => "preshutdown".to_owned(),
        128..=255 => format!("own control {code}"),
        _ => format!("control {code}"),
    }
}

/// Microsoft-Windows-RPC: 5 a client calls, 6 a server is called.
pub(super) fn rpc(event: &WindowsEvent) -> Outcome {
    let interface = event.text("InterfaceUuid").unwrap_or_default();
    if !interface.trim_matches(['{', '}']).eq_ignore_ascii_case(svcctl::INTERFACE) {
        return Err(Refusal::Ignored("a call of another interface"));
    }
    let operation = event
        .integer("ProcNum")
        .and_then(|number| u32::try_from(number).ok())
        .and_then(svcctl::operation)
        .ok_or(Refusal::Undecodable("the operation is none of the SCM's"))?;
    let protocol =
        event.integer("Protocol").and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    Ok(Seen::Call(Box::new(Call {
        operation,
        process_id: event.process_id,
        by_client: event.id == 5,
        transport: Transport::from_number(protocol),
        endpoint: owned(event, "Endpoint"),
        address: owned(event, "NetworkAddress"),
    })))
}
