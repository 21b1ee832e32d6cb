//! The same records in the shapes in which agents write them. Every record here is made up.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::windows_event::Audit;

/// Provider, channel, id, record id, time, computer, fields.
type Facts = (String, String, u32, Option<u64>, String, String, Vec<(String, String)>);

/// The facts that every shape of the same record has to give.
fn facts(text: &str) -> Facts {
    let event = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    (
        event.provider.to_string(),
        event.channel.to_lowercase(),
        event.id,
        event.record_id,
        event.time.to_string(),
        event.computer.to_string(),
        event
            .fields
            .iter()
            .filter(|field| field.name != "Message")
            .map(|field| (field.name.clone(), field.value.text().into_owned()))
            .collect(),
    )
}

const RECORD: &str = "<Event><System><Provider Name='Service Control Manager'/><EventID>7040</EventID>\
    <TimeCreated SystemTime='2024-05-06T07:08:09.123456Z'/><EventRecordID>42</EventRecordID><Channel>System</Channel>\
    <Computer>HOST1</Computer></System><EventData><Data Name='param1'>Print Spooler</Data>\
    <Data Name='param4'>Spooler</Data></EventData></Event>";

#[test]
fn one_start_type_change_reads_the_same_in_every_shape() {
    let shapes = [
        // EVTX converters.
        json!({"Event": {"#attributes": {"xmlns": "x"}, "System": {
            "Provider": {"#attributes": {"Name": "Service Control Manager", "Guid": "{5}"}},
            "EventID": {"#attributes": {"Qualifiers": 16384}, "#text": 7040}, "Version": 0,
            "TimeCreated": {"#attributes": {"SystemTime": "2024-05-06T07:08:09.123456Z"}},
            "EventRecordID": 42, "Channel": "System", "Computer": "HOST1",
            "Execution": {"#attributes": {"ProcessID": 600, "ThreadID": 700}}},
            "EventData": {"param1": "Print Spooler", "param4": "Spooler"}}}),
        json!({"Event": {"System": {
            "Provider_attributes": {"Name": "Service Control Manager"},
            "EventID": 7040, "EventID_attributes": {"Qualifiers": 16384},
            "TimeCreated_attributes": {"SystemTime": "2024-05-06T07:08:09.123456Z"},
            "EventRecordID": 42, "Channel": "System", "Computer": "HOST1"},
            "EventData": {"param1": "Print Spooler", "param4": "Spooler"}}}),
        json!({"Event": {"@xmlns": "x", "System": {
            "Provider": {"@Name": "Service Control Manager"},
            "EventID": {"@Qualifiers": "16384", "#text": "7040"},
            "TimeCreated": {"@SystemTime": "2024-05-06 07:08:09.123456"},
            "EventRecordID": "42", "Channel": "System", "Computer": "HOST1"},
            "EventData": {"Data": [{"@Name": "param1", "#text": "Print Spooler"},
                                   {"@Name": "param4", "#text": "Spooler"}]}}}),
        // Without names: by position.
        json!({"System": {
            "Provider": {"Name": "Service Control Manager"}, "EventID": {"Value": 7040},
            "TimeCreated": {"SystemTime": 1_714_979_289.123_456},
            "EventRecordID": 42, "Channel": "System", "Computer": "HOST1"},
            "EventData": {"param1": "Print Spooler", "param4": "Spooler"}}),
        // Elastic.
        json!({"@timestamp": "2024-05-06T07:08:09.123456Z", "event": {"code": "7040"}, "winlog": {
            "channel": "System", "provider_name": "Service Control Manager", "event_id": "7040",
            "record_id": "42", "computer_name": "HOST1",
            "event_data": {"param1": "Print Spooler", "param4": "Spooler"}}}),
        json!({"@timestamp": "2024-07-01T00:00:00Z", "winlog": {"time_created": "2024-05-06T07:08:09.123456Z",
            "channel": "System", "provider_name": "Service Control Manager", "event_id": "7040",
            "record_id": 42, "computer_name": "HOST1",
            "event_data": {"param1": "Print Spooler", "param4": "Spooler"}}}),
        json!({"_source": {"@timestamp": "2024-05-06T07:08:09.123456Z",
            "winlog.channel": "system", "winlog.provider_name": "Service Control Manager",
            "winlog.event_id": 7040, "winlog.record_id": 42, "winlog.computer_name": "HOST1",
            "winlog.event_data.param1": "Print Spooler", "winlog.event_data.param4": "Spooler"}}),
        json!({"@timestamp": "2024-05-06T07:08:09.123456Z", "log_name": "System", "event_id": 7040,
            "source_name": "Service Control Manager", "record_number": "42", "computer_name": "HOST1",
            "event_data": {"param1": "Print Spooler", "param4": "Spooler"}}),
        // NXLog, in a zone four hours behind.
        json!({"EventTime": "2024-05-06 03:08:09.123456", "EventReceivedTime": "2024-05-06 03:08:11",
            "@timestamp": "2024-05-06T07:08:12.500Z", "Hostname": "HOST1", "EventType": "INFO",
            "EventID": 7040.0, "SourceName": "Service Control Manager", "RecordNumber": 42,
            "Channel": "SYSTEM", "param1": "Print Spooler", "param4": "Spooler",
            "AccountName": "SYSTEM", "AccountType": "User", "SourceModuleType": "im_msvistalog"}),
        // EvtxECmd.
        json!({"PayloadData1": "x", "MapDescription": "x", "Computer": "HOST1", "Channel": "System",
            "Payload": "{\"EventData\":{\"Data\":[{\"@Name\":\"param1\",\"#text\":\"Print Spooler\"},\
                        {\"@Name\":\"param4\",\"#text\":\"Spooler\"}]}}",
            "Provider": "Service Control Manager", "EventId": 7040, "EventRecordId": "42", "RecordNumber": 3,
            "ProcessId": 600, "TimeCreated": "2024-05-06T07:08:09.1234560+00:00"}),
        // Chainsaw.
        json!({"group": "x", "kind": "individual", "document": {"kind": "evtx", "path": "x", "data": {"Event": {
            "System": {"Provider_attributes": {"Name": "Service Control Manager"}, "EventID": 7040,
                "TimeCreated_attributes": {"SystemTime": "2024-05-06T07:08:09.123456Z"},
                "EventRecordID": 42, "Channel": "System", "Computer": "HOST1"},
            "EventData": {"param1": "Print Spooler", "param4": "Spooler"}}}}}),
        // The whole record's XML in a string: Splunk, and Elastic's and Logstash's original.
        json!({"preview": false, "result": {"_time": "2024-05-06T09:08:09+02:00", "_raw": RECORD}}),
        json!({"@timestamp": "2024-05-06T07:08:20Z", "event": {"code": "7040", "original": RECORD}}),
        json!({"date": 1_714_979_300.5, "System": RECORD, "Message": "x", "StringInserts": ["Print Spooler", "x"]}),
        // The same, and JSON, as a line of a file that a shipper has read.
        json!({"@timestamp": "2024-05-06T07:08:20Z", "message": RECORD, "host": {"name": "COLLECTOR"}}),
        json!({"log": json!({"Event": {"System": {"Provider": {"Name": "Service Control Manager"}, "EventID": 7040,
                "TimeCreated": {"SystemTime": "2024-05-06T07:08:09.123456Z"}, "EventRecordID": 42,
                "Channel": "System", "Computer": "HOST1"},
            "EventData": {"param1": "Print Spooler", "param4": "Spooler"}}}).to_string(), "stream": "stdout"}),
        json!({"input": {"message": json!({"EventTime": "2024-05-06 03:08:09.123456", "Hostname": "HOST1",
            "EventReceivedTime": "2024-05-06T03:08:11-04:00", "EventID": 7040,
            "SourceName": "Service Control Manager", "RecordNumber": 42, "Channel": "System",
            "param1": "Print Spooler", "param4": "Spooler", "SourceModuleType": "im_msvistalog"}).to_string()}}),
        // What a search gives for fields.
        json!({"_index": "x", "fields": {"winlog.time_created": ["2024-05-06T07:08:09.123456Z"],
            "winlog.event_id": ["7040"], "winlog.provider_name": ["Service Control Manager"],
            "winlog.channel": ["System"], "winlog.record_id": [42], "winlog.computer_name": ["HOST1"],
            "winlog.event_data.param1": ["Print Spooler"], "winlog.event_data.param4": ["Spooler"]}}),
        // XML in a string.
        json!({"EventID": 7040, "Source": "Service Control Manager", "EventLog": "System", "Computer": "HOST1",
            "EventRecordId": "42", "Provider": "Service Control Manager",
            "TimeGenerated": "2024-05-06T07:08:09.123456Z",
            "EventData": "<DataItem type=\"System.XmlData\"><EventData xmlns=\"x\"><Data Name=\"param1\">Print \
                          Spooler</Data><Data Name=\"param4\">Spooler</Data></EventData></DataItem>"}),
        json!({"EventID": 7040, "Computer": "HOST1", "EventLog": "System", "EventRecordId": "42",
            "Provider": "Service Control Manager", "TimeGenerated": "2024-05-06T07:08:09.123456Z",
            "EventData": "<EventData><Data Name=\"param1\">Print Spooler</Data>\
                          <Data Name=\"param4\">Spooler</Data></EventData>"}),
    ];
    let expected = (
        "Service Control Manager".to_owned(),
        "system".to_owned(),
        7040,
        Some(42),
        "2024-05-06T07:08:09.123456000Z".to_owned(),
        "HOST1".to_owned(),
        vec![("param1".to_owned(), "Print Spooler".to_owned()), ("param4".to_owned(), "Spooler".to_owned())],
    );
    for shape in shapes {
        let text = shape.to_string();
        let mut found = facts(&text);
        found.6.retain(|(name, _)| name.starts_with("param"));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn unnamed_elements_are_named_by_position() {
    let text = json!({"Event": {"System": {"EventID": 7036, "TimeCreated": {"SystemTime": "2024-05-06T07:08:09Z"}},
        "EventData": {"Data": {"#text": ["Print Spooler", "running"]}, "Binary": "5300"}}});
    let event = from_value(&text).unwrap();
    assert_eq!(event.text("param2").as_deref(), Some("running"));
    assert_eq!(
        event.field("binary").and_then(super::super::field::Value::bytes).as_deref(),
        Some(&[0x53, 0][..])
    );
    let inserts = json!({"ProviderName": "Service Control Manager", "EventID": 7036, "Channel": "System",
        "TimeCreated": "2024-05-06 09:08:09 +0200", "StringInserts": ["Print Spooler", "running"]});
    let event = from_value(&inserts).unwrap();
    assert_eq!(event.text("param2").as_deref(), Some("running"));
    let properties = json!({"Id": 7036, "LogName": "System", "TimeCreated": "/Date(1714979289123)/",
        "Properties": [{"Value": "Print Spooler"}, {"Value": "running"}]});
    let event = from_value(&properties).unwrap();
    assert_eq!(event.text("param1").as_deref(), Some("Print Spooler"));
    assert_eq!(event.text("param2").as_deref(), Some("running"));
}

#[test]
fn parameters_of_azure_are_named_by_their_places() {
    let record = |id: u32, source: &str, parameters: &str| {
        from_value(
            &json!({"TimeGenerated": "2024-05-06T07:08:09Z", "Source": source, "EventLog": "x", "EventID": id,
            "Computer": "HOST1", "ParameterXml": parameters}),
        )
        .unwrap()
    };
    let state =
        record(7036, "Service Control Manager", "<Param>Print &amp; Scan</Param><Param>running</Param>");
    assert_eq!(state.text("param1").as_deref(), Some("Print & Scan"));
    assert_eq!(state.text("param2").as_deref(), Some("running"));
    let driver = "<Param /><Param>t</Param><Param>C:\\a.sys</Param><Param>h</Param><Param>true</Param><Param>s</Param>\
        <Param>Valid</Param>";
    let driver = record(6, "Microsoft-Windows-Sysmon", driver);
    assert_eq!(driver.text("ImageLoaded").as_deref(), Some("C:\\a.sys"));
}

#[test]
fn strings_are_looked_into_only_so_deep() {
    let mut record = json!({"EventID": 1, "@timestamp": "2024-05-06T07:08:09Z"});
    for _ in 0..4 {
        record = json!({"message": record.to_string()});
        assert_eq!(from_value(&record).unwrap().id, 1);
    }
    assert_eq!(from_value(&json!({"message": record.to_string()})), Err(JsonError::NoEventId));
    // A record's own message is for people, whatever it looks like.
    let own = json!({"EventID": 2, "@timestamp": "2024-05-06T07:08:09Z", "message": "{\"EventID\": 3}"});
    assert_eq!(from_value(&own).unwrap().id, 2);
}

#[test]
fn fields_that_differ_in_case_are_two() {
    let record =
        json!({"EventID": 13, "@timestamp": "2024-05-06T07:08:09Z", "ProcessID": 3284, "ProcessId": "4072"});
    let event = from_value(&record).unwrap();
    assert_eq!(
        (event.process_id, event.process("ProcessId"), event.process("processid")),
        (Some(3284), Some(4072), Some(3284))
    );
}

#[test]
fn outcomes_of_audits_are_read_from_every_form_of_keywords() {
    for (keywords, expected) in [
        (json!({"Keywords": "0x8020000000000000"}), Some(Audit::Success)),
        (json!({"Keywords": -9_214_364_837_600_034_816_i64}), Some(Audit::Success)),
        (json!({"Keywords": "0x8010000000000000"}), Some(Audit::Failure)),
        (json!({"EventType": "AUDIT_FAILURE"}), Some(Audit::Failure)),
        (json!({"winlog": {"keywords": ["Audit Success"]}}), Some(Audit::Success)),
        (json!({"keywords": ["Audit Failure"]}), Some(Audit::Failure)),
        (json!({"Keywords": "0x80000000000000"}), None),
        (json!({}), None),
    ] {
        let mut record = json!({"EventID": 4656, "@timestamp": "2024-05-06T07:08:09Z"});
        record.as_object_mut().unwrap().extend(keywords.as_object().unwrap().clone());
        assert_eq!(from_value(&record).unwrap().audit, expected, "{keywords}");
    }
}

#[test]
fn what_is_no_event_says_why() {
    assert!(matches!(parse(b"{"), Err(JsonError::Malformed { .. })));
    assert_eq!(parse(b"[]"), Err(JsonError::NotAnObject));
    assert_eq!(parse(b"{}"), Err(JsonError::NoEventId));
    assert_eq!(parse(b"{\"EventID\":1}"), Err(JsonError::NoTime));
    assert_eq!(
        parse(b"{\"EventID\":\"x\",\"@timestamp\":\"2024-05-06T07:08:09Z\"}"),
        Err(JsonError::NoEventId)
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[\\[{\\]}:,\"0-9a-zA-Z#@._ <>/-]{0,200}") {
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn any_values_in_known_places_are_read_or_refused(
        names in prop::collection::vec(prop::sample::select(vec!["Event", "System", "EventID", "winlog", "event_data",
            "EventData", "Data", "#text", "#attributes", "Name", "TimeCreated", "SystemTime", "@timestamp", "EventTime",
            "EventReceivedTime", "Keywords", "Properties", "Value", "host"]), 1..8),
        number: i64,
        text in "\\PC{0,12}",
    ) {
        let mut value = if number % 2 == 0 { json!(number) } else { json!(text) };
        for (place, name) in names.iter().enumerate() {
            value = if place % 3 == 2 { json!([value, null]) } else { json!({*name: value, "EventID": 1}) };
        }
        let _ = from_value(&value);
    }
}
