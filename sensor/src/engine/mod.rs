//! The core: takes what sources saw, asks the host, and tells lines. It has no clock and opens nothing.

mod input;

pub use input::{Input, Start};
