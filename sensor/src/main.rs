//! The `svcsensor` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    svcsensor::cli::main()
}
