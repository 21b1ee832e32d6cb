//! The command line: what can be asked for, and what its exit status says.
//!
//! 0: done. 1: it could not be done, or not wholly. 2: the arguments make no sense. 3: nobody reads the output any more.

mod config;
#[cfg(any(target_os = "linux", windows))]
mod doctor;
mod output;
mod replay;
#[cfg(any(target_os = "linux", windows))]
mod run;
#[cfg(windows)]
mod service;
mod settings;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Nobody reads the output any more.
const READER_GONE: u8 = 3;

/// Tells which services were created, changed, hijacked, hidden or stopped, by whom, and what that means.
#[derive(Parser)]
#[command(name = "svcsensor", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Watches this host and tells what happens, a line each.
    #[cfg(any(target_os = "linux", windows))]
    Run(run::Args),
    /// Reads recordings or Windows event logs, and tells what happened then.
    Replay(replay::Args),
    /// Tells what can be seen on this host and what can't, and why.
    #[cfg(any(target_os = "linux", windows))]
    Doctor(doctor::Args),
    /// Installs, removes, starts or stops the sensor as a service of Windows.
    #[cfg(windows)]
    Service(service::Args),
    /// Looks at the configuration.
    Config(config::Args),
}

/// Whether the log is read in colours: by people, at a terminal that shows them.
fn shows_colors() -> bool {
    let stderr = std::io::stderr();
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    #[cfg(windows)]
    let shows = stderr.is_terminal() && crate::windows::console::show_colors(&stderr);
    #[cfg(not(windows))]
    let shows = stderr.is_terminal();
    shows && !refused
}

/// Does what the arguments ask for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // It would tell that on standard error, and panic where nobody reads that any more.
        .log_internal_errors(false)
        .with_env_filter(
            tracing_subscriber::EnvFilter::builder()
                .with_env_var("SVCSENSOR_LOG")
                .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
                .from_env_lossy(),
        )
        .with_ansi(shows_colors())
        .with_target(false);
    #[cfg(windows)]
    if matches!(&cli.verb, Verb::Service(args) if args.is_the_service()) {
        // A service has no standard error; the log has its own times and levels.
        let journal = crate::windows::service::journal::Journal;
        log.with_writer(journal).without_time().with_level(false).with_ansi(false).init();
    } else {
        log.init();
    }
    #[cfg(not(windows))]
    log.init();
    let result = match cli.verb {
        #[cfg(any(target_os = "linux", windows))]
        Verb::Run(args) => run::run(&args),
        Verb::Replay(args) => replay::replay(&args),
        #[cfg(any(target_os = "linux", windows))]
        Verb::Doctor(args) => doctor::doctor(&args),
        #[cfg(windows)]
        Verb::Service(args) => service::service(&args),
        Verb::Config(args) => config::config(&args),
    };
    result.unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        ExitCode::FAILURE
    })
}
