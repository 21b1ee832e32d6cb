//! The sensor as a service of Windows: its installation, its control and its life under the Service Control Manager.

mod control;
mod dispatch;
mod error;
mod install;
pub mod journal;

pub use control::{start, stop};
pub use dispatch::{Run, dispatch};
pub use error::ServiceError;
pub use install::{Installed, install, uninstall};

/// Its key name.
pub const NAME: &str = "svcsensor";
/// Its display name.
const DISPLAY_NAME: &str = "svcsensor";
/// What the console of services says of it.
const DESCRIPTION: &str = "Tells which services of this host were created, changed, hijacked, hidden or stopped, by whom, and what that means.";
