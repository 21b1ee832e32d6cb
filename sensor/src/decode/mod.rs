//! Bytes become values, once: no input or output, no clock, no `unsafe`, and any bytes are answered.

pub mod kernel;
