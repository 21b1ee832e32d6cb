//! `cargo xtask build`: the kernel objects, and svcsensor with them inside.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::cargo::workspace;
use crate::toolchain::{self, Core, Toolchain, run};

/// The objects, each a program of sensor-ebpf.
const OBJECTS: [&str; 2] = ["process", "files"];
const TARGET: &str = "bpfel-unknown-none";

/// Builds svcsensor with its eBPF programs; finds, installs or builds the BPF toolchain that it takes.
#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Optimised, as it is installed.
    #[arg(long)]
    release: bool,
    /// The eBPF programs only.
    #[arg(long)]
    ebpf_only: bool,
}

impl Args {
    /// The sensor as it is installed.
    pub(crate) fn release() -> Self {
        Self { release: true, ebpf_only: false }
    }
}

/// Runs the verb.
pub(crate) fn build(args: &Args) -> Result<ExitCode> {
    let target = target_folder()?;
    let toolchain = toolchain::find_or_install()?;
    build_objects(&toolchain, &target)?;
    if !args.ebpf_only {
        let mut command = cargo(None);
        command.args(["build", "--quiet", "--package", "svcsensor"]).current_dir(workspace());
        if args.release {
            command.arg("--release");
        }
        run(&mut command)?;
        let profile = if args.release { "release" } else { "debug" };
        println!("svcsensor: {}", target.join(profile).join("svcsensor").display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the objects and puts them where sensor's build script looks for them.
fn build_objects(toolchain: &Toolchain, target: &Path) -> Result<()> {
    let start = Instant::now();
    let folder = target.join("ebpf");
    // Not within the folder that cargo watches for sensor's build script.
    let scratch = target.join("ebpf-build");
    let compiler = &toolchain.compiler;
    let flags = [
        format!("--cfg=bpf_target_arch=\"{}\"", std::env::consts::ARCH),
        "-Cdebuginfo=2".to_owned(),
        format!("-Clinker={}", toolchain.linker.display()),
        "-Clink-arg=--btf".to_owned(),
    ];
    let mut command = cargo(compiler.cargo.as_deref().filter(|_| compiler.core == Core::Source));
    command
        .args(["build", "--quiet", "--release", "--locked", "--target", TARGET])
        .current_dir(workspace().join("sensor-ebpf"))
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTFLAGS")
        .env("RUSTC", &compiler.rustc)
        // aya-ebpf and ours use inline assembly for BPF, which is not stable.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", &scratch)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    if compiler.core == Core::Source {
        command.args(["-Z", "build-std=core"]);
    }
    run(&mut command)?;
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    for object in OBJECTS {
        let made = scratch.join(TARGET).join("release").join(object);
        let bytes = std::fs::read(&made).with_context(|| format!("reading {}", made.display()))?;
        let place = folder.join(format!("{object}.o"));
        // Left alone when nothing changed: cargo would build svcsensor anew.
        if std::fs::read(&place).ok().as_ref() != Some(&bytes) {
            std::fs::write(&place, &bytes).with_context(|| format!("writing {}", place.display()))?;
        }
        println!("{object}: {} ({} KiB)", place.display(), bytes.len() / 1024);
    }
    println!("eBPF programs built in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn cargo(program: Option<&Path>) -> Command {
    let program = program.map(PathBuf::from).or_else(|| std::env::var_os("CARGO").map(PathBuf::from));
    Command::new(program.unwrap_or_else(|| "cargo".into()))
}

/// Where cargo builds: the folder above this program that cargo has marked.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().context("finding this program")?;
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    Ok(marked.context("this program does not lie in a folder of cargo's")?.to_path_buf())
}
