//! `svcsensor config`: looks at the configuration.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::settings::{SettingsArgs, analytics};
use crate::config;
use crate::model::Timestamp;

/// Looks at the configuration.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Tells every mistake in it, with its line, and what was probably meant.
    Check(SettingsArgs),
}

/// Does what the arguments ask for.
pub(super) fn config(args: &Args) -> Result<ExitCode> {
    let Verb::Check(settings) = &args.verb;
    let now = Timestamp(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX));
    let report = config::check(&settings.path()?, &analytics(), now)?;
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(ExitCode::SUCCESS)
}
