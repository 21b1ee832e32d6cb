//! Watches a Linux host.

use std::fs;
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tokio::sync::Notify;

use crate::cli::output::{self, Pace};
use crate::cli::settings::{AttachArg, SettingsArgs};
use crate::config::Config;
use crate::engine::Start;
use crate::linux::clock::Clock;
use crate::linux::directories::Directories;
use crate::linux::live::{Ended, Live};
use crate::linux::memory;
use crate::linux::newcomers::Newcomers;
use crate::linux::reader;
use crate::linux::sources::Sources;
use crate::model::line::Started;
use crate::model::{Known, Reason};
use crate::output::redact::Key;
use crate::pipeline::Pipeline;
use crate::recording::Recorder;

/// Watches this host and tells what happens, a line each.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
    /// By which hooks files are watched; by default the best that this kernel offers.
    #[arg(long, value_enum)]
    attach: Option<AttachArg>,
    /// Keeps all that is seen and read in this file, for `svcsensor replay`.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Watches until a signal or the reader ends it.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    memory::give_back_what_is_freed();
    let closed = Arc::new(Notify::new());
    let mut config = args.settings.load()?;
    if let Some(attach) = args.attach {
        config.linux.attach = attach.into();
    }
    let writer = output::writer(&config, Pace::Live, {
        let closed = Arc::clone(&closed);
        move || closed.notify_one()
    })?;
    let recorder = match &args.record {
        Some(path) => recorder(path).with_context(|| format!("recording to {}", path.display()))?,
        None => Recorder::none(),
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the loop")?;
    runtime.block_on(async {
        let directories = Directories::find(&config.linux);
        // Watching begins before anything is read, so that nothing changes unseen in between.
        let mut sources = Sources::start(config.linux.attach, directories.watched.clone());
        if config.linux.users {
            sources.expect_users(Newcomers::new(&directories));
        }
        if sources.is_empty() {
            bail!("no source can run here: run it as root, or see `svcsensor doctor`");
        }
        if config.output.path.is_none() {
            let closed = Arc::clone(&closed);
            tokio::spawn(async move {
                reader::gone().await;
                closed.notify_one();
            });
        }
        let key = Key::of_installation(&config.redact.key_file)?;
        let clock = Clock::start();
        let start = start(clock, directories, &sources, &config, &key)?;
        let pipeline = Pipeline::new(output::way_out(&config, key)?);
        let mut live = Live::new(pipeline, sources, recorder, writer, closed, clock, &config.events)?;
        let ended = live.run(start, ready).await?;
        let reason = match ended {
            Ended::Signal(name) => name,
            Ended::ReaderGone => "nobody reads the output any more",
        };
        live.stop(reason, output::PATIENCE);
        Ok(match ended {
            Ended::Signal(_) => ExitCode::SUCCESS,
            Ended::ReaderGone => ExitCode::from(crate::cli::READER_GONE),
        })
    })
}

/// Tells the service manager that every change from now on is told (`sd_notify(3)`).
fn ready() {
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(%error, "the service manager was not told");
    }
}

/// A recording holds secrets: nobody else may read it, and no file that is there is followed or overwritten.
fn recorder(path: &Path) -> std::io::Result<Recorder> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    Ok(Recorder::new(BufWriter::new(file)))
}

/// What is watched and how, as it stands now.
fn start(
    clock: Clock,
    directories: Directories,
    sources: &Sources,
    config: &Config,
    key: &Key,
) -> Result<Start> {
    let mut run = [0; 6];
    getrandom::fill(&mut run).context("naming this run")?;
    let uname = rustix::system::uname();
    let read = |path: &str| {
        fs::read_to_string(path)
            .map_or(Known::Missing(Reason::Denied), |text| Known::Is(text.trim().to_owned()))
    };
    Ok(Start {
        started: Started {
            time: clock.now(),
            run: hex::encode(run),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os_release: Known::Is(uname.release().to_string_lossy().into_owned()),
            host: Known::Is(uname.nodename().to_string_lossy().into_owned()),
            boot_id: read("/proc/sys/kernel/random/boot_id"),
            sources: sources.states().to_vec(),
            blind: sources.blind().to_vec(),
            services: 0,
        },
        boot_offset_ns: clock.offset_ns(),
        users: directories.users,
        merged_usr: directories.layout.merged_usr,
        links: directories.links,
        extra: directories.extra,
        settle: config.events.settle,
        redaction_key: key.to_bytes(),
    })
}
