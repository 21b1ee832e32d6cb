//! What is done to a service is told by the running sensor, with what was before and after.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use windows_registry::{Key, LOCAL_MACHINE};
use windows_service::service::ServiceStartType;

use crate::manager::{HalfNamed, Made};
use crate::place::{alone_unless, is_wine, missing_rights};
use crate::sensor::{Sensor, change, is_event};

/// Whether an event of this kind tells that this setting has changed to this.
fn is_change(line: &Value, service: &str, action: &str, setting: &str, after: &str) -> bool {
    is_event(line, service, action) && change(line, setting).is_some_and(|(_, now)| now == after)
}

#[test]
fn a_service_of_the_manager_is_told_from_its_creation_to_its_end() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let name = "svcsensor-test-manager";
    let mut sensor = Sensor::start();

    let made = Made::by_manager(name, r"C:\first\program.exe");
    let created = sensor.until(|line| is_event(line, name, "created"));
    assert_eq!(created["definition"]["ImagePath"][0], r"C:\first\program.exe", "{created}");
    assert_eq!(created["display_name"], format!("{name} for people"), "{created}");

    made.change(r"C:\second\program.exe", ServiceStartType::OnDemand);
    let modified = sensor.until(|line| is_event(line, name, "modified"));
    let (before, after) = change(&modified, "ImagePath").unwrap_or_else(|| panic!("{modified}"));
    assert_eq!(
        (before.as_str(), after.as_str()),
        (Some(r"C:\first\program.exe"), Some(r"C:\second\program.exe"))
    );
    assert_eq!(change(&modified, "Start"), None, "{modified}");

    made.change(r"C:\second\program.exe", ServiceStartType::Disabled);
    sensor.until(|line| is_change(line, name, "disabled", "Start", "disabled"));

    made.delete();
    sensor.until(|line| is_event(line, name, "removed"));
}

#[test]
fn a_large_program_is_hashed_after_its_event() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let name = "svcsensor-test-large";
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("large.exe");
    fs::write(&program, vec![7; 5 * 1024 * 1024]).unwrap();
    let mut sensor = Sensor::start();
    let _made = Made::by_manager(name, program.to_str().unwrap());
    let created = sensor.until(|line| is_event(line, name, "created"));
    assert_eq!(created["executables"][0]["sha256"], Value::Null, "{created}");
    let fact = sensor.until(|line| line["type"] == "enrichment" && line["event"] == created["id"]);
    assert_eq!(fact["sha256"], "e2925fdd17c83c77e9a4f957fd170b2a72b48ac55968943dcf962f2b853c88a9", "{fact}");
}

#[test]
fn the_facts_of_a_program_are_told() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let name = "svcsensor-test-facts";
    // Small enough to be hashed at once everywhere, and signed in a catalog.
    let program = format!(r"{}\regedit.exe", std::env::var("SystemRoot").unwrap());
    let mut sensor = Sensor::start();
    let _made = Made::by_manager(name, &program);
    let (created, details) = facts_of_program(&mut sensor, name);
    let is_version = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    assert!(details["image_version"].as_str().is_some_and(is_version), "{created}");
    assert!(details["image_company"].as_str().is_some_and(|text| !text.is_empty()), "{created}");
    let original = details["image_original_name"].as_str();
    assert!(original.is_some_and(|text| text.to_ascii_lowercase().starts_with("regedit.exe")), "{created}");
    // Wine's programs bear no signature, Windows's do.
    assert_eq!(details["image_signed"], if is_wine() { "false" } else { "true" }, "{created}");
    assert_eq!(details["sha256"].as_str().map(str::len), Some(64), "{created}");
}

#[test]
fn the_facts_of_a_program_with_a_long_path_are_told() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let name = "svcsensor-test-long";
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a".repeat(200)).join("b".repeat(200));
    fs::create_dir_all(&below).unwrap();
    let program = below.join("program.exe");
    fs::copy(format!(r"{}\regedit.exe", std::env::var("SystemRoot").unwrap()), &program).unwrap();
    let mut sensor = Sensor::start();
    let _made = Made::by_manager(name, program.to_str().unwrap());
    let (created, details) = facts_of_program(&mut sensor, name);
    assert_eq!(details["sha256"].as_str().map(str::len), Some(64), "{created}");
    assert!(details["image_version"].is_string(), "{created}");
    assert!(details["image_signature_error"].is_null(), "{created}");
}

#[test]
fn paths_are_resolved_by_this_hosts_variables() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let name = "svcsensor-test-variable";
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program.exe");
    fs::write(&program, "").unwrap();
    let _variable = Variable::set("SVCSENSOR_TEST", folder.path().to_str().unwrap());
    let mut sensor = Sensor::start();
    let _made = Made::by_manager(name, r"%SvcSensor_Test%\program.exe");
    let created = sensor.until(|line| is_event(line, name, "created"));
    let executable = &created["executables"][0];
    assert_eq!(executable["path"].as_str(), program.to_str(), "{created}");
    assert_eq!(created["definition"]["ImagePath"][0], r"%SvcSensor_Test%\program.exe", "{created}");
}

/// A variable of this host, which is gone when this value is.
struct Variable(&'static str);

impl Variable {
    fn set(name: &'static str, value: &str) -> Self {
        Self::all().set_string(name, value).unwrap();
        Self(name)
    }

    fn all() -> Key {
        let path = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment";
        LOCAL_MACHINE.options().read().write().open(path).unwrap()
    }
}

impl Drop for Variable {
    fn drop(&mut self) {
        drop(Self::all().remove_value(self.0));
    }
}

/// The creation of this service, and what is known of its program: at once, or once it was found out.
pub(crate) fn facts_of_program(sensor: &mut Sensor, name: &str) -> (Value, Value) {
    let created = sensor.until(|line| is_event(line, name, "created"));
    let (mut details, mut hash) = (created["details"].clone(), created["executables"][0]["sha256"].clone());
    if created["missing"]["image_signed"] == "pending" {
        assert_eq!(created["missing"]["executables.0.sha256"], "pending", "{created}");
        let fact = sensor.until(|line| line["type"] == "enrichment" && line["event"] == created["id"]);
        (details, hash) = (fact["details"].clone(), fact["sha256"].clone());
    }
    details["sha256"] = hash;
    (created, details)
}

#[test]
fn the_end_waits_for_no_pause_of_a_busy_key() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let made = Made::by_registry("svcsensor-test-busy-key", r"C:\first\program.exe");
    let mut sensor = Sensor::start();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let key = made.key();
            for number in 0.. {
                // As services do that keep their data beside their settings.
                key.set_u32("LastRun", number).unwrap();
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        made.key().set_string("ImagePath", r"C:\second\program.exe").unwrap();
        sensor.until(|line| {
            is_change(line, "svcsensor-test-busy-key", "modified", "ImagePath", r"C:\second\program.exe")
        });
        let stopped = catch_unwind(AssertUnwindSafe(|| sensor.stop()));
        is_over.store(true, Ordering::Relaxed);
        assert!(stopped.is_ok());
    });
}

#[test]
fn a_service_behind_the_managers_back_is_told() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let name = "svcsensor-test-registry";
    let mut sensor = Sensor::start();

    let made = Made::by_registry(name, r"C:\first\program.exe");
    let created = sensor.until(|line| is_event(line, name, "created"));
    assert_eq!(created["mechanism"], "registry", "{created}");
    assert_eq!(created["definition"]["ImagePath"][0], r"C:\first\program.exe", "{created}");

    for (setting, value) in [
        ("ImagePath", r"C:\second\program.exe"),
        ("FailureCommand", r"C:\failure\program.exe"),
        ("ObjectName", r".\somebody"),
    ] {
        made.key().set_string(setting, value).unwrap();
        sensor.until(|line| is_change(line, name, "modified", setting, value));
    }
    let parameters = made.key().create("Parameters").unwrap();
    parameters.set_expand_string("ServiceDll", r"C:\library.dll").unwrap();
    sensor.until(|line| is_change(line, name, "modified", "ServiceDll", r"C:\library.dll"));

    made.key().set_u32("Start", 4).unwrap();
    sensor.until(|line| is_change(line, name, "disabled", "Start", "disabled"));
    made.key().set_u32("Start", 2).unwrap();
    sensor.until(|line| is_change(line, name, "enabled", "Start", "auto start"));

    drop(made);
    sensor.until(|line| is_event(line, name, "removed"));
}

#[test]
fn a_service_whose_name_is_no_unicode_is_told() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let name = "svcsensor-test-half\u{fffd}";
    let mut sensor = Sensor::start();

    let made = HalfNamed::by_registry("svcsensor-test-half", r"C:\first\program.exe");
    let created = sensor.until(|line| is_event(line, name, "created"));
    assert_eq!(created["definition"]["ImagePath"][0], r"C:\first\program.exe", "{created}");

    made.key().set_string("ImagePath", r"C:\second\program.exe").unwrap();
    sensor.until(|line| is_change(line, name, "modified", "ImagePath", r"C:\second\program.exe"));

    drop(made);
    sensor.until(|line| is_event(line, name, "removed"));
}
