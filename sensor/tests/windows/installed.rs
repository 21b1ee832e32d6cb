//! The sensor as a service: installed, started, stopped and removed by its own verbs.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use windows_registry::LOCAL_MACHINE;
use windows_service::service::{ServiceAccess, ServiceActionType, ServiceStartType};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

use crate::manager::{Made, start_and_leave, tell_of_changed_parameters};
use crate::place::{alone_unless, missing_rights};
use crate::program::{Lines, done, run};
use crate::sensor::is_event;

/// Where the service's own key lies.
const KEY: &str = r"SYSTEM\CurrentControlSet\Services\svcsensor";
/// Where its source of messages is registered.
const SOURCE: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application\svcsensor";

/// Takes away what an earlier run may have left, and what this one does.
struct Clean;

impl Clean {
    fn now() -> Self {
        drop(run(&["service", "uninstall"]));
        Self
    }
}

impl Drop for Clean {
    fn drop(&mut self) {
        drop(run(&["service", "uninstall"]));
    }
}

fn error(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_service_is_installed_started_stopped_and_removed() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let _clean = Clean::now();
    assert!(error(&["service", "start"]).contains("the service is not installed"));
    assert!(error(&["service", "stop"]).contains("the service is not installed"));
    assert!(error(&["service", "uninstall"]).contains("the service is not installed"));

    let said = done(&["service", "install"]);
    let program = said.lines().find_map(|line| line.strip_prefix("installed ")).unwrap();
    let output = said.lines().find_map(|line| line.strip_prefix("it will write to ")).unwrap();
    assert!(fs::metadata(program).unwrap().is_file(), "{said}");
    assert!(error(&["service", "install"]).contains("the service is already installed"));
    assert!(error(&["service", "stop"]).contains("the service does not run"));
    looks_as_it_should(program);

    let mut lines = Lines::of(PathBuf::from(output));
    assert_eq!(done(&["service", "start"]), "it runs\n");
    lines.until(|line| line["type"] == "started");
    assert!(error(&["service", "start"]).contains("the service already runs"));
    let name = "svcsensor-test-installed";
    let made = Made::by_manager(name, r"C:\first\program.exe");
    lines.until(|line| is_event(line, name, "created"));
    drop(made);
    lines.until(|line| is_event(line, name, "removed"));
    goes_on_in_a_new_file(output, &mut lines);
    assert_eq!(done(&["service", "stop"]), "it has stopped\n");
    let stopped = lines.until(|line| line["type"] == "stopped");
    assert_eq!(stopped["reason"], "the service was asked to stop");

    // It stops what runs.
    done(&["service", "start"]);
    lines.until(|line| line["type"] == "started");
    assert!(done(&["service", "uninstall"]).starts_with("removed"));
    lines.until(|line| line["type"] == "stopped");
    assert!(LOCAL_MACHINE.open(KEY).is_err());
    assert!(LOCAL_MACHINE.open(SOURCE).is_err());
    assert!(fs::metadata(program).is_err());
    assert!(fs::metadata(output).is_ok(), "what it wrote stays");
}

#[test]
fn a_service_that_is_about_to_start_can_be_stopped() {
    let Some(_alone) = alone_unless(missing_rights()) else { return };
    let _clean = Clean::now();
    done(&["service", "install"]);
    start_and_leave("svcsensor");
    assert_eq!(done(&["service", "stop"]), "it has stopped\n");
    start_and_leave("svcsensor");
    assert!(done(&["service", "uninstall"]).starts_with("removed"));
}

/// Whoever moves the file away tells the service, which goes on in a new one.
fn goes_on_in_a_new_file(output: &str, lines: &mut Lines) {
    fs::rename(output, format!("{output}.1")).unwrap();
    *lines = Lines::of(PathBuf::from(output));
    tell_of_changed_parameters("svcsensor");
    lines.wait_for_file();
    let name = "svcsensor-test-moved";
    let made = Made::by_manager(name, r"C:\first\program.exe");
    lines.until(|line| is_event(line, name, "created"));
    drop(made);
    lines.until(|line| is_event(line, name, "removed"));
}

/// What the Service Control Manager and the registry say of an installed service.
fn looks_as_it_should(program: &str) {
    let manager = ServiceManager::local_computer(None::<&OsStr>, ServiceManagerAccess::CONNECT).unwrap();
    let service = manager.open_service("svcsensor", ServiceAccess::QUERY_CONFIG).unwrap();
    let config = service.query_config().unwrap();
    assert_eq!(config.start_type, ServiceStartType::AutoStart);
    let command = config.executable_path.to_string_lossy().into_owned();
    assert_eq!(command, format!("\"{program}\" service run"), "a path with spaces stands in quotes");
    if let Ok(actions) = service.get_failure_actions() {
        let restarts = actions.actions.unwrap_or_default();
        assert_eq!(restarts.len(), 3);
        assert!(restarts.iter().all(|action| action.action_type == ServiceActionType::Restart));
    }
    let source = LOCAL_MACHINE.open(SOURCE).unwrap();
    assert_eq!(source.get_u32("TypesSupported").unwrap(), 7);
}
