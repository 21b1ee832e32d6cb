//! What the configuration file and the arguments say together.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::config::{self, Attach, Config, Format};
use crate::detect::analytic;

/// Arguments that every verb which tells lines has.
#[derive(clap::Args)]
pub(super) struct SettingsArgs {
    #[cfg_attr(
        not(windows),
        doc = "The configuration; by default /etc/svcsensor/svcsensor.toml, if it is there."
    )]
    #[cfg_attr(
        windows,
        doc = r"The configuration; by default %ProgramData%\svcsensor\svcsensor.toml, if it is there."
    )]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Adds the lines to this file instead of standard output; SIGHUP opens it anew.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How lines look.
    #[arg(long, value_enum)]
    format: Option<FormatArg>,
}

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// For people at a terminal, else for machines.
    Auto,
    /// A JSON object a line.
    Json,
    /// For people.
    Human,
}

/// By which hooks files are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum AttachArg {
    /// The best that this kernel offers.
    Auto,
    /// BPF tracing programs.
    Tracing,
    /// fanotify.
    Fanotify,
}

impl SettingsArgs {
    /// The configuration, with the arguments in its place where they are given.
    ///
    /// # Errors
    /// When the configuration can't be read or makes no sense.
    pub(super) fn load(&self) -> Result<Config> {
        let mut config = config::load(self.config.as_deref(), &analytics())?;
        if let Some(output) = &self.output {
            config.output.path = Some(output.clone());
        }
        if let Some(format) = self.format {
            config.output.format = match format {
                FormatArg::Auto => Format::Auto,
                FormatArg::Json => Format::Json,
                FormatArg::Human => Format::Human,
            };
        }
        Ok(config)
    }

    /// Where the configuration is read from.
    ///
    /// # Errors
    /// When the system does not tell where.
    pub(super) fn path(&self) -> Result<PathBuf> {
        Ok(match &self.config {
            Some(path) => path.clone(),
            None => config::default_path()?,
        })
    }
}

impl From<AttachArg> for Attach {
    fn from(argument: AttachArg) -> Self {
        match argument {
            AttachArg::Auto => Self::Auto,
            AttachArg::Tracing => Self::Tracing,
            AttachArg::Fanotify => Self::Fanotify,
        }
    }
}

/// The names of all analytics.
pub(super) fn analytics() -> Vec<&'static str> {
    analytic::ALL.iter().map(|analytic| analytic.name).collect()
}
