//! The BPF toolchain: a Rust compiler that can compile for BPF, and bpf-linker. What is missing is installed or built once.

mod command;
mod compiler;
mod linker;
mod package;

use std::path::PathBuf;

use anyhow::{Context as _, Result};

pub(crate) use command::run;
pub(crate) use compiler::{Compiler, Core};

/// A compiler and a linker that fit together.
pub(crate) struct Toolchain {
    pub(crate) compiler: Compiler,
    pub(crate) linker: PathBuf,
}

/// Finds the toolchain, and makes what is missing of it.
pub(crate) fn find_or_install() -> Result<Toolchain> {
    let mut found = compiler::find()?;
    if found.is_none() {
        package::install_compiler()?;
        found = compiler::find()?;
    }
    let compiler = found.context("no compiler for BPF was found even after one was installed")?;
    println!("compiler: {compiler}");
    let linker = linker::find_or_build(&compiler)?;
    println!("linker: {}", linker.display());
    Ok(Toolchain { compiler, linker })
}
