//! Examines a Linux host.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::config::Linux;
use crate::linux::directories::Directories;
use crate::linux::doctor::{Check, facts, self_test};
use crate::linux::sources::Sources;

/// Tells what can be seen on this host and what can't, and why.
///
/// Exit status: 0 when processes and files are watched and every test was seen, else 1.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Looks, tests and tells.
pub(crate) fn doctor(args: &Args) -> Result<ExitCode> {
    let facts = facts();
    let config = Linux::default();
    let sources = Sources::start(config.attach, Directories::find(&config).watched);
    let checks = self_test();
    let healthy = sources.is_whole() && checks.iter().all(|check| check.problem.is_none());
    let mut out = std::io::stdout().lock();
    if args.json {
        let value = json!({
            "facts": facts.iter().map(|fact| json!({"name": fact.name, "value": fact.value})).collect::<Vec<_>>(),
            "sources": sources.states().iter()
                .map(|source| json!({"name": source.name, "runs": source.error.is_none(), "error": source.error}))
                .collect::<Vec<_>>(),
            "self_test": checks.iter()
                .map(|Check { name, problem }| json!({"name": name, "seen": problem.is_none(), "problem": problem}))
                .collect::<Vec<_>>(),
            "blind": sources.blind(),
            "healthy": healthy,
        });
        writeln!(out, "{value:#}")?;
    } else {
        writeln!(out, "facts")?;
        for fact in &facts {
            writeln!(out, "  {:<18} {}", fact.name, fact.value)?;
        }
        writeln!(out, "plan")?;
        for source in sources.states() {
            writeln!(out, "  {:<28} {}", source.name, source.error.as_deref().unwrap_or("runs"))?;
        }
        writeln!(out, "self-test")?;
        for check in &checks {
            writeln!(out, "  {:<28} {}", check.name, check.problem.as_deref().unwrap_or("seen"))?;
        }
        writeln!(out, "blind")?;
        for sentence in sources.blind() {
            writeln!(out, "  {sentence}")?;
        }
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
