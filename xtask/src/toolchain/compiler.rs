//! Finds a Rust compiler that can compile for BPF.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::command::{in_search_path, output, overridden};

/// Names a compiler to be used, whatever else there is.
const OVERRIDE: &str = "SVCSENSOR_BPF_RUSTC";
/// The oldest that the workspace compiles with.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// A compiler that can compile for BPF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compiler {
    /// The program.
    pub(crate) rustc: PathBuf,
    /// The cargo beside it, which must be used when `core` is built.
    pub(crate) cargo: Option<PathBuf>,
    /// Where `core` comes from.
    pub(crate) core: Core,
    /// Its version, such as `1.96.0`.
    pub(crate) release: String,
    /// Major version of its LLVM: the linker's must not be older.
    pub(crate) llvm: u32,
}

/// Where a compiler has the `core` library for BPF from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Core {
    /// Compiled already, as Debian's packages have it.
    Prebuilt,
    /// Its source lies there: cargo compiles it.
    Source,
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = match self.core {
            Core::Prebuilt => "core for BPF installed",
            Core::Source => "core for BPF built from source",
        };
        write!(f, "{} {} (LLVM {}, {core})", self.rustc.display(), self.release, self.llvm)
    }
}

/// Looks for a compiler: the one that is asked for, one that has `core` for BPF, one that has its source, and then
/// rustup's nightly with the source.
pub(super) fn find() -> Result<Option<Compiler>> {
    if let Some(rustc) = overridden(OVERRIDE)? {
        let compiler = describe(&rustc).with_context(|| {
            format!(
                "{OVERRIDE}={} has neither core for BPF nor its source, or is older than {OLDEST}",
                rustc.display()
            )
        })?;
        return Ok(Some(compiler));
    }
    let candidates = [in_search_path("rustc"), Some("/usr/bin/rustc".into()), nightly()];
    let found: Vec<Compiler> =
        candidates.into_iter().flatten().filter_map(|rustc| describe(&rustc)).collect();
    let prebuilt = found.iter().find(|compiler| compiler.core == Core::Prebuilt);
    Ok(prebuilt.or(found.first()).cloned())
}

/// rustup's nightly compiler, where there is one. Nothing is downloaded.
fn nightly() -> Option<PathBuf> {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "rustc", "--print", "sysroot"]).env("RUSTUP_AUTO_INSTALL", "0");
    Some(PathBuf::from(output(&mut command)?).join("bin/rustc"))
}

/// Whether rustup's nightly is there and new enough, be it with or without the source of its libraries.
pub(super) fn has_nightly() -> bool {
    let printed = nightly().and_then(|rustc| output(Command::new(rustc).arg("-vV")));
    printed.and_then(|text| versions(&text)).is_some_and(|(release, _)| is_at_least(&release, OLDEST))
}

/// What a compiler is, if it can compile for BPF.
fn describe(rustc: &Path) -> Option<Compiler> {
    // rustup's proxy would take the toolchain of whoever runs it: ask outside of that.
    let ask = |arguments: &[&str]| output(Command::new(rustc).env_remove("RUSTUP_TOOLCHAIN").args(arguments));
    let (release, llvm) = versions(&ask(&["-vV"])?)?;
    if !is_at_least(&release, OLDEST) {
        return None;
    }
    let sysroot = PathBuf::from(ask(&["--print", "sysroot"])?);
    let core = if has_prebuilt_core(&sysroot) {
        Core::Prebuilt
    } else if sysroot.join("lib/rustlib/src/rust/library/core/Cargo.toml").is_file() {
        Core::Source
    } else {
        return None;
    };
    let real = sysroot.join("bin/rustc");
    let cargo = sysroot.join("bin/cargo");
    Some(Compiler {
        rustc: if real.is_file() { real } else { rustc.to_path_buf() },
        cargo: cargo.is_file().then_some(cargo),
        core,
        release,
        llvm,
    })
}

fn has_prebuilt_core(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib/rustlib/bpfel-unknown-none/lib");
    let Ok(entries) = folder.read_dir() else { return false };
    entries.filter_map(Result::ok).any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libcore-") && name.ends_with(".rlib")
    })
}

/// The compiler's version and its LLVM's major version, from what `rustc -vV` prints.
fn versions(text: &str) -> Option<(String, u32)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let llvm = field("LLVM version: ")?.split('.').next()?.parse().ok()?;
    Some((field("release: ")?.to_owned(), llvm))
}

/// Whether a version such as `1.97.0-nightly` is at least another such as `1.95`.
fn is_at_least(version: &str, oldest: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        text.split(['.', '-']).map_while(|number| number.parse().ok()).take(3).collect()
    };
    numbers(version) >= numbers(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_what_rustc_prints() {
        let text = "rustc 1.96.0 (ac68faa20 2026-05-25)\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\n\
                    release: 1.96.0\nLLVM version: 22.1.8\n";
        assert_eq!(versions(text), Some(("1.96.0".to_owned(), 22)));
        assert_eq!(versions("rustc 1.96.0"), None);
    }

    #[test]
    fn versions_compare_as_numbers() {
        for (version, oldest, expected) in [
            ("1.96.0", "1.95", true),
            ("1.95.0", "1.95", true),
            ("1.100.0-nightly", "1.95", true),
            ("1.85.0", "1.95", false),
            ("", "1.95", false),
        ] {
            assert_eq!(is_at_least(version, oldest), expected, "{version} {oldest}");
        }
    }
}
