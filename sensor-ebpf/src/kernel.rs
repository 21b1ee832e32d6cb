//! Reads of kernel memory. Whatever can't be read is zero: a walk ends there.

use aya_ebpf::helpers::generated::bpf_probe_read_kernel;

use crate::global::{exists, offset};

/// An address in the kernel's memory. Nothing is assumed of it: reads are checked by the kernel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kptr(pub u64);

impl Kptr {
    /// Leads nowhere.
    pub const NULL: Self = Self(0);

    /// Whether it leads nowhere.
    #[inline(always)]
    pub fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The address of a member.
    #[inline(always)]
    pub fn at(self, member: &'static u32) -> Self {
        Self(self.0.wrapping_add(offset(member)))
    }

    /// The address of the structure that this is a member of.
    #[inline(always)]
    pub fn container(self, member: &'static u32) -> Self {
        Self(self.0.wrapping_sub(offset(member)))
    }

    /// Reads a member of eight bytes; zero where it can't be read.
    #[inline(always)]
    pub fn read_u64(self, member: &'static u32) -> u64 {
        load(self.at(member).0)
    }

    /// Reads a member of four bytes.
    #[inline(always)]
    pub fn read_u32(self, member: &'static u32) -> u32 {
        load(self.at(member).0) as u32
    }

    /// Reads a member of two bytes.
    #[inline(always)]
    pub fn read_u16(self, member: &'static u32) -> u16 {
        load(self.at(member).0) as u16
    }

    /// Reads a member of four bytes that not every kernel has.
    #[inline(always)]
    pub fn read_u32_or(self, member: &'static u32, otherwise: u32) -> u32 {
        if exists(member) { self.read_u32(member) } else { otherwise }
    }

    /// Reads a pointer member.
    #[inline(always)]
    pub fn follow(self, member: &'static u32) -> Self {
        Self(self.read_u64(member))
    }

    /// Reads the pointer that stands here.
    #[inline(always)]
    pub fn next(self) -> Self {
        Self(load(self.0))
    }

    /// Reads 16 bytes of a member into `target`; zeros where they can't be read.
    #[inline(always)]
    pub fn read_bytes(self, member: &'static u32, target: &mut [u8; 16]) {
        // SAFETY: the helper checks the address; on failure it fills the target with zeros.
        unsafe { bpf_probe_read_kernel(target.as_mut_ptr().cast(), 16, self.at(member).0 as *const _) };
    }
}

/// A pointer whose type the verifier knows, since it came from a context or along members from there.
///
/// Members are read by plain loads: a nanosecond instead of a call, and a load that faults gives zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Typed(pub *const u8);

impl Typed {
    /// The same address for checked reads.
    #[inline(always)]
    pub fn untyped(self) -> Kptr {
        Kptr(self.0 as u64)
    }

    /// The address of a structure within this one.
    #[inline(always)]
    pub fn at(self, member: &'static u32) -> Self {
        Self(self.0.wrapping_add(offset(member) as usize))
    }

    /// Reads a pointer member.
    #[inline(always)]
    pub fn follow(self, member: &'static u32) -> Self {
        // SAFETY: the verifier accepts the load only where the member is such a pointer.
        Self(unsafe { self.at(member).0.cast::<*const u8>().read_volatile() })
    }

    /// Reads a member of eight bytes.
    #[inline(always)]
    pub fn u64(self, member: &'static u32) -> u64 {
        // SAFETY: as above, for a member of this size.
        unsafe { self.at(member).0.cast::<u64>().read_volatile() }
    }

    /// Reads a member of four bytes.
    #[inline(always)]
    pub fn u32(self, member: &'static u32) -> u32 {
        // SAFETY: as above, for a member of this size.
        unsafe { self.at(member).0.cast::<u32>().read_volatile() }
    }

    /// Reads a member of two bytes.
    #[inline(always)]
    pub fn u16(self, member: &'static u32) -> u16 {
        // SAFETY: as above, for a member of this size.
        unsafe { self.at(member).0.cast::<u16>().read_volatile() }
    }
}

/// Reads eight bytes; zero where they can't be read. A function of its own, so that its place on the stack is used anew
/// by each call. Smaller members are the lower bytes of what is read: all supported machines are little-endian.
#[inline(never)]
fn load(address: u64) -> u64 {
    let mut value = 0_u64;
    // SAFETY: the helper checks the address; on failure it fills the target with zeros.
    unsafe { bpf_probe_read_kernel((&raw mut value).cast(), 8, address as *const _) };
    value
}
