//! How memory goes back to the host.
#![expect(unsafe_code, reason = "mallopt has no safe wrapper")]

/// From so many bytes on, an allocation is a mapping of its own, which goes back when it is freed: mallopt(3)'s default.
#[cfg(target_env = "gnu")]
const THRESHOLD: i32 = 128 * 1024;

/// Keeps the allocator from holding on to what start-up needed for a moment, such as the kernel's types.
///
/// glibc raises its threshold with each large block that is freed; setting it keeps it where it is.
pub fn give_back_what_is_freed() {
    #[cfg(target_env = "gnu")]
    for parameter in [nix::libc::M_MMAP_THRESHOLD, nix::libc::M_TRIM_THRESHOLD] {
        // SAFETY: mallopt takes two integers and is safe to call before other threads allocate; a value that it does
        // not take changes nothing.
        let _taken = unsafe { nix::libc::mallopt(parameter, THRESHOLD) };
    }
}
