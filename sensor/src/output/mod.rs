//! The way out: lines become bytes, and bytes reach the reader.

pub mod encode;
pub mod redact;
#[cfg(test)]
mod testing;
pub mod transport;
