//! Records as the system logs them, made up from their documented fields.

use std::fmt::Write as _;

/// Who logs a record, and where.
#[derive(Clone, Copy)]
pub(crate) enum Provider {
    /// The Service Control Manager, in the System log.
    Manager,
    /// The audit, in the Security log.
    Audit,
    /// The Event Log itself, in the log that was cleared.
    EventLog,
}

/// A record that was not logged yet: its log gives it the number.
#[derive(Clone)]
pub(crate) struct Record {
    channel: &'static str,
    provider: &'static str,
    id: u32,
    /// The rest of it as XML.
    data: String,
    /// What is logged instead of it, if it is damaged.
    damage: Option<Damage>,
}

/// What is wrong with a record.
#[derive(Clone, Copy)]
enum Damage {
    /// The system can't render it.
    Unrenderable,
    /// The XML breaks off.
    Malformed,
}

impl Record {
    /// A record with these named fields.
    pub(crate) fn new(provider: Provider, id: u32, fields: &[(&str, &str)]) -> Self {
        let mut data = String::from("<EventData>");
        for (name, value) in fields {
            write!(data, "<Data Name='{name}'>{}</Data>", escaped(value)).unwrap();
        }
        data.push_str("</EventData>");
        let (channel, provider) = match provider {
            Provider::Manager => ("System", "Service Control Manager"),
            Provider::Audit => ("Security", "Microsoft-Windows-Security-Auditing"),
            Provider::EventLog => ("System", "Microsoft-Windows-Eventlog"),
        };
        Self { channel, provider, id, data, damage: None }
    }

    /// 7045: a service was installed.
    pub(crate) fn installed(display_name: &str, image_path: &str) -> Self {
        Self::new(
            Provider::Manager,
            7045,
            &[
                ("ServiceName", display_name),
                ("ImagePath", image_path),
                ("ServiceType", "user mode service"),
                ("StartType", "auto start"),
                ("AccountName", "LocalSystem"),
            ],
        )
    }

    /// 104: the System log was cleared.
    pub(crate) fn cleared() -> Self {
        Self::new(
            Provider::EventLog,
            104,
            &[("SubjectUserName", "ada"), ("SubjectDomainName", "EXAMPLE"), ("Channel", "System")],
        )
    }

    /// The same, which the system can't render.
    pub(crate) fn unrenderable(self) -> Self {
        Self { damage: Some(Damage::Unrenderable), ..self }
    }

    /// The same, whose XML breaks off.
    pub(crate) fn malformed(self) -> Self {
        Self { damage: Some(Damage::Malformed), ..self }
    }

    /// The log that it belongs to.
    pub(crate) fn channel(&self) -> &'static str {
        self.channel
    }

    /// As one line, logged now.
    pub(crate) fn line(&self, number: u64) -> String {
        let Self { channel, provider, id, data, damage } = self;
        let now = jiff::Timestamp::now();
        let xml = format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>\
             <EventID Qualifiers='16384'>{id}</EventID><Version>0</Version><Level>4</Level><Task>0</Task>\
             <Opcode>0</Opcode><Keywords>0x8080000000000000</Keywords><TimeCreated SystemTime='{now}'/>\
             <EventRecordID>{number}</EventRecordID><Correlation/><Execution ProcessID='700' ThreadID='800'/>\
             <Channel>{channel}</Channel><Computer>WS1.example.test</Computer><Security UserID='S-1-5-21-1-2-3-1104'/>\
             </System>{data}</Event>"
        );
        match damage {
            None => format!("{xml}\n"),
            // ERROR_EVT_INVALID_EVENT_DATA
            Some(Damage::Unrenderable) => format!("!15005 {xml}\n"),
            Some(Damage::Malformed) => format!("{}\n", xml.trim_end_matches("</EventData></Event>")),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
