//! Installs what the toolchain is made of: Debian's packages where they are, else rustup's nightly.

use std::process::Command;

use anyhow::{Result, bail};

use super::command::{in_search_path, output, run};
use super::compiler::has_nightly;
use crate::host::{install_packages, update_lists};

/// Debian's compiler for its browsers, and `core` compiled for BPF.
const COMPILER: [&str; 2] = ["rustc-web", "libstd-rust-web-dev-bpf"];
/// What LLVM's own development package leaves out.
const LIBRARIES: [&str; 3] = ["zlib1g-dev", "libzstd-dev", "libxml2-dev"];

/// Installs a compiler that can compile for BPF.
pub(super) fn install_compiler() -> Result<()> {
    if in_search_path("apt-get").is_some() {
        update_lists()?;
        if COMPILER.iter().all(|package| is_offered(package)) {
            return install_packages(&COMPILER);
        }
    }
    if in_search_path("rustup").is_some() {
        return install_nightly();
    }
    bail!(
        "there is no Rust compiler for BPF: install Debian's {}, or rustup and its nightly with rust-src",
        COMPILER.join(" and ")
    )
}

/// Installs rustup's nightly with the source of its libraries. One that is there and new enough gets the source that
/// belongs to it; rustup itself is not updated.
fn install_nightly() -> Result<()> {
    let mut rustup = Command::new("rustup");
    if has_nightly() {
        println!("adding the source of its libraries to rustup's nightly");
        rustup.args(["component", "add", "rust-src", "--toolchain", "nightly"]);
    } else {
        println!("installing rustup's nightly with the source of its libraries");
        rustup.args(["toolchain", "install", "nightly", "--no-self-update"]);
        rustup.args(["--profile", "minimal", "--component", "rust-src"]);
    }
    run(&mut rustup)
}

/// Installs the development files of an LLVM.
pub(super) fn install_llvm(version: u32) -> Result<()> {
    let llvm = format!("llvm-{version}-dev");
    if in_search_path("apt-get").is_some() {
        update_lists()?;
        if is_offered(&llvm) {
            let packages: Vec<String> = std::iter::once(llvm).chain(LIBRARIES.map(str::to_owned)).collect();
            return install_packages(&packages);
        }
    }
    bail!("the linker needs the development files of LLVM {version} or newer: install them, with llvm-config")
}

fn is_offered(package: &str) -> bool {
    output(Command::new("apt-cache").args(["show", "--no-all-versions", package]))
        .is_some_and(|text| !text.is_empty())
}
