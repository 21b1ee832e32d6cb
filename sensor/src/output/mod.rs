//! The way out: lines become bytes, and bytes reach the reader.

pub mod encode;
#[cfg(test)]
mod testing;
pub mod transport;
