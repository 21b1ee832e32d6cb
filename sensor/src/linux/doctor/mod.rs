//! What this host lets the sensor see: facts, a plan, and a test of each part by making it happen.

mod facts;
mod self_test;

pub use facts::{Fact, facts};
pub use self_test::{Check, self_test};
