//! One Windows event in neutral form.

use std::borrow::Cow;
use std::sync::Arc;

use super::field::{Field, Value};
use crate::model::Timestamp;

/// A Windows event: what its header says, and its payload as named fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowsEvent {
    /// The provider's name, such as `Service Control Manager`; empty where it wasn't recorded.
    pub provider: Arc<str>,
    /// The channel, such as `System`; empty for a live session and where it wasn't recorded.
    pub channel: Arc<str>,
    /// The event's number within its provider.
    pub id: u32,
    /// The version of its template; zero where it wasn't recorded.
    pub version: u8,
    /// The record's number within its channel.
    pub record_id: Option<u64>,
    /// When it was logged.
    pub time: Timestamp,
    /// The computer that it was logged on; empty where it wasn't recorded.
    pub computer: Arc<str>,
    /// The process that logged it: of SCM and audit records the logging service, not the one that acted.
    pub process_id: Option<u32>,
    /// The thread that logged it.
    pub thread_id: Option<u32>,
    /// The security id (`S-1-…`) in whose name it was logged.
    pub user_sid: Option<String>,
    /// Ties together the events of one activity.
    pub activity_id: Option<String>,
    /// Of a security audit: whether the access succeeded.
    pub audit: Option<Audit>,
    /// The payload, in the order of its template.
    pub fields: Vec<Field>,
}

/// The outcome that a security audit tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audit {
    /// The access was granted.
    Success,
    /// The access was refused.
    Failure,
}

/// What is kept of a record that nobody asked for: enough to see that none is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The channel; empty where it wasn't recorded.
    pub channel: Arc<str>,
    /// The computer; empty where it wasn't recorded.
    pub computer: Arc<str>,
    /// The record's number within its channel.
    pub record_id: Option<u64>,
    /// When it was logged, where that could be told without decoding it.
    pub time: Option<Timestamp>,
}

impl Audit {
    /// From an event's keywords: bits 53 and 52 (`WINEVENT_KEYWORD_AUDIT_SUCCESS` and `_FAILURE`, winmeta.xml).
    pub fn from_keywords(keywords: u64) -> Option<Self> {
        if keywords & 0x0010_0000_0000_0000 != 0 {
            Some(Self::Failure)
        } else if keywords & 0x0020_0000_0000_0000 != 0 {
            Some(Self::Success)
        } else {
            None
        }
    }
}

impl WindowsEvent {
    /// The value of the field `name`: of one that is written the same, else of one that differs in case.
    ///
    /// Agents put the header beside the payload: `ProcessID` is who logged, `ProcessId` whom the record tells of.
    pub fn field(&self, name: &str) -> Option<&Value> {
        let exact = self.fields.iter().find(|field| field.name == name);
        if let Some(field) = exact {
            return Some(&field.value);
        }
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| &field.value)
    }

    /// The text of the field `name`; `None` when it is missing, empty, or `-`, which stands for nothing.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.field(name).map(Value::text).filter(|text| !matches!(text.trim(), "" | "-"))
    }

    /// The number in the field `name`.
    pub fn integer(&self, name: &str) -> Option<u64> {
        self.field(name).and_then(Value::integer)
    }

    /// The number in the field `name` as a process id.
    pub fn process(&self, name: &str) -> Option<u32> {
        self.integer(name).and_then(|number| u32::try_from(number).ok())
    }

    /// What remains of it when it is not wanted.
    pub fn head(&self) -> Head {
        Head {
            channel: Arc::clone(&self.channel),
            computer: Arc::clone(&self.computer),
            record_id: self.record_id,
            time: Some(self.time),
        }
    }
}
