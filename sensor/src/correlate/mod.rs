//! Observations → events: what was seen, put together.

mod process_table;
mod requests;
mod tools;
pub mod touched;

pub use process_table::ProcessTable;
pub use requests::{Cause, Requests};
pub use tools::Tools;
