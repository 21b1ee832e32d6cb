//! Installs the service and removes it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{fs, io};

use windows_service::service::{
    Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceFailureActions,
    ServiceFailureResetPeriod, ServiceInfo, ServiceSidType, ServiceStartType, ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

use super::{DESCRIPTION, DISPLAY_NAME, NAME, ServiceError, control, journal};
use crate::windows::folder;
use crate::windows::security::Descriptor;

/// Only the system and administrators may change, start or stop the service, or change who may; everybody who is logged
/// on may read its configuration and its state (`sc sdset` spells rights of services so).
pub(super) const DESCRIPTOR: &str =
    "D:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)(A;;CCLCLORC;;;AU)";

/// What follows the program in the service's command line.
const ARGUMENTS: [&str; 2] = ["service", "run"];
/// How long after each failure in a row it is started again.
const RESTARTS: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_mins(5)];
/// After so long without a failure, the next one is the first again.
const RESET: Duration = Duration::from_hours(24);
/// How long the process of a stopped service may take to end.
const ENDING: Duration = Duration::from_secs(10);
/// How often it is looked whether it has.
const STEP: Duration = Duration::from_millis(50);
/// How long the system waits for it when it shuts down.
const SHUTDOWN: Duration = Duration::from_secs(15);

/// Where everything was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The program that the service runs.
    pub program: PathBuf,
    /// The folder of its configuration and output.
    pub state: PathBuf,
}

/// Installs the service, to be started with the host: a copy of this program where only administrators may write, a
/// folder that only they and the system may read, a source of messages, and the service with its descriptor, its
/// description and what is done when it fails. It is not started.
///
/// # Errors
/// See [`ServiceError`]; what was made of the service is then removed again.
pub fn install() -> Result<Installed, ServiceError> {
    const WHAT: &str = "installing the service";
    let access = ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE;
    let manager = manager(WHAT, access)?;
    match manager.open_service(NAME, ServiceAccess::QUERY_STATUS) {
        Ok(_) => return Err(ServiceError::Installed),
        Err(error) => match ServiceError::of_library(WHAT, error) {
            ServiceError::NotInstalled => {}
            other => return Err(other),
        },
    }
    let state = folder::state().map_err(|error| ServiceError::of_system(WHAT, error))?;
    folder::make_private(&state)
        .map_err(|error| ServiceError::of_system("making the folder of the service", error))?;
    let config = crate::config::default_path().map_err(|error| {
        ServiceError::of_system("finding the configuration of the service", io::Error::other(error))
    })?;
    if config.exists() {
        folder::take_over(&config).map_err(|error| {
            ServiceError::of_system("taking over the configuration of the service", error)
        })?;
    }
    let program =
        copy_program().map_err(|error| ServiceError::of_system("copying the program to its place", error))?;
    journal::register()
        .map_err(|error| ServiceError::of_system("registering the source of messages", error))?;
    let service = manager
        .create_service(&info(&program), ServiceAccess::ALL_ACCESS)
        .map_err(|error| ServiceError::of_library(WHAT, error))?;
    if let Err(error) = configure(&service) {
        // Half a service is worse than none; why it is none is what counts.
        drop(service.delete());
        return Err(error);
    }
    Ok(Installed { program, state })
}

/// Stops the service and removes it, its program and its source of messages. What it wrote stays.
///
/// # Errors
/// See [`ServiceError`].
pub fn uninstall() -> Result<Installed, ServiceError> {
    const WHAT: &str = "removing the service";
    let manager = manager(WHAT, ServiceManagerAccess::CONNECT)?;
    let access = ServiceAccess::STOP | ServiceAccess::QUERY_STATUS | ServiceAccess::DELETE;
    let service =
        manager.open_service(NAME, access).map_err(|error| ServiceError::of_library(WHAT, error))?;
    match control::stop_open(&service) {
        Ok(()) | Err(ServiceError::NotRunning) => {}
        Err(error) => return Err(error),
    }
    service.delete().map_err(|error| ServiceError::of_library(WHAT, error))?;
    journal::deregister()
        .map_err(|error| ServiceError::of_system("removing the source of messages", error))?;
    let failed = |error| ServiceError::of_system(WHAT, error);
    let program = program_path().map_err(failed)?;
    if let Err(error) = remove_program(&program) {
        tracing::warn!(program = %program.display(), %error, "the program stays where it is");
    }
    Ok(Installed { program, state: folder::state().map_err(failed)? })
}

fn manager(what: &'static str, access: ServiceManagerAccess) -> Result<ServiceManager, ServiceError> {
    ServiceManager::local_computer(None::<&OsStr>, access)
        .map_err(|error| ServiceError::of_library(what, error))
}

fn info(program: &Path) -> ServiceInfo {
    ServiceInfo {
        name: NAME.into(),
        display_name: DISPLAY_NAME.into(),
        service_type: ServiceType::OWN_PROCESS,
        // Not delayed: what happens in the first minutes after a boot is to be seen.
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: program.to_path_buf(),
        launch_arguments: ARGUMENTS.map(OsString::from).to_vec(),
        dependencies: Vec::new(),
        account_name: None,
        account_password: None,
    }
}

fn configure(service: &Service) -> Result<(), ServiceError> {
    let failed = |what| move |error| ServiceError::of_library(what, error);
    service.set_description(DESCRIPTION).map_err(failed("describing the service"))?;
    let restart = |delay| ServiceAction { action_type: ServiceActionType::Restart, delay };
    service
        .update_failure_actions(ServiceFailureActions {
            reset_period: ServiceFailureResetPeriod::After(RESET),
            reboot_msg: None,
            command: None,
            actions: Some(RESTARTS.map(restart).to_vec()),
        })
        .map_err(failed("setting what is done when the service fails"))?;
    // Also when it ends by itself with an error, and not only when it crashes.
    optional(
        "the failure actions of an orderly end",
        service.set_failure_actions_on_non_crash_failures(true),
    );
    optional("the time to shut down", service.set_preshutdown_timeout(SHUTDOWN));
    optional(
        "the service's own security id",
        service.set_config_service_sid_info(ServiceSidType::Unrestricted),
    );
    Descriptor::parse(DESCRIPTOR)
        .and_then(|descriptor| descriptor.set_on_service(service))
        .map_err(|error| ServiceError::of_system("restricting who may change the service", error))
}

/// A setting without which the service still does what it is for; a system that lacks it is no reason to go without.
fn optional(what: &str, result: windows_service::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what} could not be set");
    }
}

fn program_path() -> io::Result<PathBuf> {
    Ok(folder::program()?.join("svcsensor.exe"))
}

fn copy_program() -> io::Result<PathBuf> {
    let place = program_path()?;
    let this = std::env::current_exe()?;
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    if !is_same(&this, &place) {
        fs::copy(&this, &place)?;
    }
    Ok(place)
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok() == other.canonicalize().ok()
}

/// Removes the program, and its folder if that is empty then.
fn remove_program(program: &Path) -> io::Result<()> {
    // The SCM is told that the service has stopped before its process ends, and Windows keeps the program of a process. One
    // that removes itself waits in vain.
    let patience = if is_same(&std::env::current_exe()?, program) { Duration::ZERO } else { ENDING };
    let end = Instant::now() + patience;
    while let Err(error) = fs::remove_file(program) {
        if error.kind() != io::ErrorKind::PermissionDenied || Instant::now() >= end {
            return Err(error);
        }
        sleep(STEP);
    }
    match program.parent() {
        Some(folder) => fs::remove_dir(folder),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_is_one_and_lets_others_only_read() {
        Descriptor::parse(DESCRIPTOR).unwrap();
        // CC query configuration, LC query status, LO interrogate, RC read the descriptor.
        let others: Vec<&str> = DESCRIPTOR
            .split('(')
            .filter(|entry| !entry.contains(";SY)") && !entry.contains(";BA)"))
            .collect();
        assert_eq!(others, ["D:", "A;;CCLCLORC;;;AU)"]);
    }
}
