//! What is logged is told once, whatever becomes of the log or the sensor. The Event Log is a stand-in.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::logs::{Logs, missing_stand_in};
use crate::place::alone_unless;
use crate::record::{Provider, Record};
use crate::sensor::{Sensor, is_event};

/// A record of a service that has this name.
fn installed(name: &str) -> Record {
    Record::installed(name, r"C:\first\program.exe")
}

/// How often it is told that this service was created.
fn creations(lines: &[Value], name: &str) -> usize {
    lines.iter().filter(|line| is_event(line, name, "created")).count()
}

/// Waits until the creation of this service is told.
fn until_created(sensor: &mut Sensor, name: &str) -> Value {
    sensor.until(|line| is_event(line, name, "created"))
}

fn is_loss(line: &Value, reason: &str) -> bool {
    line["type"] == "loss" && line["reason"].as_str().unwrap().contains(reason)
}

/// What was lost, as it is told.
fn losses(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["type"] == "loss").collect()
}

#[test]
fn records_of_both_logs_are_one_event_with_its_client() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    // What was there before is told by nobody.
    logs.add(&[installed("before")]);
    let mut sensor = logs.sensor();
    logs.add(&[
        Record::new(
            Provider::Audit,
            4688,
            &[
                ("SubjectUserSid", "S-1-5-21-1-2-3-1104"),
                ("SubjectUserName", "ada"),
                ("SubjectDomainName", "EXAMPLE"),
                ("SubjectLogonId", "0x5f3a1"),
                ("NewProcessId", "0x7d00"),
                ("NewProcessName", r"C:\Windows\System32\sc.exe"),
                ("TokenElevationType", "%%1936"),
                ("ProcessId", "0x7c00"),
                ("CommandLine", r"sc create updater binPath= C:\first\program.exe"),
                ("TargetUserSid", "S-1-0-0"),
                ("TargetUserName", "-"),
                ("TargetDomainName", "-"),
                ("TargetLogonId", "0x0"),
                ("ParentProcessName", r"C:\Windows\System32\cmd.exe"),
                ("MandatoryLabel", "S-1-16-12288"),
            ],
        ),
        Record::new(
            Provider::Audit,
            4697,
            &[
                ("SubjectUserSid", "S-1-5-21-1-2-3-1104"),
                ("SubjectUserName", "ada"),
                ("SubjectDomainName", "EXAMPLE"),
                ("SubjectLogonId", "0x5f3a1"),
                ("ServiceName", "updater"),
                ("ServiceFileName", r"C:\first\program.exe"),
                ("ServiceType", "0x10"),
                ("ServiceStartType", "2"),
                ("ServiceAccount", "LocalSystem"),
                ("ClientProcessStartKey", "281474976710700"),
                ("ClientProcessId", "32000"),
                ("ParentProcessId", "31744"),
                ("RpcCallClientLocality", "1"),
            ],
        ),
        Record::installed("Update Helper", r"C:\first\program.exe"),
    ]);
    let created = until_created(&mut sensor, "updater");
    assert_eq!(created["display_name"], "Update Helper", "{created}");
    assert_eq!(created["definition"]["ImagePath"][0], r"C:\first\program.exe", "{created}");
    assert_eq!(created["details"]["client_pid"], "32000", "{created}");
    assert_eq!(created["details"]["logon_id"], "0x5f3a1", "{created}");
    assert!(created["actor"].to_string().contains("sc.exe"), "{created}");
    let told = sensor.stop();
    let events = told.iter().filter(|line| line["type"] == "event").count();
    assert_eq!((events, losses(&told).len()), (1, 0), "{}", Value::from(told));
    for (channel, wanted) in [("System", "EventID=7045"), ("Security", "EventID=4697")] {
        let queries = logs.queries(channel);
        assert!(queries.len() == 1 && queries[0].contains(wanted), "{queries:?}");
    }
}

#[test]
fn a_restart_tells_each_record_once() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let mut sensor = logs.sensor();
    logs.add(&[installed("running")]);
    until_created(&mut sensor, "running");
    logs.add(&[installed("stopping")]);
    let mut told = sensor.stop();
    logs.add(&[installed("down"), installed("down-too")]);
    let mut sensor = logs.sensor();
    logs.add(&[installed("again")]);
    for name in ["down", "down-too", "again"] {
        if creations(&told, name) == 0 {
            until_created(&mut sensor, name);
        }
    }
    told.extend(sensor.stop());
    for name in ["running", "stopping", "down", "down-too", "again"] {
        assert_eq!(creations(&told, name), 1, "{name}: {}", Value::from(told));
    }
    assert_eq!(losses(&told).len(), 0, "{}", Value::from(told));
}

#[test]
fn what_is_logged_between_two_runs_is_told_although_the_first_saw_nothing() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    logs.add(&[installed("before")]);
    let told = logs.sensor().stop();
    assert_eq!(creations(&told, "before"), 0);
    logs.add(&[installed("between")]);
    let mut sensor = logs.sensor();
    until_created(&mut sensor, "between");
    let told = sensor.stop();
    assert_eq!(creations(&told, "before"), 0);
    assert_eq!(losses(&told).len(), 0, "{}", Value::from(told));
}

#[test]
fn what_was_there_before_is_told_by_nobody_whatever_was_logged_last() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    // The boot has drivers that failed to load: a record that is not asked for.
    let other = || Record::new(Provider::Manager, 7026, &[("param1", "driver")]);
    for before in [vec![installed("before"), other()], vec![other()]] {
        let logs = Logs::new();
        logs.add(&before);
        let mut sensor = logs.sensor();
        logs.add(&[other(), installed("after"), other()]);
        until_created(&mut sensor, "after");
        let told = sensor.stop();
        assert_eq!((creations(&told, "before"), losses(&told).len()), (0, 0), "{}", Value::from(told));
    }
}

#[test]
fn a_sensor_that_is_killed_loses_nothing() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let mut sensor = logs.sensor();
    logs.add(&[installed("kept")]);
    logs.wait_until_kept("System");
    logs.add(&[installed("told")]);
    until_created(&mut sensor, "told");
    logs.add(&[installed("read")]);
    let mut told = sensor.kill();
    logs.add(&[installed("down")]);
    let mut sensor = logs.sensor();
    until_created(&mut sensor, "down");
    told.extend(sensor.stop());
    // Only what was told and not kept yet may be told again.
    assert_eq!(creations(&told, "kept"), 1, "{}", Value::from(told));
    for name in ["told", "read"] {
        assert!((1..=2).contains(&creations(&told, name)), "{name}: {}", Value::from(told));
    }
    assert_eq!(creations(&told, "down"), 1, "{}", Value::from(told));
    assert_eq!(losses(&told).len(), 0, "{}", Value::from(told));
}

#[test]
fn a_sensor_that_is_killed_at_once_loses_nothing() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    logs.add(&[installed("before")]);
    let sensor = logs.sensor();
    logs.add(&[installed("read")]);
    let mut told = sensor.kill();
    let mut sensor = logs.sensor();
    if creations(&told, "read") == 0 {
        until_created(&mut sensor, "read");
    }
    told.extend(sensor.stop());
    assert_eq!(creations(&told, "before"), 0, "{}", Value::from(told));
    assert_eq!(losses(&told).len(), 0, "{}", Value::from(told));
}

#[test]
fn what_nobody_read_is_told_by_the_next_run() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    logs.add(&[installed("before")]);
    let mut command = logs.program();
    command
        .args(["run", "--format", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut stalled = command.spawn().unwrap();
    logs.wait_until_kept("System");
    // More than a pipe holds.
    let records: Vec<Record> = (0..400).map(|number| installed(&format!("unread-{number}"))).collect();
    logs.add(&records);
    // Longer than what was read waits to be told.
    thread::sleep(Duration::from_secs(20));
    stalled.kill().unwrap();
    stalled.wait().unwrap();
    let mut sensor = logs.sensor();
    until_created(&mut sensor, "unread-399");
    let told = sensor.stop();
    let created: Vec<&Value> = told.iter().filter(|line| line["action"] == "created").collect();
    assert!((0..400).all(|number| creations_of(&created, &format!("unread-{number}")) == 1));
}

#[test]
fn a_stop_waits_for_no_long_log() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let logon = |number: u32| {
        let (id, name) = (format!("{:#x}", 0x10_0000 + number), format!("user{number}"));
        let fields =
            [("TargetUserSid", "S-1-5-21-1-2-3-1104"), ("TargetUserName", &name), ("TargetLogonId", &id)];
        Record::new(Provider::Audit, 4624, &fields)
    };
    logs.add(&[installed("before"), logon(0)]);
    logs.sensor().stop();
    let mut records: Vec<Record> = (1..60_000).map(logon).collect();
    records.push(installed("last"));
    logs.add(&records);
    let sensor = logs.sensor();
    let asked = Instant::now();
    let mut told = sensor.stop();
    let took = asked.elapsed();
    // What was left is read by the next run.
    let mut sensor = logs.sensor();
    if creations(&told, "last") == 0 {
        until_created(&mut sensor, "last");
    }
    told.extend(sensor.stop());
    assert_eq!((creations(&told, "last"), losses(&told).len()), (1, 0));
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn a_log_that_is_refused_at_first_is_read_once_it_can_be() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    logs.add(&[installed("before")]);
    let mut told = logs.sensor().stop();
    let hidden = logs.hide("System");
    let mut sensor = logs.sensor();
    let sources = sensor.started["sources"].to_string();
    assert!(sources.contains(r#""System log","error":""#), "{sources}");
    drop(hidden);
    logs.add(&[installed("down")]);
    let late = sensor.until(|line| line["type"] == "loss");
    assert!(late["source"] == "System log" && is_loss(&late, "could not be read until now"), "{late}");
    until_created(&mut sensor, "down");
    logs.add(&[installed("after")]);
    until_created(&mut sensor, "after");
    told.extend(sensor.stop());
    for (name, times) in [("before", 0), ("down", 1), ("after", 1)] {
        assert_eq!(creations(&told, name), times, "{name}: {}", Value::from(told));
    }
}

#[test]
fn a_console_that_is_closed_ends_it_in_order() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let sensor = logs.sensor();
    logs.add(&[installed("closing")]);
    let told = sensor.close();
    assert_eq!(creations(&told, "closing"), 1, "{}", Value::from(told));
    let last = told.last().unwrap();
    assert_eq!(last["reason"], "the console was closed", "{last}");
}

#[test]
fn a_log_that_was_cleared_between_two_runs_is_a_loss() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let mut sensor = logs.sensor();
    logs.add(&[installed("told")]);
    until_created(&mut sensor, "told");
    sensor.stop();
    logs.add(&[installed("cleared")]);
    logs.clear();
    logs.add(&[installed("oldest")]);
    let mut sensor = logs.sensor();
    until_created(&mut sensor, "oldest");
    let told = sensor.stop();
    assert_eq!(creations(&told, "told"), 0, "{}", Value::from(told));
    let losses = losses(&told);
    assert!(
        losses.iter().any(|line| line["source"] == "System log" && is_loss(line, "the log was cleared, or")),
        "{}",
        Value::from(told)
    );
}

#[test]
fn a_log_that_overwrites_unread_records_is_a_loss_and_is_read_on() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    logs.add(&[installed("before")]);
    let mut sensor = logs.sensor();
    // The first time without a bookmark of an earlier run, then behind one's own.
    for time in ["first", "second"] {
        logs.overwrite(&[installed(&format!("{time}-oldest")), installed(&format!("{time}-last"))]);
        let line = sensor.until(|line| line["type"] == "loss");
        assert!(line["source"] == "System log" && is_loss(&line, "overwritten"), "{line}");
        until_created(&mut sensor, &format!("{time}-last"));
        logs.add(&[installed(&format!("{time}-after"))]);
        until_created(&mut sensor, &format!("{time}-after"));
    }
    let told = sensor.stop();
    for name in ["first-oldest", "first-last", "first-after", "second-oldest", "second-last", "second-after"]
    {
        assert_eq!(creations(&told, name), 1, "{name}: {}", Value::from(told));
    }
    assert_eq!(losses(&told).len(), 2, "{}", Value::from(told));
}

#[test]
fn a_burst_is_told_whole() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let mut sensor = logs.sensor();
    let records: Vec<Record> = (0..3000).map(|number| installed(&format!("burst-{number}"))).collect();
    logs.add(&records);
    until_created(&mut sensor, "burst-2999");
    let told = sensor.stop();
    let created: Vec<&Value> = told.iter().filter(|line| line["action"] == "created").collect();
    assert_eq!(created.len(), records.len());
    assert!((0..3000).all(|number| creations_of(&created, &format!("burst-{number}")) == 1));
    assert_eq!(losses(&told).len(), 0);
}

fn creations_of(lines: &[&Value], name: &str) -> usize {
    lines.iter().filter(|line| line["service"]["name"] == name).count()
}

#[test]
fn large_records_that_fit_into_no_batch_are_told() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let mut sensor = logs.sensor();
    let path = format!(r"C:\first\program.exe {}", "x".repeat(30_000));
    let records: Vec<Record> =
        (0..100).map(|number| Record::installed(&format!("large-{number}"), &path)).collect();
    logs.add(&records);
    until_created(&mut sensor, "large-99");
    let told = sensor.stop();
    assert!((0..100).all(|number| creations(&told, &format!("large-{number}")) == 1));
    assert_eq!(
        losses(&told).len(),
        0,
        "{}",
        Value::from(losses(&told).into_iter().cloned().collect::<Vec<_>>())
    );
}

#[test]
fn a_record_that_cant_be_read_is_a_loss_and_the_others_are_told() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let mut sensor = logs.sensor();
    logs.add(&[
        installed("first"),
        installed("unrenderable").unrenderable(),
        installed("malformed").malformed(),
        installed("last"),
    ]);
    for name in ["first", "last"] {
        until_created(&mut sensor, name);
    }
    let told = sensor.stop();
    let losses = losses(&told);
    let reasons = ["a record can't be rendered", "event XML is not well-formed"];
    assert_eq!(losses.len(), reasons.len(), "{}", Value::from(told.clone()));
    for (loss, reason) in losses.into_iter().zip(reasons) {
        assert!(is_loss(loss, reason) && loss["count"] == 1 && loss["source"] == "System log", "{loss}");
    }
}

#[test]
fn records_that_cant_be_read_hold_up_no_others() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    let mut sensor = logs.sensor();
    // More than are taken at a time, so that of some nothing is left to hand over.
    let mut records = vec![installed("malformed").malformed(); 150];
    records.push(installed("last"));
    logs.add(&records);
    until_created(&mut sensor, "last");
    let told = sensor.stop();
    let times: Vec<jiff::Timestamp> =
        losses(&told).iter().map(|line| line["time"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(times.len(), 150, "{}", Value::from(told));
    // Where nothing is handed over, the log is looked at again after five seconds at the latest.
    let held_up = times[149].duration_since(times[0]);
    assert!(held_up.as_secs() < 4, "{held_up:?}");
}

#[test]
fn doctor_tells_how_the_logs_are_kept() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let logs = Logs::new();
    logs.configure("System", true, 64 << 20, false);
    logs.configure("Security", false, 1 << 20, true);
    let output = logs.program().args(["doctor", "--json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let facts = report["facts"].to_string();
    assert!(facts.contains("on, up to 64 MiB, overwrites the oldest"), "{report}");
    assert!(facts.contains("off, up to 1 MiB, takes no more when full"), "{report}");
    let blind = report["blind"].to_string();
    assert!(blind.contains("the Security log is off"), "{report}");
    assert!(!blind.contains("the System log is on"), "{report}");
}
