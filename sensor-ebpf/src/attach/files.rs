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
use sensor_ebpf::global::{arguments, exists, offset, offsets};
use sensor_ebpf::kernel::Typed;
use sensor_ebpf::{event, standby};

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

/// Both programs at the beginning or the end of a function: see [`sensor_ebpf::standby`].
macro_rules! programs {
    ($($kind:ident($context:ident) $function:tt: $first:ident, $standby:ident, $hook:expr => $work:expr;)*) => {$(
        #[$kind(function = $function)]
        pub fn $first(ctx: $context) -> i32 {
            standby::first($hook, || $work(&ctx));
            0
        }

        #[$kind(function = $function)]
        pub fn $standby(ctx: $context) -> i32 {
            standby::standby($hook, || $work(&ctx));
            0
        }
    )*};
}

programs! {
    fentry(FEntryContext) "locks_remove_file": locks_remove_file, locks_remove_file_standby, hook::WRITE_CLOSED => write_closed;
    fentry(FEntryContext) "security_file_open": security_file_open, security_file_open_standby, hook::OPEN => open;
    fentry(FEntryContext) "vfs_rename": vfs_rename_begin, vfs_rename_begin_standby, hook::RENAME_BEGIN => rename_begin;
    fexit(FExitContext) "vfs_rename": vfs_rename_end, vfs_rename_end_standby, hook::RENAME => rename_end;
    fexit(FExitContext) "vfs_link": vfs_link, vfs_link_standby, hook::LINK => link;
    fexit(FExitContext) "vfs_symlink": vfs_symlink, vfs_symlink_standby, hook::SYMLINK => symlink;
    fexit(FExitContext) "vfs_mkdir": vfs_mkdir, vfs_mkdir_standby, hook::MKDIR => mkdir;
    fexit(FExitContext) "vfs_mkdir": vfs_mkdir_dentry, vfs_mkdir_dentry_standby, hook::MKDIR => mkdir_dentry;
    fexit(FExitContext) "vfs_mknod": vfs_mknod, vfs_mknod_standby, hook::MKNOD => mknod;
    fexit(FExitContext) "vfs_create": vfs_create, vfs_create_standby, hook::CREATE => create;
    fexit(FExitContext) "vfs_unlink": vfs_unlink, vfs_unlink_standby, hook::UNLINK => unlink;
    fentry(FEntryContext) "d_delete": d_delete, d_delete_standby, hook::RMDIR => rmdir;
    fexit(FExitContext) "notify_change": notify_change, notify_change_standby, hook::ATTRIBUTE => change;
    fexit(FExitContext) "vfs_setxattr": vfs_setxattr, vfs_setxattr_standby, hook::SETXATTR => setxattr;
    fexit(FExitContext) "vfs_removexattr": vfs_removexattr, vfs_removexattr_standby, hook::REMOVEXATTR => removexattr;
    fexit(FExitContext) "vfs_set_acl": vfs_set_acl, vfs_set_acl_standby, hook::SET_ACL => set_acl;
    fexit(FExitContext) "vfs_fileattr_set": vfs_fileattr_set, vfs_fileattr_set_standby, hook::FILEATTR => fileattr;
}

/// `locks_remove_file(filp)`: `__fput` calls it once, while the file is whole.
#[inline(always)]
fn write_closed(ctx: &FEntryContext) {
    event::write_closed::write_closed(Typed(ctx.arg(0)));
}

/// `security_file_open(file)`: `do_dentry_open` calls it when the file is set up.
#[inline(always)]
fn open(ctx: &FEntryContext) {
    event::open::open(Typed(ctx.arg(0)));
}

/// `vfs_rename(rd)`, before 5.12 `vfs_rename(.., old_dentry, .., new_dentry, .., flags)`.
#[inline(always)]
fn rename_begin(ctx: &FEntryContext) {
    let (o, a) = (offsets(), arguments());
    if exists(&a.rename_data) {
        let data = pointer(ctx, &a.rename_data);
        let (old, new) = (data.follow(&o.rename_old_dentry), data.follow(&o.rename_new_dentry));
        event::rename::begin(old, new, data.u32(&o.rename_flags));
    } else {
        let (old, new) = (pointer(ctx, &a.rename_old_dentry), pointer(ctx, &a.rename_new_dentry));
        event::rename::begin(old, new, word(ctx, &a.rename_flags) as u32);
    }
}

/// See [`rename_begin`].
#[inline(always)]
fn rename_end(ctx: &FExitContext) {
    let a = arguments();
    let old = if exists(&a.rename_data) {
        pointer(ctx, &a.rename_data).follow(&offsets().rename_old_dentry)
    } else {
        pointer(ctx, &a.rename_old_dentry)
    };
    event::rename::end(old, result(ctx, &a.rename_result));
}

/// `vfs_link(old_dentry, .., new_dentry, ..)`.
#[inline(always)]
fn link(ctx: &FExitContext) {
    let a = arguments();
    let (old, new) = (pointer(ctx, &a.link_old_dentry), pointer(ctx, &a.link_dentry));
    event::link::link(old, new, result(ctx, &a.link_result));
}

/// `vfs_symlink(.., dentry, oldname)`.
#[inline(always)]
fn symlink(ctx: &FExitContext) {
    let a = arguments();
    event::symlink::symlink(pointer(ctx, &a.symlink_dentry), result(ctx, &a.symlink_result));
}

/// `vfs_mkdir(.., dentry, mode)`: a number, or since 6.15 a dentry, which may be another one than was passed, or an error
/// in the place of a pointer, whose dentry is gone.
#[inline(always)]
fn mkdir(ctx: &FExitContext) {
    let a = arguments();
    event::make::make(hook::MKDIR, pointer(ctx, &a.mkdir_dentry), result(ctx, &a.mkdir_result));
}

/// See [`mkdir`]; user space loads this one where the result is a dentry.
#[inline(always)]
fn mkdir_dentry(ctx: &FExitContext) {
    /// `MAX_ERRNO` of include/linux/err.h.
    const ERRORS: u64 = 4095;
    let dentry = pointer(ctx, &arguments().mkdir_result);
    if dentry.untyped().0.wrapping_neg() > ERRORS {
        event::make::make(hook::MKDIR, dentry, 0);
    }
}

/// `vfs_mknod(.., dentry, mode, dev)`.
#[inline(always)]
fn mknod(ctx: &FExitContext) {
    let a = arguments();
    event::make::make(hook::MKNOD, pointer(ctx, &a.mknod_dentry), result(ctx, &a.mknod_result));
}

/// `vfs_create(.., dentry, mode, ..)`.
#[inline(always)]
fn create(ctx: &FExitContext) {
    let a = arguments();
    event::make::make(hook::CREATE, pointer(ctx, &a.create_dentry), result(ctx, &a.create_result));
}

/// `vfs_unlink(.., dentry, ..)`.
#[inline(always)]
fn unlink(ctx: &FExitContext) {
    let a = arguments();
    event::remove::unlink(pointer(ctx, &a.unlink_dentry), result(ctx, &a.unlink_result));
}

/// `d_delete(dentry)`: called when a name has been removed, with its inode still there. `vfs_rmdir` is inlined in 5.10.
#[inline(always)]
fn rmdir(ctx: &FEntryContext) {
    event::remove::rmdir(Typed(ctx.arg(0)));
}

/// `notify_change(.., dentry, attr, ..)`.
#[inline(always)]
fn change(ctx: &FExitContext) {
    let a = arguments();
    let (dentry, attr) = (pointer(ctx, &a.attribute_dentry), pointer(ctx, &a.attribute_attr));
    event::attribute::change(dentry, attr, result(ctx, &a.attribute_result));
}

/// `vfs_setxattr(.., dentry, name, ..)`.
#[inline(always)]
fn setxattr(ctx: &FExitContext) {
    let a = arguments();
    event::attribute::attribute(
        hook::SETXATTR,
        pointer(ctx, &a.setxattr_dentry),
        result(ctx, &a.setxattr_result),
    );
}

/// `vfs_removexattr(.., dentry, name)`.
#[inline(always)]
fn removexattr(ctx: &FExitContext) {
    let a = arguments();
    let dentry = pointer(ctx, &a.removexattr_dentry);
    event::attribute::attribute(hook::REMOVEXATTR, dentry, result(ctx, &a.removexattr_result));
}

/// `vfs_set_acl(.., dentry, acl_name, kacl)`, since 6.2.
#[inline(always)]
fn set_acl(ctx: &FExitContext) {
    let a = arguments();
    event::attribute::attribute(
        hook::SET_ACL,
        pointer(ctx, &a.set_acl_dentry),
        result(ctx, &a.set_acl_result),
    );
}

/// `vfs_fileattr_set(.., dentry, fa)`, since 5.13.
#[inline(always)]
fn fileattr(ctx: &FExitContext) {
    let a = arguments();
    event::attribute::attribute(
        hook::FILEATTR,
        pointer(ctx, &a.fileattr_dentry),
        result(ctx, &a.fileattr_result),
    );
}
