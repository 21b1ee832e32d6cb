//! From Windows events to what they say about services.

mod audit;
mod sysmon;
mod system;
mod trace;
mod value;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use trace::KEY_PATH;
pub(crate) use value::{BINARY, from_bytes, is_untold};

use super::interest::Source;
use super::observed::{Cleared, Observed, Seen};
use crate::model::ObservationId;
use crate::windows_event::WindowsEvent;

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// It says something.
    Observed(Box<Observed>),
    /// It says nothing about services, and why.
    Ignored(&'static str),
    /// It should say something and can't be understood, and why.
    Undecodable(&'static str),
}

/// What a decoder of one source gives.
type Outcome = Result<Seen, Refusal>;

/// Why a decoder gives nothing.
enum Refusal {
    Ignored(&'static str),
    Undecodable(&'static str),
}

/// Decodes one event, the `number`th record of the run.
pub fn decode(event: &WindowsEvent, number: u64) -> Decoded {
    let Some(source) = Source::of(&event.provider, &event.channel, event.id) else {
        return Decoded::Ignored("not a source of service events");
    };
    let outcome = match source {
        Source::ScmLog => system::decode(event),
        Source::Audit => audit::decode(event),
        Source::Sysmon => sysmon::decode(event),
        Source::EventLog => cleared(event),
        Source::KernelRegistry => trace::registry(event),
        Source::KernelProcess => trace::process(event),
        Source::Services => trace::services(event),
        Source::Rpc => trace::rpc(event),
        Source::RegistryWatch | Source::StatusWatch => Err(Refusal::Ignored("other event")),
    };
    match outcome {
        Ok(seen) => Decoded::Observed(Box::new(Observed {
            id: ObservationId(number),
            host: Arc::clone(&event.computer),
            time: event.time,
            source,
            event_id: event.id,
            process_id: event.process_id,
            user_sid: event.user_sid.clone(),
            seen,
        })),
        Err(Refusal::Ignored(why)) => Decoded::Ignored(why),
        Err(Refusal::Undecodable(why)) => Decoded::Undecodable(why),
    }
}

/// 104 and 1102: a log was cleared.
fn cleared(event: &WindowsEvent) -> Outcome {
    if !matches!(event.id, 104 | 1102) {
        return Err(Refusal::Ignored("other event"));
    }
    let channel = match event.text("Channel") {
        Some(channel) if event.id == 104 => channel.into_owned(),
        _ if event.id == 1102 => "Security".to_owned(),
        _ => event.channel.to_string(),
    };
    Ok(Seen::Cleared(Cleared { channel, user: user(event, "SubjectDomainName", "SubjectUserName") }))
}

/// A user as `DOMAIN\name`.
fn user(event: &WindowsEvent, domain: &str, name: &str) -> Option<String> {
    let name = event.text(name)?;
    Some(match event.text(domain) {
        Some(domain) => format!(r"{domain}\{name}"),
        None => name.into_owned(),
    })
}

/// A text field, as owned.
fn owned(event: &WindowsEvent, name: &str) -> Option<String> {
    event.text(name).map(std::borrow::Cow::into_owned)
}
