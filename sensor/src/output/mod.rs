//! The way out: lines become bytes, and bytes reach the reader.

pub mod encode;
pub mod redact;
#[cfg(test)]
pub(crate) mod testing;
pub mod transport;
