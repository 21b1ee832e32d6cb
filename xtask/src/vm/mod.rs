//! Virtual machines: boots Debian kernels under a real systemd, in software, and runs commands and scenarios in them.

mod archive;
mod boot;
mod initrd;
mod kernel;
mod report;
mod root;
pub(crate) mod run;
pub(crate) mod test;
