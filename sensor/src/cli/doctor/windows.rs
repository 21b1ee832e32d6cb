//! Examines a Windows host.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::windows::doctor::examine;

/// Tells what can be seen on this host and what can't, and why.
///
/// Exit status: 0 when every source runs, else 1.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Looks and tells.
pub(crate) fn doctor(args: &Args) -> Result<ExitCode> {
    let found = examine();
    let mut out = std::io::stdout().lock();
    if args.json {
        let value = json!({
            "facts": found.facts.iter().map(|fact| json!({"name": fact.name, "value": fact.value})).collect::<Vec<_>>(),
            "sources": found.sources.iter()
                .map(|source| json!({"name": source.name, "runs": source.error.is_none(), "error": source.error}))
                .collect::<Vec<_>>(),
            "blind": found.blind,
            "healthy": found.healthy,
        });
        writeln!(out, "{value:#}")?;
    } else {
        writeln!(out, "facts")?;
        for fact in &found.facts {
            writeln!(out, "  {:<36} {}", fact.name, fact.value)?;
        }
        writeln!(out, "sources")?;
        for source in &found.sources {
            writeln!(out, "  {:<36} {}", source.name, source.error.as_deref().unwrap_or("runs"))?;
        }
        writeln!(out, "blind")?;
        for sentence in &found.blind {
            writeln!(out, "  {sentence}")?;
        }
    }
    Ok(if found.healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
