//! Builds bpf-linker once, against an LLVM that the compiler's output can be read with: its own, or the system's.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::command::{in_search_path, output, overridden, run};
use super::compiler::Compiler;
use super::package;

/// Names a linker to be used, whatever else there is.
const OVERRIDE: &str = "SVCSENSOR_BPF_LINKER";
/// The version that is built.
const VERSION: &str = "0.13.0";
/// The newest LLVM that this version can be built with.
const NEWEST_LLVM: u32 = 23;

/// The linker's path; it is built if it is not there yet.
pub(super) fn find_or_build(compiler: &Compiler) -> Result<PathBuf> {
    if let Some(linker) = overridden(OVERRIDE)? {
        return Ok(linker);
    }
    let tools = crate::cache::folder("tools")?;
    if let Some(library) = own_llvm(compiler) {
        return with_own_llvm(compiler, &library, &tools);
    }
    let built = (compiler.llvm..=NEWEST_LLVM).map(|llvm| tools.join(folder(llvm)).join("bin/bpf-linker"));
    if let Some(linker) = built.into_iter().find(|linker| linker.is_file()) {
        return Ok(linker);
    }
    let (llvm, prefix) = if let Some(found) = find_llvm(compiler.llvm) {
        found
    } else {
        package::install_llvm(compiler.llvm)?;
        find_llvm(compiler.llvm).with_context(|| {
            format!(
                "bpf-linker {VERSION} needs the development files of LLVM {} to {NEWEST_LLVM}",
                compiler.llvm
            )
        })?
    };
    build(llvm, &prefix, &tools.join(folder(llvm)))
}

/// The LLVM that a compiler of rustup's brings along: a linker needs no other, and Debian may have none as new.
fn own_llvm(compiler: &Compiler) -> Option<PathBuf> {
    if compiler.llvm > NEWEST_LLVM {
        return None;
    }
    let folder = compiler.rustc.parent()?.parent()?.join("lib");
    let start = format!("libLLVM.so.{}.", compiler.llvm);
    folder
        .read_dir()
        .ok()?
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().starts_with(&start))
        .map(|entry| entry.path())
}

/// The linker that is built with the compiler's own LLVM.
fn with_own_llvm(compiler: &Compiler, library: &Path, tools: &Path) -> Result<PathBuf> {
    let root = tools.join(format!("bpf-linker-{VERSION}-rustc-{}", compiler.release));
    let links = root.join("lib");
    let name = library.file_name().context("a library has a name")?;
    let linker = root.join("bin/bpf-linker");
    if linker.is_file() && links.join(name).canonicalize().ok() == library.canonicalize().ok() {
        return Ok(linker);
    }
    if root.exists() {
        fs::remove_dir_all(&root).with_context(|| format!("removing {}", root.display()))?;
    }
    fs::create_dir_all(&links).with_context(|| format!("making {}", links.display()))?;
    // By the first it is linked, by the second it is loaded.
    for link in [links.join("libLLVM.so"), links.join(name)] {
        symlink(library, &link).with_context(|| format!("making {}", link.display()))?;
    }
    build(compiler.llvm, &root.display().to_string(), &root)
}

/// Builds the linker into `root`.
fn build(llvm: u32, prefix: &str, root: &Path) -> Result<PathBuf> {
    println!("building bpf-linker {VERSION} with LLVM {llvm} of {prefix}: once, and about a minute");
    let start = Instant::now();
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["install", "bpf-linker", "--version", VERSION, "--locked", "--no-default-features"])
        .args(["--features", &format!("llvm-{llvm}")])
        .arg("--root")
        .arg(root)
        // llvm-sys's own variable is not looked at.
        .env("LLVM_PREFIX", prefix)
        .env_remove("CARGO_TARGET_DIR")
        // Not in the workspace, whose settings are not the linker's.
        .current_dir(root.parent().unwrap_or(root));
    run(&mut command)?;
    println!("built in {} s", start.elapsed().as_secs());
    let linker = root.join("bin/bpf-linker");
    if !linker.is_file() {
        bail!("cargo install made no {}", linker.display());
    }
    Ok(linker)
}

/// The oldest fitting LLVM that is installed with its development files, and its prefix.
fn find_llvm(compiler_llvm: u32) -> Option<(u32, String)> {
    let debian = (compiler_llvm..=NEWEST_LLVM)
        .map(|llvm| PathBuf::from(format!("/usr/lib/llvm-{llvm}/bin/llvm-config")));
    debian.chain(in_search_path("llvm-config")).filter(|config| config.is_file()).find_map(|config| {
        let version = output(Command::new(&config).arg("--version"))?;
        let llvm: u32 = version.split('.').next()?.parse().ok()?;
        if !(compiler_llvm..=NEWEST_LLVM).contains(&llvm) {
            return None;
        }
        Some((llvm, output(Command::new(&config).arg("--prefix"))?))
    })
}

fn folder(llvm: u32) -> String {
    format!("bpf-linker-{VERSION}-llvm-{llvm}")
}
