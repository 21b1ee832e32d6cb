//! Watches a Windows host from a terminal.

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::{Context as _, Result};

use crate::cli::output::{self, Pace};
use crate::cli::settings::SettingsArgs;
use crate::config::Config;
use crate::output::redact::Key;
use crate::windows::console;
use crate::windows::live::{self, Ended, Message};

/// Watches this host and tells what happens, a line each.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Watches until Ctrl-C, the end of the console or the reader ends it.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let config = args.settings.load()?;
    let (sender, inbox) = channel();
    let asked = sender.clone();
    console::listen(move |reason| drop(asked.send(Message::Stop(reason))))
        .context("listening to the console")?;
    let ended = watch(&config, sender, &inbox, &|| {})?;
    Ok(match ended {
        Ended::Asked(_) => ExitCode::SUCCESS,
        Ended::ReaderGone => ExitCode::from(crate::cli::READER_GONE),
    })
}

/// Watches until a message in `inbox` or the reader ends it, and waits until the lines are written.
pub(crate) fn watch(
    config: &Config,
    sender: Sender<Message>,
    inbox: &Receiver<Message>,
    ready: &dyn Fn(),
) -> Result<Ended> {
    // A run that has ended needs no message.
    let writer = output::writer(config, Pace::Live, move || drop(sender.send(Message::ReaderGone)))?;
    let way_out = output::way_out(config, Key::of_installation(&config.redact.key_file)?)?;
    live::run(way_out, (writer, output::PATIENCE), &config.events, inbox, ready)
}
