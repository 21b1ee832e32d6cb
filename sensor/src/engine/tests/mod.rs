//! The engine on small hosts.

mod host;
mod loaded;
