//! One body for each thing that happens.

pub mod exec;
pub mod exit;
pub mod fork;
