//! Encoders: a line of the model becomes text. They own every name that a reader of the output sees.

mod hidden;
pub mod human;
pub mod json;
mod words;
