//! `cargo xtask`: builds, tests and measures svcsensor.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on its terminal")]

mod bench;
mod build;
mod cache;
mod cargo;
mod host;
mod install;
mod lint;
mod outcome;
mod run;
mod test;
mod toolchain;
mod vm;
mod windows;

use std::process::ExitCode;

use clap::Parser;

/// Builds, tests and measures svcsensor.
#[derive(Parser)]
enum Verb {
    Bench(bench::Args),
    Build(build::Args),
    Install(install::Args),
    Lint(lint::Args),
    Run(run::Args),
    Test(test::Args),
    VmRun(vm::run::Args),
    VmTest(vm::test::Args),
    WindowsTest(windows::Args),
}

fn main() -> ExitCode {
    do_it(Verb::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn do_it(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Bench(args) => bench::bench(&args),
        Verb::Build(args) => build::build(&args),
        Verb::Install(args) => install::install(&args),
        Verb::Lint(args) => lint::lint(&args),
        Verb::Run(args) => run::run(&args),
        Verb::Test(args) => test::test(&args),
        Verb::VmRun(args) => vm::run::run(&args),
        Verb::VmTest(args) => vm::test::run(&args),
        Verb::WindowsTest(args) => windows::run(&args),
    }
}
