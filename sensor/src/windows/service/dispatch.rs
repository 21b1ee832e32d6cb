//! The service's life: the SCM calls it, hears of its state, and asks it to stop, or to open its output anew.

use std::ffi::OsString;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::{define_windows_service, service_dispatcher};

use super::journal::{self, Message as Entry};
use super::{NAME, ServiceError};
use crate::windows::live::{Ended, Message};

/// The live run: it reads messages, which come from the SCM as well as from itself, and says when it is ready.
pub type Run = fn(Sender<Message>, &Receiver<Message>, ready: &dyn Fn()) -> Result<Ended>;

/// How long a start may take before the SCM thinks that it hangs: longer than the first look at all services.
const START: Duration = Duration::from_secs(75);
/// The same for a step of a stop.
const HINT: Duration = Duration::from_secs(10);
/// How often a stop says that it goes on.
const STEP: Duration = Duration::from_secs(1);
/// How often it says so at most: one that hangs is to be noticed.
const STEPS: u32 = 15;
/// The exit code of the service's own when it can't go on.
const FAILED: u32 = 1;

static RUN: OnceLock<Run> = OnceLock::new();

define_windows_service!(service_main, main);

/// Connects to the SCM, which runs `run` until it ends; for the process that the SCM started as the service.
///
/// # Errors
/// When it wasn't the SCM who started this process.
pub fn dispatch(run: Run) -> Result<(), ServiceError> {
    // The first one counts; there is no second.
    RUN.get_or_init(|| run);
    service_dispatcher::start(NAME, service_main)
        .map_err(|error| ServiceError::of_library("connecting to the Service Control Manager", error))
}

fn main(_arguments: Vec<OsString>) {
    if let Err(error) = live() {
        journal::write(Entry::Failed, &format!("The sensor ends: {error:#}"));
    }
}

/// Lives until the run ends, and tells the SCM and the log of it.
fn live() -> Result<()> {
    let run = RUN.get().context("nothing to run")?;
    let (sender, inbox) = channel();
    let (phases, phase) = channel();
    let registered = Arc::new(OnceLock::new());
    let control = {
        let (sender, phases, registered) = (sender.clone(), phases.clone(), Arc::clone(&registered));
        move |control| match control {
            ServiceControl::Stop | ServiceControl::Preshutdown | ServiceControl::Shutdown => {
                let who = if control == ServiceControl::Stop {
                    "the service was asked to stop"
                } else {
                    "the system shuts down"
                };
                // At once: after a stop the library frees this handler, so that no further control may come to it. None comes
                // to a service that stops.
                if let Some(Err(error)) = registered.get().map(|status: &Status| status.stopping(1)) {
                    tracing::warn!("the SCM was not told that the service stops: {error:#}");
                }
                // Whoever has ended already needs no asking.
                drop(phases.send(Phase::Stopping));
                drop(sender.send(Message::Stop(who)));
                ServiceControlHandlerResult::NoError
            }
            ServiceControl::ParamChange => {
                drop(sender.send(Message::Reopen));
                ServiceControlHandlerResult::NoError
            }
            ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
            _ => ServiceControlHandlerResult::NotImplemented,
        }
    };
    let status = Status(service_control_handler::register(NAME, control).context("listening to the SCM")?);
    registered.get_or_init(|| status);
    status.starting()?;
    let steps = thread::Builder::new()
        .name("stop".to_owned())
        .spawn(move || stop_in_steps(status, &phase))
        .context("starting the thread that tells of the stop")?;
    let ready = || {
        if let Err(error) = status.running() {
            tracing::warn!("the SCM was not told that the service runs: {error:#}");
        }
        journal::write(Entry::Started, &format!("The sensor {} runs.", env!("CARGO_PKG_VERSION")));
    };
    let result = run(sender, &inbox, &ready);
    // The thread ends at once, and its panic is its own.
    drop(phases.send(Phase::Ended));
    drop(steps.join());
    match &result {
        Ok(Ended::Asked(who)) => {
            journal::write(Entry::Stopped, &format!("The sensor has stopped: {who}."));
            status.stopped(ServiceExitCode::NO_ERROR)
        }
        Ok(Ended::ReaderGone) => {
            journal::write(Entry::Failed, "The sensor ends: its output can't be written any more.");
            status.stopped(ServiceExitCode::ServiceSpecific(FAILED))
        }
        Err(error) => {
            journal::write(Entry::Failed, &format!("The sensor ends: {error:#}."));
            status.stopped(ServiceExitCode::ServiceSpecific(FAILED))
        }
    }
}

/// From when it is to stop until it has, tells the SCM every second that it is still at it.
fn stop_in_steps(status: Status, phase: &Receiver<Phase>) {
    if phase.recv() != Ok(Phase::Stopping) {
        return;
    }
    // The first was told where the control came in.
    for step in 2..=STEPS {
        if phase.recv_timeout(STEP) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        if let Err(error) = status.stopping(step) {
            tracing::warn!("the SCM was not told that the service stops: {error:#}");
        }
    }
}

/// What the thread that tells of a stop hears.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// The run is to stop.
    Stopping,
    /// It has ended.
    Ended,
}

/// What the SCM is told.
#[derive(Clone, Copy)]
struct Status(ServiceStatusHandle);

impl Status {
    fn starting(self) -> Result<()> {
        self.tell(ServiceStatus { checkpoint: 1, wait_hint: START, ..status(ServiceState::StartPending) })
    }

    fn stopping(self, checkpoint: u32) -> Result<()> {
        self.tell(ServiceStatus { checkpoint, wait_hint: HINT, ..status(ServiceState::StopPending) })
    }

    fn running(self) -> Result<()> {
        // A service that hears of the shutdown beforehand has its own time for it, and needs not hear of it again.
        let controls_accepted = ServiceControlAccept::STOP
            | ServiceControlAccept::PRESHUTDOWN
            | ServiceControlAccept::PARAM_CHANGE;
        self.tell(ServiceStatus { controls_accepted, ..status(ServiceState::Running) })
    }

    fn stopped(self, exit_code: ServiceExitCode) -> Result<()> {
        self.tell(ServiceStatus { exit_code, ..status(ServiceState::Stopped) })
    }

    fn tell(self, status: ServiceStatus) -> Result<()> {
        self.0.set_service_status(status).context("telling the SCM of the state")
    }
}

fn status(current_state: ServiceState) -> ServiceStatus {
    ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state,
        controls_accepted: ServiceControlAccept::empty(),
        exit_code: ServiceExitCode::NO_ERROR,
        checkpoint: 0,
        wait_hint: Duration::ZERO,
        process_id: None,
    }
}
