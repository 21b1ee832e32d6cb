//! Where a program lies, and who may write there.

pub(crate) mod unix;
pub(crate) mod windows;
