//! Observations → events: what was seen, put together.

mod process_table;

pub use process_table::ProcessTable;
