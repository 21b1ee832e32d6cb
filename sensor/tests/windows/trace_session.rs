//! What the trace session tells, and what becomes of it. Sessions are a stand-in's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::manager::Made;
use crate::place::{alone_unless, missing_rights};
use crate::program::PATIENCE;
use crate::sensor::is_event;
use crate::trace::{Record, Running, Trace, missing_stand_in};

/// Whether a line is a loss of the session for this reason.
fn is_loss(line: &Value, reason: &str) -> bool {
    line["type"] == "loss"
        && line["source"] == "trace session"
        && line["reason"].as_str().unwrap().contains(reason)
}

fn error_of_session(started: &Value) -> &Value {
    let sources = started["sources"].as_array().unwrap();
    &sources.iter().find(|source| source["name"] == "trace session").unwrap()["error"]
}

#[test]
fn a_service_of_the_registry_alone_is_told_with_its_writer() {
    let Some(_alone) = alone_unless(missing_stand_in().or(missing_rights())) else { return };
    let name = "svcsensor-test-traced";
    let trace = Trace::new();
    let mut sensor = trace.sensor();
    assert!(error_of_session(&sensor.started).is_null(), "{}", sensor.started);
    let writer = 31_000;
    let object = 0xffff_8000_1234_5678;
    trace.log(&[Record::started(writer, r"\Device\HarddiskVolume3\Windows\System32\reg.exe")]);
    let _made = Made::by_registry(name, r"C:\first\program.exe");
    trace.log(&[
        Record::key_created(
            writer,
            object,
            &format!(r"\REGISTRY\MACHINE\SYSTEM\ControlSet001\Services\{name}"),
        ),
        Record::number_written(writer, object, "Type", 16),
        Record::number_written(writer, object, "Start", 3),
        Record::number_written(writer, object, "ErrorControl", 1),
        Record::text_written(writer, object, "ImagePath", r"C:\first\program.exe"),
    ]);
    let created = sensor.until(|line| is_event(line, name, "created"));
    assert_eq!(created["mechanism"], "registry", "{created}");
    assert_eq!(created["definition"]["ImagePath"][0], r"C:\first\program.exe", "{created}");
    assert_eq!(created["actor"]["process"]["pid"], writer, "{created}");
    assert!(created["actor"].to_string().contains("reg.exe"), "{created}");
    let told = sensor.stop();
    let events = told.iter().filter(|line| line["type"] == "event").count();
    assert_eq!(events, 1, "{}", Value::from(told));
    assert_eq!(
        trace.enabled(),
        [
            "70eb4f03-c1de-4f73-a051-33d13d5413bd 5304 1 3 5 6 15",
            "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716 10 1",
            "0063715b-eeda-4007-9429-ad526f62696e 0 105 200 201 202 203 204 205",
            "6ad52b32-d609-4be9-ae07-ce8dae937e39 0 5 6",
            // With the data of values.
            "70eb4f03-c1de-4f73-a051-33d13d5413bd 5304 own:2 1 3 5 6 15",
        ]
    );
}

#[test]
fn a_writer_is_told_with_its_user() {
    let Some(_alone) = alone_unless(missing_stand_in().or(missing_rights())) else { return };
    let name = "svcsensor-test-user";
    let trace = Trace::new();
    let mut sensor = trace.sensor();
    // One that still runs when the record of its start comes.
    let mut writer = Running::new();
    trace.log(&[writer.record()]);
    let _made = Made::by_registry(name, r"C:\first\program.exe");
    let path = format!(r"\REGISTRY\MACHINE\SYSTEM\ControlSet001\Services\{name}");
    let object = 0xffff_8000_1234_5678;
    trace.log(&[
        Record::key_created(writer.id(), object, &path),
        Record::number_written(writer.id(), object, "Type", 16),
        Record::text_written(writer.id(), object, "ImagePath", r"C:\first\program.exe"),
    ]);
    let created = sensor.until(|line| is_event(line, name, "created"));
    assert_eq!(created["actor"]["process"]["pid"], writer.id(), "{created}");
    assert!(
        created["details"]["user_sid"].as_str().is_some_and(|sid| sid.starts_with("S-1-5-")),
        "{created}"
    );
    assert!(created["details"]["user"].is_string(), "{created}");
    writer.end();
}

#[test]
fn what_the_session_loses_is_told() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let trace = Trace::new();
    let mut sensor = trace.sensor();
    trace.log(&[Record::running("cut-off").cut_off()]);
    trace.lose(3, 2);
    let lost = sensor.until(|line| is_loss(line, "no buffer left for records"));
    assert_eq!(lost["count"], 3, "{lost}");
    sensor.until(|line| is_loss(line, "another layout than is known") && line["count"] == 1);
    sensor.until(|line| is_loss(line, "2 buffers of records were not taken in time"));
    trace.lose(4, 2);
    let told = sensor.stop();
    // At the end only what came since.
    let rest: Vec<&Value> =
        told.iter().filter(|line| is_loss(line, "no buffer left for records")).skip(1).collect();
    assert!(rest.len() == 1 && rest[0]["count"] == 1, "{}", Value::from(told));
}

#[test]
fn what_is_still_in_a_buffer_is_told_at_the_end() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let trace = Trace::new();
    let sensor = trace.sensor();
    trace.log_into_buffer(&[Record::running("svcsensor-test-buffered")]);
    let told = sensor.stop();
    let started = told.iter().filter(|line| is_event(line, "svcsensor-test-buffered", "started"));
    assert_eq!(started.count(), 1, "{}", Value::from(told));
    assert!(!trace.runs());
}

#[test]
fn a_trace_that_never_pauses_holds_up_no_event() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let trace = Trace::new();
    let mut sensor = trace.sensor();
    let started = Instant::now();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Of keys that are no services', more often than time is told to pass.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) && started.elapsed() < PATIENCE {
                trace.log(&[Record::number_written(31_000, 0xffff_8000_0000_0010, "LastRun", 1)]);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        trace.log(&[Record::running("svcsensor-test-busy")]);
        sensor.until(|line| is_event(line, "svcsensor-test-busy", "started"));
        over.store(true, Ordering::Relaxed);
    });
    let took = started.elapsed();
    assert!(took < PATIENCE / 2, "{took:?}");
}

#[test]
fn a_session_that_a_killed_sensor_has_left_is_taken_over() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let trace = Trace::new();
    trace.sensor().kill();
    assert!(trace.runs());
    let mut sensor = trace.sensor();
    assert!(error_of_session(&sensor.started).is_null(), "{}", sensor.started);
    trace.log(&[Record::running("svcsensor-test-again")]);
    sensor.until(|line| is_event(line, "svcsensor-test-again", "started"));
    sensor.stop();
    assert!(!trace.runs());
}

#[test]
fn a_session_that_somebody_else_stops_is_told_and_started_again() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let trace = Trace::new();
    let mut sensor = trace.sensor();
    trace.replace();
    let lost = sensor.until(|line| is_loss(line, "ended by somebody else"));
    assert!(lost["consequence"].as_str().unwrap().contains("it was started again"), "{lost}");
    assert!(trace.runs());
    trace.log(&[Record::running("svcsensor-test-after")]);
    sensor.until(|line| is_event(line, "svcsensor-test-after", "started"));
    sensor.stop();
    assert!(!trace.runs());
    // The handle that the sensor had is its own now.
    assert!(trace.other_runs());
}

#[test]
fn a_session_that_cant_be_started_again_at_once_is_later() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let trace = Trace::new();
    let mut sensor = trace.sensor();
    trace.fill();
    trace.replace();
    let lost = sensor.until(|line| is_loss(line, "ended by somebody else"));
    assert!(lost["consequence"].as_str().unwrap().contains("until it can be started again"), "{lost}");
    assert!(!trace.runs());
    trace.free();
    sensor.until(|line| is_loss(line, "runs again"));
    assert!(trace.runs());
    trace.log(&[Record::running("svcsensor-test-later")]);
    sensor.until(|line| is_event(line, "svcsensor-test-later", "started"));
    sensor.stop();
    assert!(!trace.runs());
}

#[test]
fn a_session_that_is_refused_at_the_start_runs_later() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let trace = Trace::new();
    trace.fill();
    let mut sensor = trace.sensor();
    assert!(error_of_session(&sensor.started).is_string(), "{}", sensor.started);
    trace.free();
    sensor.until(|line| is_loss(line, "refused until now"));
    trace.log(&[Record::running("svcsensor-test-refused")]);
    sensor.until(|line| is_event(line, "svcsensor-test-refused", "started"));
    sensor.stop();
    assert!(!trace.runs());
}

#[test]
fn what_the_session_loses_while_it_ends_is_told() {
    let Some(_alone) = alone_unless(missing_stand_in()) else { return };
    let trace = Trace::new();
    let sensor = trace.sensor();
    trace.lose_at_the_end(5, 0);
    let told = sensor.stop();
    let lost: Vec<&Value> = told.iter().filter(|line| is_loss(line, "no buffer left for records")).collect();
    assert!(lost.len() == 1 && lost[0]["count"] == 5, "{}", Value::from(told));
}
