//! Names of well-known services, which others imitate.

pub(crate) mod linux;
pub(crate) mod windows;
