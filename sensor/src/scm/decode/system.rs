//! Records of the SCM in the System log.
//!
//! Their fields are those of the message table of services.exe. What is translated in them (states, start types,
//! the texts of errors) is used only where nothing else tells the same, and in English words as far as these are known.

use super::{Outcome, Refusal, owned};
use crate::scm::observed::{
    ControlSent, Doer, Failure, FailureKind, Installed, Name, Seen, StartTypeChange, State, StateChange,
};
use crate::scm::setting::{self, StartType};
use crate::scm::translated;
use crate::windows_event::WindowsEvent;

pub(super) fn decode(event: &WindowsEvent) -> Outcome {
    match event.id {
        7045 => installed(event),
        7040 => start_type(event),
        7036 => state(event),
        7035 => control(event),
        7000 => failure(event, FailureKind::NotStarted, 1, Some(2)),
        7009 => failure(event, FailureKind::StartTimeout, 2, None),
        7023 | 7024 => failure(event, FailureKind::EndedWithError, 1, Some(2)),
        7031 | 7034 => failure(event, FailureKind::Crashed, 1, None),
        7030 => named(event, 1).map(Seen::Interactive),
        _ => Err(Refusal::Ignored("other event")),
    }
}

/// The parameter at `position`, from 1.
fn parameter(event: &WindowsEvent, position: u32) -> Option<String> {
    owned(event, &format!("param{position}"))
}

/// A named field, or the parameter at its place where the shipper has no names.
fn field(event: &WindowsEvent, name: &str, position: u32) -> Option<String> {
    owned(event, name).or_else(|| parameter(event, position))
}

/// The text in the binary field: UTF-16, up to the first NUL.
fn binary(event: &WindowsEvent) -> Option<String> {
    let bytes = event.field("Binary")?.bytes()?;
    let units = bytes
        .chunks_exact(2)
        .map(|pair| match pair {
            [low, high] => u16::from_le_bytes([*low, *high]),
            _ => 0,
        })
        .take_while(|unit| *unit != 0);
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    (!text.is_empty()).then_some(text)
}

/// The display name at `position`, and the key's name in the binary field.
fn named(event: &WindowsEvent, position: u32) -> Result<Name, Refusal> {
    let name = Name { key: binary(event), display: parameter(event, position) };
    if name.key.is_none() && name.display.is_none() {
        return Err(Refusal::Undecodable("the record names no service"));
    }
    Ok(name)
}

fn installed(event: &WindowsEvent) -> Outcome {
    let display =
        field(event, "ServiceName", 1).ok_or(Refusal::Undecodable("the record names no service"))?;
    let account = field(event, "AccountName", 5).or_else(|| account_of_message(event, &display));
    Ok(Seen::Installed(Box::new(Installed {
        name: Name::of_display(display),
        image_path: field(event, "ImagePath", 2),
        service_type: field(event, "ServiceType", 3).map(type_word),
        type_bits: None,
        start: field(event, "StartType", 4).map(start_word),
        account,
        client: Doer { sid: event.user_sid.clone(), ..Doer::default() },
        client_is_remote: None,
    })))
}

/// The account in the rendered message, where the shipper has overwritten the field: the text behind the colon of the
/// fifth line of values, whatever the language. The first line has to name the service.
fn account_of_message(event: &WindowsEvent, service: &str) -> Option<String> {
    let message = event.text("Message")?;
    let mut values = message
        .lines()
        .skip_while(|line| !line.trim().is_empty())
        .filter(|line| !line.trim().is_empty())
        .filter_map(|line| line.split_once(':').map(|(_, value)| value.trim()));
    if values.next()? != service {
        return None;
    }
    values.nth(3).filter(|account| !account.is_empty()).map(str::to_owned)
}

fn start_type(event: &WindowsEvent) -> Outcome {
    let name = Name { key: parameter(event, 4), display: parameter(event, 1) };
    if name.key.is_none() && name.display.is_none() {
        return Err(Refusal::Undecodable("the record names no service"));
    }
    let after = parameter(event, 3).ok_or(Refusal::Undecodable("the record has no new start type"))?;
    Ok(Seen::StartType(StartTypeChange {
        name,
        before: parameter(event, 2).map(start_word),
        after: start_word(after),
        client: Doer::default(),
    }))
}

/// A start type in the words of English records; one in an unknown language stays as it is.
fn start_word(text: String) -> String {
    let start = StartType::from_word(&text).or_else(|| translated::start_type(&text));
    start.map_or(text, |start| start.word().to_owned())
}

/// A type of service, likewise.
fn type_word(text: String) -> String {
    if setting::is_type_word(&text) {
        return text;
    }
    translated::service_type(&text).map_or(text, str::to_owned)
}

/// The binary field holds `KeyName/state` in UTF-16, the state as a number.
fn state(event: &WindowsEvent) -> Outcome {
    let display = parameter(event, 1);
    if let Some(binary) = binary(event) {
        let (key, number) =
            binary.rsplit_once('/').ok_or(Refusal::Undecodable("the binary field has no state"))?;
        let state = number
            .parse()
            .ok()
            .and_then(State::from_number)
            .ok_or(Refusal::Undecodable("the binary field has no known state"))?;
        let name = Name { key: Some(key.to_owned()).filter(|key| !key.is_empty()), display };
        return Ok(Seen::State(StateChange { name, state, by_word: false }));
    }
    let display = display.ok_or(Refusal::Undecodable("the record names no service"))?;
    let word = parameter(event, 2).ok_or(Refusal::Undecodable("the record has no state"))?;
    let state = State::from_word(&word)
        .ok_or(Refusal::Undecodable("the record's binary field is gone and its state is translated"))?;
    Ok(Seen::State(StateChange { name: Name::of_display(display), state, by_word: true }))
}

fn control(event: &WindowsEvent) -> Outcome {
    let control = parameter(event, 2).ok_or(Refusal::Undecodable("the record has no control"))?;
    Ok(Seen::Control(ControlSent { name: named(event, 1)?, control, client: Doer::default() }))
}

fn failure(event: &WindowsEvent, kind: FailureKind, name: u32, error: Option<u32>) -> Outcome {
    let error = error
        .and_then(|position| parameter(event, position))
        .map(|error| error.trim_start_matches('%').to_owned());
    Ok(Seen::Failure(Failure { name: named(event, name)?, kind, error }))
}
