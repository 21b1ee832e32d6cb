//! The `svcsensor` command.

fn main() {}
