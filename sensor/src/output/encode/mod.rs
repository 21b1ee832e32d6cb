//! Encoders: a line of the model becomes text. They own every name that a reader of the output sees.

pub mod json;
mod words;
