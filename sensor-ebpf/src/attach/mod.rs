//! Entry points: they take arguments out of the context and hand them on.
#![expect(
    unreachable_pub,
    missing_docs,
    reason = "the attribute macros make a public function without documentation"
)]

pub mod process;
