//! Event XML (the schema `http://schemas.microsoft.com/win/2004/08/events/event`): one `<Event>` element.
//!
//! `wevtutil`, Windows Event Forwarding, the Event Viewer and the EVTX reader all give it.

use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::event::{Audit, WindowsEvent};
use super::field::{Field, Value, parse_integer};
use super::time;
use crate::model::Timestamp;

/// Deeper elements than this are not events.
const MAX_DEPTH: usize = 64;

/// Why a piece of XML is not an event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum XmlError {
    /// The bytes are not UTF-8.
    #[error("event XML is not UTF-8 after byte {0}")]
    NotUtf8(usize),
    /// The XML is not well-formed.
    #[error("event XML is not well-formed near byte {0}")]
    Malformed(u64),
    /// Elements are nested too deep.
    #[error("event XML is nested deeper than {MAX_DEPTH} elements")]
    TooDeep,
    /// There is no event number.
    #[error("event XML has no EventID")]
    NoEventId,
    /// There is no time that can be read.
    #[error("event XML has no time")]
    NoTime,
}

/// Reads one `<Event>` element.
///
/// # Errors
/// When it isn't one; `fallback_time` stands in where the element has no time, if the container knows it.
pub fn parse(bytes: &[u8], fallback_time: Option<Timestamp>) -> Result<WindowsEvent, XmlError> {
    let text = std::str::from_utf8(bytes).map_err(|error| XmlError::NotUtf8(error.valid_up_to()))?;
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = true;
    config.expand_empty_elements = true;
    let mut builder = Builder::default();
    let mut path: Vec<String> = Vec::new();
    loop {
        let position = reader.buffer_position();
        match reader.read_event().map_err(|_| XmlError::Malformed(position))? {
            Event::Start(start) => {
                if path.len() >= MAX_DEPTH {
                    return Err(XmlError::TooDeep);
                }
                path.push(local_name(&start).to_owned());
                builder.open(&path, &start);
            }
            Event::End(_) => {
                builder.close(&path);
                path.pop();
            }
            Event::Text(text) => builder.text.push_str(&text),
            Event::CData(text) => builder.text.push_str(&text),
            Event::GeneralRef(reference) => builder.reference(&reference),
            Event::Eof if path.is_empty() => break,
            Event::Eof => return Err(XmlError::Malformed(position)),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    builder.finish(fallback_time)
}

/// Gathers an event while its elements go by.
#[derive(Default)]
struct Builder {
    provider: String,
    channel: String,
    id: Option<u32>,
    version: u8,
    record_id: Option<u64>,
    time: Option<Timestamp>,
    computer: String,
    process_id: Option<u32>,
    thread_id: Option<u32>,
    user_sid: Option<String>,
    activity_id: Option<String>,
    audit: Option<Audit>,
    fields: Vec<Field>,
    /// The `Name` of the `Data` element that is open.
    data_name: Option<String>,
    /// How many fields had no name yet.
    unnamed: usize,
    /// The text of the innermost element so far.
    text: String,
    /// Whether the innermost element has elements in it.
    has_children: bool,
}

impl Builder {
    fn open(&mut self, path: &[String], start: &BytesStart<'_>) {
        self.text.clear();
        self.has_children = false;
        let attribute = |name: &str| attribute(start, name);
        match names(path).as_slice() {
            ["Event", "System", "Provider"] => {
                // `EventSourceName` is the older name under which a classic source also goes.
                self.provider =
                    attribute("Name").or_else(|| attribute("EventSourceName")).unwrap_or_default();
            }
            ["Event", "System", "TimeCreated"] => {
                self.time = attribute("SystemTime").and_then(|text| time::parse(&text));
            }
            ["Event", "System", "Execution"] => {
                self.process_id = attribute("ProcessID").and_then(|text| number(&text));
                self.thread_id = attribute("ThreadID").and_then(|text| number(&text));
            }
            ["Event", "System", "Security"] => self.user_sid = attribute("UserID"),
            ["Event", "System", "Correlation"] => self.activity_id = attribute("ActivityID"),
            ["Event", "EventData", "Data" | "ComplexData"] => self.data_name = attribute("Name"),
            _ => {}
        }
    }

    fn close(&mut self, path: &[String]) {
        let leaf = !std::mem::replace(&mut self.has_children, true);
        let text = std::mem::take(&mut self.text);
        match names(path).as_slice() {
            ["Event", "System", name] => self.system(name, text.trim()),
            ["Event", "EventData", "Data" | "ComplexData"] => {
                let name = self.data_name.take();
                self.push(name, text);
            }
            ["Event", "EventData", "Binary"] => self.push(Some("Binary".to_owned()), text),
            // User data has a schema of its own: its leaves are the fields.
            ["Event", "UserData" | "EventData" | "ProcessingErrorData", .., name] if leaf => {
                self.push(Some((*name).to_owned()), text);
            }
            _ => {}
        }
    }

    fn system(&mut self, name: &str, text: &str) {
        match name {
            "EventID" => self.id = number(text),
            "Version" => self.version = number(text).unwrap_or(0),
            "EventRecordID" => self.record_id = parse_integer(text),
            "Channel" => text.clone_into(&mut self.channel),
            "Computer" => text.clone_into(&mut self.computer),
            "Keywords" => self.audit = parse_integer(text).and_then(Audit::from_keywords),
            _ => {}
        }
    }

    fn push(&mut self, name: Option<String>, text: String) {
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| {
            self.unnamed += 1;
            format!("param{}", self.unnamed)
        });
        self.fields.push(Field { name, value: Value::Text(text) });
    }

    fn reference(&mut self, reference: &quick_xml::events::BytesRef<'_>) {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            self.text.push(character);
            return;
        }
        let name = reference.xml10_content();
        if let Some(resolved) = quick_xml::escape::resolve_predefined_entity(&name) {
            self.text.push_str(resolved);
        } else {
            // An unknown entity is kept as it stands: it may be evidence.
            self.text.push('&');
            self.text.push_str(&name);
            self.text.push(';');
        }
    }

    fn finish(self, fallback_time: Option<Timestamp>) -> Result<WindowsEvent, XmlError> {
        Ok(WindowsEvent {
            provider: Arc::from(self.provider),
            channel: Arc::from(self.channel),
            id: self.id.ok_or(XmlError::NoEventId)?,
            version: self.version,
            record_id: self.record_id,
            time: self.time.or(fallback_time).ok_or(XmlError::NoTime)?,
            computer: Arc::from(self.computer),
            process_id: self.process_id,
            thread_id: self.thread_id,
            user_sid: self.user_sid.filter(|sid| !sid.is_empty()),
            activity_id: self.activity_id.filter(|id| !id.is_empty()),
            audit: self.audit,
            fields: self.fields,
        })
    }
}

fn names(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    parse_integer(text).and_then(|number| T::try_from(number).ok())
}

fn local_name<'start>(start: &'start BytesStart<'_>) -> &'start str {
    let name: &str = start.name().0;
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).ok().flatten()?;
    attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider \
        Name='Service Control Manager' Guid='{5}'/><EventID Qualifiers='16384'>7045</EventID><Version>1</Version>\
        <Keywords>0x8080000000000000</Keywords><TimeCreated SystemTime='2024-03-04T05:06:07.1234567Z'/><EventRecordID>9\
        </EventRecordID><Execution ProcessID='700' ThreadID='8'/><Channel>System</Channel><Computer>H</Computer>\
        <Security UserID='S-1-5-18'/></System><EventData><Data Name='ServiceName'>a &amp; b&#33; &x; <![CDATA[<c>]]></Data>\
        <Data/><Data>second</Data><Binary>00</Binary></EventData><UserData><A xmlns='x'><B>leaf</B></A></UserData></Event>";

    #[test]
    fn an_event_is_read_with_all_it_says() {
        let event = parse(WHOLE.as_bytes(), None).unwrap();
        assert_eq!((event.id, event.version, event.record_id), (7045, 1, Some(9)));
        assert_eq!(event.time.to_string(), "2024-03-04T05:06:07.123456700Z");
        assert_eq!(
            (event.process_id, event.thread_id, event.user_sid.as_deref()),
            (Some(700), Some(8), Some("S-1-5-18"))
        );
        let fields: Vec<_> =
            event.fields.iter().map(|field| (field.name.as_str(), field.value.text().into_owned())).collect();
        let expected = [
            ("ServiceName", "a & b! &x; <c>"),
            ("param1", ""),
            ("param2", "second"),
            ("Binary", "00"),
            ("B", "leaf"),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn what_is_no_event_says_why() {
        for (text, expected) in [
            (
                "<Event><System><TimeCreated SystemTime='2024-03-04T05:06:07Z'/></System></Event>",
                XmlError::NoEventId,
            ),
            ("<Event><System><EventID>1</EventID></System></Event>", XmlError::NoTime),
        ] {
            assert_eq!(parse(text.as_bytes(), None), Err(expected), "{text}");
        }
        assert!(matches!(parse(b"<Event><System></Event>", None), Err(XmlError::Malformed(_))));
        assert!(matches!(parse(b"<Event>", None), Err(XmlError::Malformed(_))));
        assert_eq!(parse(b"<Event>\xff", None), Err(XmlError::NotUtf8(7)));
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        assert_eq!(parse(deep.as_bytes(), None), Err(XmlError::TooDeep));
    }

    proptest! {
        #[test]
        fn a_damaged_event_is_read_or_refused(place in 0_usize..900, byte: u8, length in 0_usize..900) {
            let mut bytes = WHOLE.as_bytes().to_vec();
            let last = bytes.len() - 1;
            bytes[place.min(last)] = byte;
            bytes.truncate(length.max(1));
            let _ = parse(&bytes, None);
        }
    }
}
