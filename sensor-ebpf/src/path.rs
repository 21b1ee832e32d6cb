//! Paths as the kernel holds them: names linked from the leaf to the root.
//!
//! `bpf_d_path` is allowed in a few programs only and speaks of the current root directory. These walks follow
//! `prepend_path` of fs/d_path.c up to the root of the mount namespace. They write the names from the leaf to the root,
//! each followed by a slash, and user space turns them around.

use sensor_common::{Text, limit, text_flag};

use crate::emit::{From, Record};
use crate::global::offsets;
use crate::kernel::Kptr;

/// Appends the path of a `struct path`.
#[inline(always)]
pub fn append_path(record: &mut Record, path: Kptr) -> Text {
    let o = offsets();
    let start = record.start();
    let mut mnt = path.follow(&o.path_mnt);
    let mut dentry = path.follow(&o.path_dentry);
    if mnt.is_null() || dentry.is_null() {
        return record.end(start, text_flag::FAULT);
    }
    let mut flags = text_flag::TRUNCATED;
    if dentry.follow(&o.dentry_hash_pprev).is_null() && dentry != mnt.follow(&o.vfsmount_root) {
        flags |= text_flag::UNLINKED;
    }
    for _ in 0..limit::DEPTH {
        if dentry == mnt.follow(&o.vfsmount_root) {
            let mount = mnt.container(&o.mount_mnt);
            let parent = mount.follow(&o.mount_parent);
            if parent == mount || parent.is_null() {
                flags &= !text_flag::TRUNCATED;
                break;
            }
            dentry = mount.follow(&o.mount_mountpoint);
            mnt = parent.at(&o.mount_mnt);
            continue;
        }
        let length = dentry.read_u32(&o.dentry_name_len) & limit::NAME;
        let name = dentry.follow(&o.dentry_name);
        if !record.append(From::Kernel, name.0, u64::from(length)) {
            flags |= text_flag::FAULT;
            break;
        }
        record.append_byte(b'/');
        let parent = dentry.follow(&o.dentry_parent);
        if parent == dentry || parent.is_null() {
            flags = flags & !text_flag::TRUNCATED | text_flag::DETACHED;
            break;
        }
        dentry = parent;
    }
    record.end(start, flags)
}

/// Appends the path of a control group within its hierarchy.
#[inline(always)]
pub fn append_cgroup(record: &mut Record, node: Kptr) -> Text {
    let o = offsets();
    let start = record.start();
    let mut node = node;
    let mut flags = text_flag::TRUNCATED;
    if node.is_null() {
        return record.end(start, text_flag::FAULT);
    }
    for _ in 0..limit::DEPTH {
        let parent = node.follow(&o.kernfs_parent);
        if parent.is_null() {
            flags &= !text_flag::TRUNCATED;
            break;
        }
        if !record.append_string(node.follow(&o.kernfs_name).0, limit::NAME + 1) {
            flags |= text_flag::FAULT;
            break;
        }
        record.append_byte(b'/');
        node = parent;
    }
    record.end(start, flags)
}
