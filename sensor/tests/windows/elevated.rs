//! What only an administrator sees, and only on Windows: the kernel's trace, calls of the SCM, and the logs.
//!
//! Wine has neither a trace session for others nor subscriptions to logs, so that these tests say so there.

use std::process::Command;

use serde_json::Value;

use crate::manager::Removal;
use crate::place::{alone_unless, is_wine, missing_rights};
use crate::sensor::{Sensor, is_event};

/// Why these tests can't run here.
fn missing() -> Option<&'static str> {
    if is_wine() {
        return Some("Wine refuses trace sessions, and its subscriptions to logs do nothing");
    }
    missing_rights().and(Some("a trace session takes an administrator"))
}

/// Runs a command of Windows, which must do well.
fn done(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
}

fn error_of<'a>(started: &'a Value, source: &str) -> &'a Value {
    let sources = started["sources"].as_array().unwrap();
    let found = sources.iter().find(|state| state["name"] == source);
    &found.unwrap_or_else(|| panic!("no {source} in {started}"))["error"]
}

#[test]
fn every_source_runs_for_an_administrator() {
    let Some(_alone) = alone_unless(missing()) else { return };
    let sensor = Sensor::start();
    for source in ["registry notification", "trace session", "System log", "Security log"] {
        assert!(error_of(&sensor.started, source).is_null(), "{}", sensor.started);
    }
}

#[test]
fn sc_create_is_told_once_with_who_asked_for_it() {
    let Some(_alone) = alone_unless(missing()) else { return };
    let name = "svcsensor-test-sc";
    let _removal = Removal::of(name);
    let mut sensor = Sensor::start();
    done("sc.exe", &["create", name, "binPath=", r"C:\first\program.exe", "DisplayName=", "For people"]);
    let created = sensor.until(|line| is_event(line, name, "created"));
    assert_eq!(created["definition"]["ImagePath"][0], r"C:\first\program.exe", "{created}");
    assert_eq!(created["display_name"], "For people", "{created}");
    assert_eq!(created["mechanism"], "service_control_manager", "{created}");
    assert!(created["actor"].to_string().contains("sc.exe"), "{created}");
    done("sc.exe", &["delete", name]);
    // A second creation in between would be the same one, told twice.
    let next = sensor.until(|line| line["type"] == "event" && line["service"]["name"] == name);
    assert_eq!(next["action"], "removed", "{next}");
}

#[test]
fn a_service_of_the_registry_alone_is_told_with_its_writer() {
    let Some(_alone) = alone_unless(missing()) else { return };
    let name = "svcsensor-test-reg";
    let _removal = Removal::of(name);
    let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{name}");
    let mut sensor = Sensor::start();
    for (value, kind, data) in [
        ("Type", "REG_DWORD", "16"),
        ("Start", "REG_DWORD", "3"),
        ("ImagePath", "REG_EXPAND_SZ", r"C:\first\program.exe"),
    ] {
        done("reg.exe", &["add", &key, "/v", value, "/t", kind, "/d", data, "/f"]);
    }
    let created = sensor.until(|line| is_event(line, name, "created"));
    assert_eq!(created["mechanism"], "registry", "{created}");
    assert_eq!(created["definition"]["ImagePath"][0], r"C:\first\program.exe", "{created}");
    assert!(created["actor"].to_string().contains("reg.exe"), "{created}");
}

#[test]
fn a_creation_over_the_network_is_told_as_one() {
    let Some(_alone) = alone_unless(missing()) else { return };
    let name = "svcsensor-test-remote";
    let _removal = Removal::of(name);
    let mut sensor = Sensor::start();
    done("sc.exe", &[r"\\127.0.0.1", "create", name, "binPath=", r"C:\first\program.exe"]);
    let created = sensor.until(|line| is_event(line, name, "created"));
    let details = &created["details"];
    // By which way it came is known from the call; from which address only where logons are audited.
    let way = details["rpc_transport"].as_str().unwrap_or_default();
    assert!(["named pipe", "TCP"].contains(&way), "{created}");
}
