//! Observations → events: what was seen, put together.

mod process_table;
pub mod touched;

pub use process_table::ProcessTable;
