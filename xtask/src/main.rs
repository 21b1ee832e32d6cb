//! `cargo xtask`: builds, tests and measures svcsensor.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on its terminal")]

mod build;
mod toolchain;
mod vm;

use std::process::ExitCode;

use clap::Parser;

/// Builds, tests and measures svcsensor.
#[derive(Parser)]
enum Verb {
    Build(build::Args),
    VmRun(vm::run::Args),
    VmTest(vm::test::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    match Verb::parse() {
        Verb::Build(args) => build::build(&args),
        Verb::VmRun(args) => vm::run::run(&args),
        Verb::VmTest(args) => vm::test::run(&args),
    }
}
