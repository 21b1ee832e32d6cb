//! What user space sets before the programs are loaded. The verifier knows these as constants.

use sensor_common::{ABI_MARK, ABI_VERSION, Arguments, MISSING, Offsets};

/// Set by user space under this name.
#[unsafe(no_mangle)]
static OFFSETS: Offsets = Offsets::UNSET;

/// Set by user space under this name.
#[unsafe(no_mangle)]
static ARGUMENTS: Arguments = Arguments::UNSET;

/// Tells the version to whoever reads the object file.
#[unsafe(no_mangle)]
#[unsafe(link_section = "svcsensor.abi")]
#[used]
static ABI: [u8; 18] = {
    let mut mark = [0; 18];
    let mut i = 0;
    while i < ABI_MARK.len() {
        mark[i] = ABI_MARK[i];
        i += 1;
    }
    [mark[16], mark[17]] = ABI_VERSION.to_le_bytes();
    mark
};

/// The offsets of the running kernel.
#[inline(always)]
pub fn offsets() -> &'static Offsets {
    &OFFSETS
}

/// Where the functions of the running kernel take their arguments.
#[inline(always)]
pub fn arguments() -> &'static Arguments {
    &ARGUMENTS
}

/// Reads one offset or place. The volatile read keeps the compiler from using the value that stood here at build time.
#[inline(always)]
pub fn offset(field: &'static u32) -> u64 {
    // SAFETY: a reference is valid for reads.
    u64::from(unsafe { core::ptr::read_volatile(field) })
}

/// Whether the running kernel has the member.
#[inline(always)]
pub fn exists(field: &'static u32) -> bool {
    offset(field) != MISSING as u64
}
