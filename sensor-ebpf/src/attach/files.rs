//! The object `files`: what happens to names in watched directories.
//!
//! Functions of the virtual file system. Their arguments move between kernels: user space tells where each one is.
//!
//! A program at a function's end finds the result behind the arguments; `bpf_get_func_ret` would need Linux 5.17.
#![no_std]
#![no_main]
#![expect(
    unreachable_pub,
    missing_docs,
    reason = "the attribute macros make a public function without documentation"
)]
#![feature(asm_experimental_arch)]

use core::arch::asm;

use aya_ebpf::EbpfContext;
use aya_ebpf::macros::{fentry, fexit};
use aya_ebpf::programs::{FEntryContext, FExitContext};
use sensor_common::hook;
use sensor_ebpf::event;
use sensor_ebpf::global::{arguments, exists, offset, offsets};
use sensor_ebpf::kernel::Typed;

sensor_ebpf::object!();

/// The word of the context at `index`, which the verifier knows. It refuses a computed place, so each has a load of its
/// own, and assembly keeps the compiler from making one of them.
#[inline(always)]
fn word(ctx: &impl EbpfContext, index: &'static u32) -> u64 {
    macro_rules! load {
        ($place:literal) => {{
            let value: u64;
            // SAFETY: the verifier checks that the function has such an argument or result.
            unsafe { asm!(concat!("{value} = *(u64 *)({ctx} + ", $place, ")"), value = out(reg) value, ctx = in(reg) ctx.as_ptr()) };
            value
        }};
    }
    match offset(index) {
        0 => load!("0"),
        1 => load!("8"),
        2 => load!("16"),
        3 => load!("24"),
        4 => load!("32"),
        5 => load!("40"),
        6 => load!("48"),
        _ => 0,
    }
}

#[inline(always)]
fn pointer(ctx: &impl EbpfContext, index: &'static u32) -> Typed {
    Typed(word(ctx, index) as *const u8)
}

#[inline(always)]
fn result(ctx: &FExitContext, index: &'static u32) -> i32 {
    word(ctx, index) as i32
}

/// `locks_remove_file(filp)`: `__fput` calls it once, while the file is whole.
#[fentry(function = "locks_remove_file")]
pub fn locks_remove_file(ctx: FEntryContext) -> i32 {
    event::write_closed::write_closed(Typed(ctx.arg(0)));
    0
}

/// `security_file_open(file)`: `do_dentry_open` calls it when the file is set up.
#[fentry(function = "security_file_open")]
pub fn security_file_open(ctx: FEntryContext) -> i32 {
    event::open::open(Typed(ctx.arg(0)));
    0
}

/// `vfs_rename(rd)`, before 5.12 `vfs_rename(.., old_dentry, .., new_dentry, .., flags)`.
#[fentry(function = "vfs_rename")]
pub fn vfs_rename_begin(ctx: FEntryContext) -> i32 {
    let (o, a) = (offsets(), arguments());
    if exists(&a.rename_data) {
        let data = pointer(&ctx, &a.rename_data);
        let (old, new) = (data.follow(&o.rename_old_dentry), data.follow(&o.rename_new_dentry));
        event::rename::begin(old, new, data.u32(&o.rename_flags));
    } else {
        let (old, new) = (pointer(&ctx, &a.rename_old_dentry), pointer(&ctx, &a.rename_new_dentry));
        event::rename::begin(old, new, word(&ctx, &a.rename_flags) as u32);
    }
    0
}

/// See [`vfs_rename_begin`].
#[fexit(function = "vfs_rename")]
pub fn vfs_rename_end(ctx: FExitContext) -> i32 {
    let a = arguments();
    let old = if exists(&a.rename_data) {
        pointer(&ctx, &a.rename_data).follow(&offsets().rename_old_dentry)
    } else {
        pointer(&ctx, &a.rename_old_dentry)
    };
    event::rename::end(old, result(&ctx, &a.rename_result));
    0
}

/// `vfs_link(old_dentry, .., new_dentry, ..)`.
#[fexit(function = "vfs_link")]
pub fn vfs_link(ctx: FExitContext) -> i32 {
    let a = arguments();
    let (old, new) = (pointer(&ctx, &a.link_old_dentry), pointer(&ctx, &a.link_dentry));
    event::link::link(old, new, result(&ctx, &a.link_result));
    0
}

/// `vfs_symlink(.., dentry, oldname)`.
#[fexit(function = "vfs_symlink")]
pub fn vfs_symlink(ctx: FExitContext) -> i32 {
    let a = arguments();
    event::symlink::symlink(pointer(&ctx, &a.symlink_dentry), result(&ctx, &a.symlink_result));
    0
}

/// `vfs_mkdir(.., dentry, mode)`: a number, or since 6.15 a dentry, which may be another one than was passed, or an error
/// in the place of a pointer, whose dentry is gone.
#[fexit(function = "vfs_mkdir")]
pub fn vfs_mkdir(ctx: FExitContext) -> i32 {
    let a = arguments();
    event::make::make(hook::MKDIR, pointer(&ctx, &a.mkdir_dentry), result(&ctx, &a.mkdir_result));
    0
}

/// See [`vfs_mkdir`]; user space loads this one where the result is a dentry.
#[fexit(function = "vfs_mkdir")]
pub fn vfs_mkdir_dentry(ctx: FExitContext) -> i32 {
    /// `MAX_ERRNO` of include/linux/err.h.
    const ERRORS: u64 = 4095;
    let dentry = pointer(&ctx, &arguments().mkdir_result);
    if dentry.untyped().0.wrapping_neg() > ERRORS {
        event::make::make(hook::MKDIR, dentry, 0);
    }
    0
}

/// `vfs_mknod(.., dentry, mode, dev)`.
#[fexit(function = "vfs_mknod")]
pub fn vfs_mknod(ctx: FExitContext) -> i32 {
    let a = arguments();
    event::make::make(hook::MKNOD, pointer(&ctx, &a.mknod_dentry), result(&ctx, &a.mknod_result));
    0
}

/// `vfs_create(.., dentry, mode, ..)`.
#[fexit(function = "vfs_create")]
pub fn vfs_create(ctx: FExitContext) -> i32 {
    let a = arguments();
    event::make::make(hook::CREATE, pointer(&ctx, &a.create_dentry), result(&ctx, &a.create_result));
    0
}

/// `vfs_unlink(.., dentry, ..)`.
#[fexit(function = "vfs_unlink")]
pub fn vfs_unlink(ctx: FExitContext) -> i32 {
    let a = arguments();
    event::remove::unlink(pointer(&ctx, &a.unlink_dentry), result(&ctx, &a.unlink_result));
    0
}

/// `d_delete(dentry)`: called when a name has been removed, with its inode still there. `vfs_rmdir` is inlined in 5.10.
#[fentry(function = "d_delete")]
pub fn d_delete(ctx: FEntryContext) -> i32 {
    event::remove::rmdir(Typed(ctx.arg(0)));
    0
}

/// `notify_change(.., dentry, attr, ..)`.
#[fexit(function = "notify_change")]
pub fn notify_change(ctx: FExitContext) -> i32 {
    let a = arguments();
    let (dentry, attr) = (pointer(&ctx, &a.attribute_dentry), pointer(&ctx, &a.attribute_attr));
    event::attribute::change(dentry, attr, result(&ctx, &a.attribute_result));
    0
}

/// `vfs_setxattr(.., dentry, name, ..)`.
#[fexit(function = "vfs_setxattr")]
pub fn vfs_setxattr(ctx: FExitContext) -> i32 {
    let a = arguments();
    event::attribute::attribute(
        hook::SETXATTR,
        pointer(&ctx, &a.setxattr_dentry),
        result(&ctx, &a.setxattr_result),
    );
    0
}

/// `vfs_removexattr(.., dentry, name)`.
#[fexit(function = "vfs_removexattr")]
pub fn vfs_removexattr(ctx: FExitContext) -> i32 {
    let a = arguments();
    let dentry = pointer(&ctx, &a.removexattr_dentry);
    event::attribute::attribute(hook::REMOVEXATTR, dentry, result(&ctx, &a.removexattr_result));
    0
}

/// `vfs_set_acl(.., dentry, acl_name, kacl)`, since 6.2.
#[fexit(function = "vfs_set_acl")]
pub fn vfs_set_acl(ctx: FExitContext) -> i32 {
    let a = arguments();
    event::attribute::attribute(
        hook::SET_ACL,
        pointer(&ctx, &a.set_acl_dentry),
        result(&ctx, &a.set_acl_result),
    );
    0
}

/// `vfs_fileattr_set(.., dentry, fa)`, since 5.13.
#[fexit(function = "vfs_fileattr_set")]
pub fn vfs_fileattr_set(ctx: FExitContext) -> i32 {
    let a = arguments();
    event::attribute::attribute(
        hook::FILEATTR,
        pointer(&ctx, &a.fileattr_dentry),
        result(&ctx, &a.fileattr_result),
    );
    0
}
