//! `svcsensor service`: the sensor as a service of Windows.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender};

use anyhow::{Context as _, Result};
use clap::Subcommand;

use super::run::watch;
use super::settings::analytics;
use crate::config;
use crate::windows::live::{Ended, Message};
use crate::windows::{folder, service};

/// The file in the service's folder that lines are added to, unless the configuration names another.
const OUTPUT: &str = "events.jsonl";

/// From how many bytes on that file becomes an older one, unless the configuration says otherwise: nobody else does it.
const ROTATE_BYTES: u64 = 64 << 20;

/// Installs, removes, starts or stops the sensor as a service of Windows.
///
/// The service runs a copy of this program in %ProgramFiles%\svcsensor, reads its configuration from
/// %ProgramData%\svcsensor\svcsensor.toml, if it is there, and adds its lines to events.jsonl beside it, which only
/// administrators and the system may read.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Copy, Subcommand, PartialEq, Eq)]
enum Verb {
    /// Installs it, to be started with the host.
    Install,
    /// Stops and removes it; what it wrote stays.
    Uninstall,
    /// Starts it, and waits until it runs.
    Start,
    /// Stops it, and waits until it has.
    Stop,
    /// What the Service Control Manager calls.
    #[command(hide = true)]
    Run,
}

impl Args {
    /// Whether this process is to be the service itself.
    pub(super) fn is_the_service(&self) -> bool {
        self.verb == Verb::Run
    }
}

/// Does what the arguments ask for.
pub(super) fn service(args: &Args) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match args.verb {
        Verb::Install => {
            let installed = service::install()?;
            writeln!(out, "installed {}", installed.program.display())?;
            writeln!(out, "it will write to {}", installed.state.join(OUTPUT).display())?;
            writeln!(out, "`svcsensor service start` starts it; so does the next boot")?;
        }
        Verb::Uninstall => {
            let removed = service::uninstall()?;
            writeln!(out, "removed; what it wrote stays in {}", removed.state.display())?;
        }
        Verb::Start => {
            service::start()?;
            writeln!(out, "it runs")?;
        }
        Verb::Stop => {
            service::stop()?;
            writeln!(out, "it has stopped")?;
        }
        Verb::Run => service::dispatch(run)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The live run of the service.
fn run(sender: Sender<Message>, inbox: &Receiver<Message>, ready: &dyn Fn()) -> Result<Ended> {
    let state = folder::state().context("finding the folder of the service")?;
    folder::make_private(&state).with_context(|| format!("making {} private", state.display()))?;
    let mut config = config::load(None, &analytics())?;
    config.output.path.get_or_insert_with(|| state.join(OUTPUT));
    config.output.rotate_bytes.get_or_insert(ROTATE_BYTES);
    watch(&config, sender, inbox, ready)
}
