//! The wire contract between the kernel programs and user space.
#![no_std]
