//! `cargo xtask`: builds, tests and measures svcsensor.

fn main() {}
