//! One body for each thing that happens.

pub mod attribute;
pub mod exec;
pub mod exit;
pub mod fork;
pub mod link;
pub mod make;
pub mod open;
pub mod remove;
pub mod rename;
pub mod symlink;
pub mod write_closed;
