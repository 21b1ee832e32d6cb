//! The names that Graylog and GELF give: Winlogbeat's with underscores for the dots and the shipper's name before them,
//! and `NXLog`'s with an underscore before them.
//!
//! Such objects are turned into the flat shape with Winlogbeat's own names.

use serde_json::Value as Json;

use super::shape::Object;

/// What Graylog's input for beats puts before each name, unless it is told not to.
const SHIPPERS: [&str; 2] = ["winlogbeat_", "filebeat_"];

/// Payloads: what follows is the name of a field, with the underscores that it has.
const PAYLOADS: [(&str, &str); 4] = [
    ("winlog_event_data_", "winlog.event_data."),
    ("winlog_user_data_", "winlog.event_data."),
    ("event_data_", "winlog.event_data."),
    ("user_data_", "winlog.event_data."),
];

/// Names whose dots can't be told from underscores.
const NAMES: [(&str, &str); 19] = [
    ("winlog_event_id", "winlog.event_id"),
    ("winlog_provider_name", "winlog.provider_name"),
    ("winlog_channel", "winlog.channel"),
    ("winlog_version", "winlog.version"),
    ("winlog_record_id", "winlog.record_id"),
    ("winlog_computer_name", "winlog.computer_name"),
    ("winlog_time_created", "winlog.time_created"),
    ("winlog_process_pid", "winlog.process.pid"),
    ("winlog_process_thread_id", "winlog.process.thread.id"),
    ("winlog_user_identifier", "winlog.user.identifier"),
    ("winlog_activity_id", "winlog.activity_id"),
    ("winlog_keywords", "winlog.keywords"),
    ("user_identifier", "user.identifier"),
    ("event_outcome", "event.outcome"),
    ("process_executable", "process.executable"),
    ("process_command_line", "process.command_line"),
    ("process_parent_executable", "process.parent.executable"),
    ("registry_path", "registry.path"),
    ("registry_data_strings", "registry.data.strings"),
];

/// The object with names that are known, where it is one of Graylog's or GELF's.
pub(super) fn renamed(object: &Object) -> Option<Object> {
    let is_gelf = object.contains_key("short_message") && object.contains_key("_EventID");
    if is_gelf {
        // `NXLog` gives the host and the time under GELF's own names.
        let bare = |(name, value): (&String, &Json)| {
            let name = match name.as_str() {
                "host" => "Hostname",
                "short_message" => "Message",
                "timestamp" => "TimeCreated",
                name => name.strip_prefix('_').unwrap_or(name),
            };
            (name.to_owned(), value.clone())
        };
        return Some(object.iter().filter(|(name, _)| *name != "version").map(bare).collect());
    }
    let is_graylog =
        ["winlogbeat_winlog_event_id", "winlog_event_id", "winlogbeat_event_id", "filebeat_winlog_event_id"]
            .iter()
            .any(|name| object.contains_key(*name));
    is_graylog.then(|| object.iter().map(|(name, value)| (dotted(name), value.clone())).collect())
}

fn dotted(name: &str) -> String {
    let name = SHIPPERS.iter().find_map(|shipper| name.strip_prefix(shipper)).unwrap_or(name);
    if let Some((rest, with)) =
        PAYLOADS.iter().find_map(|(prefix, with)| Some((name.strip_prefix(prefix)?, with)))
    {
        return format!("{with}{rest}");
    }
    NAMES.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::windows_event::json::from_value;

    #[test]
    fn a_message_reads_as_the_record_that_it_is_of() {
        let messages = [
            json!({"timestamp": "2024-05-06T07:08:09.123Z", "source": "host1", "message": "m",
                "winlogbeat_winlog_event_id": "4697", "winlogbeat_winlog_channel": "Security",
                "winlogbeat_winlog_provider_name": "Microsoft-Windows-Security-Auditing",
                "winlogbeat_winlog_record_id": 42, "winlogbeat_winlog_computer_name": "HOST1",
                "winlogbeat_winlog_process_pid": 600, "winlogbeat_winlog_event_data_ServiceName": "Courier",
                "winlogbeat_winlog_event_data_Some_Name": "x"}),
            json!({"timestamp": "2024-05-06 07:08:09.123", "source": "host1", "winlog_event_id": 4697,
                "winlog_channel": "Security", "winlog_provider_name": "Microsoft-Windows-Security-Auditing",
                "winlog_record_id": "42", "winlog_computer_name": "HOST1", "winlog_process_pid": "600",
                "winlog_event_data_ServiceName": "Courier", "winlog_event_data_Some_Name": "x"}),
            json!({"timestamp": "2024-05-06 07:08:09.123", "source": "host1", "winlogbeat_event_id": 4697,
                "winlogbeat_log_name": "Security", "winlogbeat_source_name": "Microsoft-Windows-Security-Auditing",
                "winlogbeat_record_number": "42", "winlogbeat_computer_name": "HOST1", "winlogbeat_process_id": 600,
                "winlogbeat_event_data_ServiceName": "Courier", "winlogbeat_event_data_Some_Name": "x"}),
            json!({"version": "1.1", "host": "HOST1", "short_message": "m", "timestamp": 1_714_979_289.123,
                "_EventID": 4697, "_Channel": "Security", "_SourceName": "Microsoft-Windows-Security-Auditing",
                "_RecordNumber": 42, "_ProcessID": 600, "_ServiceName": "Courier", "_Some_Name": "x",
                "_SourceModuleType": "im_msvistalog"}),
            json!({"timestamp": "2024-05-06T07:08:09.123Z", "source": "HOST1", "message": "m", "EventID": 4697,
                "Channel": "Security", "SourceName": "Microsoft-Windows-Security-Auditing", "RecordNumber": 42,
                "ProcessID": 600, "ServiceName": "Courier", "Some_Name": "x", "SourceModuleType": "im_msvistalog"}),
        ];
        for message in messages {
            let event = from_value(&message).unwrap_or_else(|error| panic!("{error}: {message}"));
            assert_eq!(
                (event.id, event.record_id, event.process_id),
                (4697, Some(42), Some(600)),
                "{message}"
            );
            assert_eq!(
                (&*event.channel, &*event.provider, &*event.computer),
                ("Security", "Microsoft-Windows-Security-Auditing", "HOST1")
            );
            assert_eq!(event.time.to_string(), "2024-05-06T07:08:09.123000000Z");
            assert_eq!(event.text("ServiceName").as_deref(), Some("Courier"));
            assert_eq!(event.text("Some_Name").as_deref(), Some("x"));
        }
    }
}
