//! `cargo xtask vm-test`: plays all scenarios on Debian's kernels.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::boot::{self, Task};
use super::kernel::{Kernel, LINES};
use super::report::{Outcome, Report};
use crate::build::target_folder;
use crate::cache::Cache;
use crate::cargo::workspace;
use crate::host;

/// How often a scenario is tried.
const TRIES: u8 = 2;
/// How many seconds each machine may take.
const DEADLINE: u64 = 1200;

/// Plays the scenarios of tests/scenarios in virtual machines: Debian's kernels under a real systemd, each plan.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The kernels: 5.10, 6.1, 6.12, 6.18, `newest`, or another line that Debian has; all five when none is named.
    kernels: Vec<String>,
    /// Only this plan (may be repeated).
    #[arg(long = "attach", value_name = "PLAN", value_parser = ["tracing", "fanotify"])]
    plans: Vec<String>,
    /// Only scenarios whose names contain this text, or with `$` behind it end with it (may be repeated).
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Only the scenarios that every run of the tests plays, where they are known to hold.
    #[arg(long)]
    core: bool,
    /// How often a scenario may be tried until it passes: what fails first is shown all the same.
    #[arg(long, value_name = "N", default_value_t = TRIES, value_parser = clap::value_parser!(u8).range(1..=2))]
    tries: u8,
    /// Print a table of all scenarios at the end.
    #[arg(long)]
    report: bool,
    /// How many seconds each machine may take.
    #[arg(long, default_value_t = DEADLINE)]
    deadline: u64,
    /// Look for newer releases of the kernels first.
    #[arg(long)]
    refresh: bool,
}

/// Does what the arguments ask for.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let report = play(args)?;
    if args.report {
        print!("{}", report.table());
    }
    println!("{}", report.summary());
    Ok(if report.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Scenarios that stand for the others in every run of the tests: one of each way to change a service. All of them on
/// all kernels take longer than a run of the tests may.
const CORE: [&str; 25] = [
    "attribute/chmod",
    "directory/users_home",
    "directory/vendor",
    "drop_in/removed",
    "drop_in/second",
    "finding/security_masked",
    "link/alias",
    "link/mask",
    "link/unmask",
    "path/bind_mount",
    "path/private_mounts",
    "remove/and_return",
    "ring/write",
    "service/installed",
    "systemctl/daemon_reload",
    "systemctl/enable_now",
    "systemctl/mask",
    "systemctl/stop",
    "transient/run",
    "write/append",
    "write/dd",
    "write/install",
    "write/short_lived",
    "write/subshell",
    "write/writev",
];

/// Plays the core scenarios on all kernels.
pub(crate) fn core() -> Result<Report> {
    play(&Args {
        kernels: Vec::new(),
        plans: Vec::new(),
        only: Vec::new(),
        core: true,
        tries: TRIES,
        report: false,
        deadline: DEADLINE,
        refresh: false,
    })
}

fn play(args: &Args) -> Result<Report> {
    let programs = build()?;
    host::install_tools()?;
    let cache = Cache::open("vm")?;
    let folders = ["tests/scenarios", "packaging"].map(|folder| workspace().join(folder));
    // This program goes along, too: it is what installs the sensor there.
    let xtask = std::env::current_exe().context("finding this program")?;
    let files: Vec<&Path> = programs.iter().chain(&folders).chain([&xtask]).map(PathBuf::as_path).collect();
    let kernels: Vec<&str> = if args.kernels.is_empty() {
        LINES.to_vec()
    } else {
        args.kernels.iter().map(String::as_str).collect()
    };
    let plans: Vec<&str> = if args.plans.is_empty() {
        vec!["tracing", "fanotify"]
    } else {
        args.plans.iter().map(String::as_str).collect()
    };

    let mut only = args.only.clone();
    if args.core {
        only.extend(CORE.map(whole));
    }
    let mut report = Report::default();
    for line in kernels {
        let kernel = Kernel::get(&cache, line, args.refresh)?;
        let machine = |only: &[String]| {
            let task = Task {
                files: &files,
                command: &command(&plans, only),
                deadline: Duration::from_secs(args.deadline),
            };
            play_once(&cache, &kernel, &task)
        };
        let (mut outcomes, mut problem) = machine(&only);
        let failed: BTreeSet<String> = outcomes
            .iter()
            .filter(|outcome| outcome.is_failure())
            .map(|outcome| outcome.name().to_owned())
            .collect();
        if args.tries > 1 && (problem.is_some() || !failed.is_empty()) {
            // What passes at the second try only is a fault all the same: shown, it can be looked into.
            for outcome in outcomes.iter().filter(|outcome| outcome.is_failure()) {
                println!("{}", outcome.shown(&kernel.release));
            }
            // A machine in software has its own sense of time: what fails there once must fail again in a fresh one.
            let again: Vec<String> = if problem.is_some() {
                only.clone()
            } else {
                failed.iter().map(|name| whole(name)).collect()
            };
            match &problem {
                Some(problem) => println!("kernel {}: a second try of all, since {problem}", kernel.release),
                None => println!("kernel {}: a second try of {} scenarios", kernel.release, again.len()),
            }
            let (second, still) = machine(&again);
            outcomes.retain(|outcome| !second.iter().any(|other| other.is_same_play(outcome)));
            outcomes.extend(second);
            problem = still;
        }
        for outcome in outcomes {
            report.add(&kernel.release, outcome);
        }
        report.end_kernel(&kernel.release, &plans, problem);
    }
    Ok(report)
}

/// Boots a machine and plays; what came of each scenario, and how the machine failed if it did.
fn play_once(cache: &Cache, kernel: &Kernel, task: &Task<'_>) -> (Vec<Outcome>, Option<String>) {
    let mut outcomes = Vec::new();
    let mut others = Vec::new();
    let status = boot::boot(cache, kernel, task, |text| match serde_json::from_str::<Outcome>(text) {
        Ok(outcome) => outcomes.push(outcome),
        Err(_) => others.push(text.to_owned()),
    });
    let problem = match status {
        Ok(0 | 1) if others.is_empty() => None,
        Ok(status) => Some(format!("the runner ended with status {status}\n{}", others.join("\n"))),
        Err(error) => Some(format!("{error:#}\n{}", others.join("\n"))),
    };
    (outcomes, problem)
}

/// The command line of the runner in the machine.
fn command(plans: &[&str], only: &[String]) -> String {
    let start =
        "scenario-runner play --sensor svcsensor --scenarios scenarios --disposable --json".to_owned();
    let plans = plans.iter().map(|plan| format!("--plan {plan}"));
    let only = only.iter().map(|text| format!("--only '{}'", text.replace('\'', "")));
    std::iter::once(start).chain(plans).chain(only).collect::<Vec<_>>().join(" ")
}

/// Means the scenario of this name, and none whose name goes on.
fn whole(name: &str) -> String {
    format!("{name}$")
}

/// Builds the sensor, with its eBPF programs and as it is installed, and the runner; gives their paths.
fn build() -> Result<[PathBuf; 2]> {
    let this = std::env::current_exe().context("finding this program")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let runner = ["build", "--quiet", "--package", "sensor-tests", "--bin", "scenario-runner"];
    for (program, arguments) in [(this.into_os_string(), &["build", "--release"][..]), (cargo, &runner)] {
        let status = Command::new(&program)
            .args(arguments)
            .current_dir(workspace())
            .stdout(Stdio::null())
            .status()
            .with_context(|| format!("starting {}", program.display()))?;
        ensure!(status.success(), "{} {}: {status}", program.display(), arguments.join(" "));
    }
    let target = target_folder()?;
    Ok(["release/svcsensor", "debug/scenario-runner"].map(|name| target.join(name)))
}
