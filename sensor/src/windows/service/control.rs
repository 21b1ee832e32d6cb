//! Starts and stops the service, and waits until it has.

use std::ffi::OsStr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use windows_service::service::{Service, ServiceAccess, ServiceExitCode, ServiceState, ServiceStatus};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

use super::{NAME, ServiceError};

/// How long a start or a stop may take; the first look at all services alone may take a minute.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often its state is asked for. The SCM's own notification (`NotifyServiceStatusChange`) needs a thread that waits
/// alertably, for no gain in a command.
const STEP: Duration = Duration::from_millis(100);

/// Starts the service; it runs when this returns.
///
/// # Errors
/// See [`ServiceError`].
pub fn start() -> Result<(), ServiceError> {
    const WHAT: &str = "starting the service";
    let service = open(WHAT, ServiceAccess::START | ServiceAccess::QUERY_STATUS)?;
    service.start(&[] as &[&OsStr]).map_err(|error| ServiceError::of_library(WHAT, error))?;
    let status = wait(&service, WHAT, "start", |state| {
        matches!(state, ServiceState::Running | ServiceState::Stopped)
    })?;
    if status.current_state == ServiceState::Running {
        return Ok(());
    }
    let exit = match status.exit_code {
        ServiceExitCode::Win32(code) => format!("error {code}"),
        ServiceExitCode::ServiceSpecific(code) => format!("its own error {code}"),
    };
    Err(ServiceError::Ended { exit })
}

/// Stops the service; it has stopped when this returns.
///
/// # Errors
/// See [`ServiceError`].
pub fn stop() -> Result<(), ServiceError> {
    const WHAT: &str = "stopping the service";
    stop_open(&open(WHAT, ServiceAccess::STOP | ServiceAccess::QUERY_STATUS)?)
}

/// Stops a service that is open with the rights to stop it and to ask for its state. One that is about to start takes no
/// control before it runs, and one that stops already takes none at all: both are waited for.
pub(super) fn stop_open(service: &Service) -> Result<(), ServiceError> {
    const WHAT: &str = "stopping the service";
    let status = wait(service, WHAT, "start", |state| state != ServiceState::StartPending)?;
    if status.current_state != ServiceState::StopPending {
        service.stop().map_err(|error| ServiceError::of_library(WHAT, error))?;
    }
    wait(service, WHAT, "stop", |state| state == ServiceState::Stopped).map(drop)
}

fn open(what: &'static str, access: ServiceAccess) -> Result<Service, ServiceError> {
    let failed = |error| ServiceError::of_library(what, error);
    let manager =
        ServiceManager::local_computer(None::<&OsStr>, ServiceManagerAccess::CONNECT).map_err(failed)?;
    manager.open_service(NAME, access).map_err(failed)
}

fn wait(
    service: &Service,
    what: &'static str,
    verb: &'static str,
    reached: impl Fn(ServiceState) -> bool,
) -> Result<ServiceStatus, ServiceError> {
    let end = Instant::now() + PATIENCE;
    loop {
        let status = service.query_status().map_err(|error| ServiceError::of_library(what, error))?;
        if reached(status.current_state) {
            return Ok(status);
        }
        if Instant::now() >= end {
            return Err(ServiceError::Slow { what: verb, patience: PATIENCE });
        }
        sleep(STEP);
    }
}
