//! Finds a Rust compiler for Windows: one that has its library, else one that has the library's source.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::TARGET;
use crate::cargo::cargo;
use crate::host::{install_packages, is_installed, run, update_lists};

/// Debian's compiler for its browsers, its lints and the source of its libraries.
const DEBIAN: [&str; 3] = ["rustc-web", "rust-web-clippy", "rust-web-src"];
/// Where Debian puts the compiler, and the lints beside it.
const DEBIAN_FOLDER: &str = "/usr/bin";
/// The linker for Windows and its libraries.
const LINKER: (&str, &str) = ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64");

/// A compiler for Windows.
pub(super) enum Compiler {
    /// Cargo's own, which has the library.
    Own,
    /// Debian's, for which cargo builds the library.
    Debian,
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "cargo's own, its library for Windows is installed",
            Self::Debian => "Debian's, its library for Windows is built from source",
        })
    }
}

impl Compiler {
    /// The compiler; what is missing of it is installed, which is said.
    pub(super) fn find_or_install() -> Result<Self> {
        if !is_installed(LINKER.0) {
            update_lists()?;
            install_packages(&[LINKER.1])?;
        }
        if let Some(found) = Self::find()? {
            return Ok(found);
        }
        if is_installed("apt-get") {
            update_lists()?;
            if install_packages(&DEBIAN).is_ok() {
                return Ok(Self::Debian);
            }
        }
        if is_installed("rustup") {
            eprintln!("adding the target {TARGET} (rustup)");
            // In the workspace, whose toolchain may be another than elsewhere.
            run(Command::new("rustup")
                .args(["target", "add", TARGET])
                .current_dir(crate::cargo::workspace()))?;
            return Ok(Self::Own);
        }
        bail!(
            "there is no Rust compiler for Windows: run `rustup target add {TARGET}`, or install Debian's {}",
            DEBIAN.join(", ")
        )
    }

    fn find() -> Result<Option<Self>> {
        if library(&sysroot("rustc")?).is_dir() {
            return Ok(Some(Self::Own));
        }
        let folder = Path::new(DEBIAN_FOLDER);
        let rustc = folder.join("rustc");
        if !rustc.is_file() || !folder.join("cargo-clippy").is_file() {
            return Ok(None);
        }
        let source = sysroot(&rustc)?.join("lib/rustlib/src/rust/library/std/Cargo.toml");
        Ok(source.is_file().then_some(Self::Debian))
    }

    /// Cargo, to do this for Windows.
    pub(super) fn cargo(&self, verb: &str) -> Command {
        let mut command = cargo();
        command.arg(verb);
        self.configure(&mut command);
        command
    }

    /// Clippy for Windows.
    pub(super) fn clippy(&self) -> Command {
        match self {
            Self::Own => self.cargo("clippy"),
            Self::Debian => {
                // The lints must be of the compiler's own version; cargo would take those beside itself.
                let mut command = Command::new(Path::new(DEBIAN_FOLDER).join("cargo-clippy"));
                command.arg("clippy").current_dir(crate::cargo::workspace());
                self.configure(&mut command);
                command
            }
        }
    }

    fn configure(&self, command: &mut Command) {
        command.args(["--target", TARGET]);
        if let Self::Debian = self {
            command
                .args(["-Z", "build-std=std,panic_unwind"])
                .env("RUSTC", Path::new(DEBIAN_FOLDER).join("rustc"))
                // Building the standard library is not stable.
                .env("RUSTC_BOOTSTRAP", "1");
        }
    }
}

fn sysroot(rustc: impl AsRef<Path>) -> Result<PathBuf> {
    let rustc = rustc.as_ref();
    let mut command = Command::new(rustc);
    command.args(["--print", "sysroot"]).current_dir(crate::cargo::workspace());
    let text = crate::host::output(&mut command).with_context(|| format!("asking {}", rustc.display()))?;
    Ok(PathBuf::from(text.trim_end()))
}

fn library(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}
