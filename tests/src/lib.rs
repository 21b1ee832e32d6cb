//! Helpers shared by the integration tests, and what the scenarios are made of.

pub mod evtx;
pub mod fuzz;
pub mod operation;
pub mod scenario;
