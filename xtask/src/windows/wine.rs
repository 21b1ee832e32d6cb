//! Wine: a Windows of its own for the tests, with a Service Control Manager and a registry.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{signed, stand_in};
use crate::cache::Cache;
use crate::host::{install_packages, is_installed, output, run, update_lists};

/// The Debian package.
const PACKAGE: &str = "wine64";
/// Where programs of that package lie that are in no search path.
const DEBIAN_FOLDER: &str = "/usr/lib/wine";
/// What the Rust library needs of Windows and older Wines lack.
const RANDOM: &str = "bcryptprimitives.dll";
/// Its stand-in.
const STAND_IN: &str = include_str!("process_prng.c");
/// Where in this Windows the stand-ins lie that tests load instead of its own libraries.
const STAND_INS: &str = "stand-ins";

/// What tests that were ended may have left of the sensor: how far it read logs that are gone.
const STATE: &str = "ProgramData/svcsensor/bookmarks.json";

/// A Windows that only the tests use; it ends with them.
pub(super) struct Wine {
    loader: PathBuf,
    server: PathBuf,
    prefix: PathBuf,
    // Held as long as the Windows is used.
    _cache: Cache,
}

impl Wine {
    /// Opens the Windows of the cache, which is made where there is none; Wine is installed where it is missing.
    pub(super) fn open() -> Result<Self> {
        let programs = || Some((find(&["wine", "wine64"])?, find(&["wineserver", "wineserver64"])?));
        if programs().is_none() {
            update_lists()?;
            install_packages(&[PACKAGE])?;
        }
        let (loader, server) =
            programs().context("Wine was installed, and its programs are not where they were looked for")?;
        let version =
            output(Command::new(&loader).arg("--version")).context("asking Wine for its version")?;
        // What another version has made is not a Windows of this one.
        let name: String =
            version.chars().map_while(|letter| (!letter.is_whitespace()).then_some(letter)).collect();
        let cache = Cache::open("wine")?;
        let prefix = cache.path(&name.replace('/', "_"));
        let this = Self { loader, server, prefix, _cache: cache };
        this.make()?;
        let drive = this.prefix.join("drive_c");
        // Most often there is none.
        drop(fs::remove_file(drive.join(STATE)));
        let stand_ins = drive.join(STAND_INS);
        stand_in::event_log(&stand_ins)?;
        stand_in::trace(&stand_ins)?;
        signed::programs(&stand_ins.join(stand_in::EVENT_LOG_LIBRARY), &stand_ins)?;
        Ok(this)
    }

    /// Lets cargo run programs for Windows in this one.
    pub(super) fn serve(&self, command: &mut Command) {
        self.enter(command);
        command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", &self.loader);
        command.env("SVCSENSOR_STAND_INS", format!(r"C:\{STAND_INS}"));
    }

    /// Whether Wine says that a program in it had a fault that nobody handled.
    ///
    /// Its heap had one in a sensor that was asked to end as soon as it had started; in fifty further tries it did not come
    /// again, and its reason was not found. A fault that comes at the second try as well is told as a failure.
    pub(super) fn has_faulted(errors: &str) -> bool {
        errors.lines().any(|line| line.starts_with("wine: Unhandled "))
    }

    /// Ends everything that still runs in this Windows.
    pub(super) fn end(&self) -> Result<()> {
        let mut command = Command::new(&self.server);
        self.enter(&mut command);
        // It fails where nothing runs any more.
        drop(run(command.arg("--kill")));
        let mut command = Command::new(&self.server);
        self.enter(&mut command);
        run(command.arg("--wait"))
    }

    fn make(&self) -> Result<()> {
        let made = self.prefix.join("made");
        if made.is_file() {
            return Ok(());
        }
        println!("making a Windows for tests in {}", self.prefix.display());
        // What a run that was ended has left is no Windows.
        if self.prefix.exists() {
            fs::remove_dir_all(&self.prefix)
                .with_context(|| format!("removing {}", self.prefix.display()))?;
        }
        let mut command = Command::new(&self.loader);
        self.enter(&mut command);
        run(command.args(["wineboot", "--init"]))?;
        let library = self.prefix.join("drive_c/windows/system32").join(RANDOM);
        if !library.exists() {
            let source = self.prefix.join("process_prng.c");
            fs::write(&source, STAND_IN).with_context(|| format!("writing {}", source.display()))?;
            run(stand_in::compile(&library).arg(&source).arg("-ladvapi32"))?;
        }
        fs::write(&made, "").with_context(|| format!("writing {}", made.display()))
    }

    fn enter(&self, command: &mut Command) {
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEARCH", "win64")
            .env("WINEDEBUG", "-all")
            // Neither .NET nor a browser: Wine would ask to download them.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY");
    }
}

/// The first of these programs that is there.
fn find(names: &[&str]) -> Option<PathBuf> {
    names.iter().find_map(|name| {
        let debian = PathBuf::from(DEBIAN_FOLDER).join(name);
        if is_installed(name) { Some(PathBuf::from(name)) } else { debian.is_file().then_some(debian) }
    })
}
