//! What user space tells the kernel programs before they are loaded.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What the running kernel does not have.
pub const MISSING: u32 = u32::MAX;
/// Stands last among names when a kernel may have none of them; the programs then do without.
pub const OPTIONAL: &str = "";

/// A structure of words that user space looks up in the running kernel's types. The programs read them from a read-only
/// global, so the verifier knows them as constants.
macro_rules! words {
    ($(#[$outer:meta])* $structure:ident { $($(#[$doc:meta])* $name:ident = $sources:expr;)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
        #[repr(C)]
        pub struct $structure { $($(#[$doc])* pub $name: u32,)* }

        impl $structure {
            /// As they stand before user space has set them.
            pub const UNSET: Self = Self { $($name: MISSING,)* };

            /// For each field, in order, the names that kernels have for what it tells: the first that exists counts.
            pub const NAMES: &[&[&str]] = &[$($sources,)*];
        }
    };
}

words! {
    /// Where members stand in the running kernel's structures, in bytes. A name is a structure and a path of members,
    /// `a.b.c`; members of unnamed structures and unions need no step.
    Offsets {
        /// Thread group id.
        task_tgid = &["task_struct.tgid"];
        /// Thread id.
        task_pid = &["task_struct.pid"];
        /// The thread group's leader.
        task_group_leader = &["task_struct.group_leader"];
        /// The parent, by whichever of its threads.
        task_real_parent = &["task_struct.real_parent"];
        /// When it was created, on the boot clock.
        task_start_boottime = &["task_struct.start_boottime"];
        /// Name.
        task_comm = &["task_struct.comm"];
        /// Subjective credentials.
        task_cred = &["task_struct.cred"];
        /// User who logged in; absent without `CONFIG_AUDIT`.
        task_loginuid = &["task_struct.loginuid", OPTIONAL];
        /// Audit session.
        task_sessionid = &["task_struct.sessionid", OPTIONAL];
        /// Namespaces.
        task_nsproxy = &["task_struct.nsproxy"];
        /// The task's own struct pid.
        task_thread_pid = &["task_struct.thread_pid"];
        /// Working directory and root.
        task_fs = &["task_struct.fs"];
        /// Address space.
        task_mm = &["task_struct.mm"];
        /// What the threads of a process share.
        task_signal = &["task_struct.signal"];
        /// Control groups.
        task_cgroups = &["task_struct.cgroups"];
        /// Work to be done before the task returns to user space.
        task_works = &["task_struct.task_works"];
        /// Threads that still run.
        signal_live = &["signal_struct.live"];
        /// Controlling terminal.
        signal_tty = &["signal_struct.tty"];
        /// Name of a terminal.
        tty_name = &["tty_struct.name"];
        /// Real user id.
        cred_uid = &["cred.uid"];
        /// Real group id.
        cred_gid = &["cred.gid"];
        /// Effective user id.
        cred_euid = &["cred.euid"];
        /// Effective group id.
        cred_egid = &["cred.egid"];
        /// User namespace.
        cred_user_ns = &["cred.user_ns"];
        /// Inode number of a user namespace.
        user_ns_inum = &["user_namespace.ns.inum"];
        /// Mount namespace.
        nsproxy_mnt_ns = &["nsproxy.mnt_ns"];
        /// Inode number of a mount namespace.
        mnt_ns_inum = &["mnt_namespace.ns.inum"];
        /// Network namespace.
        nsproxy_net_ns = &["nsproxy.net_ns"];
        /// Inode number of a network namespace.
        net_ns_inum = &["net.ns.inum"];
        /// Depth of the pid namespace that a struct pid was made in.
        pid_level = &["pid.level"];
        /// Its number in each namespace.
        pid_numbers = &["pid.numbers"];
        /// Namespace of such a number.
        upid_ns = &["upid.ns"];
        /// Inode number of a pid namespace.
        pid_ns_inum = &["pid_namespace.ns.inum"];
        /// Working directory.
        fs_pwd = &["fs_struct.pwd"];
        /// Start of the arguments.
        mm_arg_start = &["mm_struct.arg_start"];
        /// End of the arguments.
        mm_arg_end = &["mm_struct.arg_end"];
        /// The file that is loaded.
        bprm_file = &["linux_binprm.file"];
        /// Its name as passed.
        bprm_filename = &["linux_binprm.filename"];
        /// The name of what is loaded in the end: another one than `filename` for scripts.
        bprm_interp = &["linux_binprm.interp"];
        /// Number of arguments.
        bprm_argc = &["linux_binprm.argc"];
        /// Mount and dentry of an open file.
        file_path = &["file.f_path"];
        /// Inode of an open file.
        file_inode = &["file.f_inode"];
        /// How it is open, as the kernel keeps it (`FMODE_READ` and its like).
        file_mode = &["file.f_mode"];
        /// How it was opened (`O_RDONLY` and its like).
        file_flags = &["file.f_flags"];
        /// Link into `task_works` of a file that is being released.
        file_task_work = &["file.f_task_work", "file.f_rcuhead", "file.f_u.fu_rcuhead", OPTIONAL];
        /// Mount of a path.
        path_mnt = &["path.mnt"];
        /// Dentry of a path.
        path_dentry = &["path.dentry"];
        /// The dentry that a mount shows as its root.
        vfsmount_root = &["vfsmount.mnt_root"];
        /// The vfsmount within a mount.
        mount_mnt = &["mount.mnt"];
        /// The mount that it is mounted on.
        mount_parent = &["mount.mnt_parent"];
        /// The dentry that it is mounted on.
        mount_mountpoint = &["mount.mnt_mountpoint"];
        /// Directory of a name.
        dentry_parent = &["dentry.d_parent"];
        /// Inode of a name.
        dentry_inode = &["dentry.d_inode"];
        /// Length of a name.
        dentry_name_len = &["dentry.d_name.len"];
        /// A name.
        dentry_name = &["dentry.d_name.name"];
        /// Back pointer in the hash of names: null when the name was removed.
        dentry_hash_pprev = &["dentry.d_hash.pprev"];
        /// Inode number.
        inode_ino = &["inode.i_ino"];
        /// Type and permission bits.
        inode_mode = &["inode.i_mode"];
        /// Tells files apart that have the same inode number one after the other.
        inode_generation = &["inode.i_generation"];
        /// File system.
        inode_sb = &["inode.i_sb"];
        /// Device of a file system.
        sb_dev = &["super_block.s_dev"];
        /// Control group in the unified hierarchy.
        css_set_dfl_cgrp = &["css_set.dfl_cgrp"];
        /// Directory of a control group.
        cgroup_kn = &["cgroup.kn"];
        /// Its parent directory.
        kernfs_parent = &["kernfs_node.__parent", "kernfs_node.parent"];
        /// Its name.
        kernfs_name = &["kernfs_node.name"];
        /// Its id.
        kernfs_id = &["kernfs_node.id"];
        /// The name that is moved, of a rename; absent before 5.12, where it is an argument.
        rename_old_dentry = &["renamedata.old_dentry", OPTIONAL];
        /// The name that it is moved to.
        rename_new_dentry = &["renamedata.new_dentry", OPTIONAL];
        /// How it is moved (`RENAME_EXCHANGE` and its like).
        rename_flags = &["renamedata.flags", OPTIONAL];
        /// What a change of attributes sets (`ATTR_MODE` and its like).
        iattr_valid = &["iattr.ia_valid"];
    }
}

words! {
    /// Where functions of the running kernel take their arguments. A name is a function and an argument, `f(a)`; `f()` is the
    /// place behind the last one, where a program that runs at the function's end finds its result.
    Arguments {
        /// A `struct renamedata`, since 5.12.
        rename_data = &["vfs_rename(rd)"];
        /// The name that is moved, before 5.12.
        rename_old_dentry = &["vfs_rename(old_dentry)"];
        /// The name that it is moved to, before 5.12.
        rename_new_dentry = &["vfs_rename(new_dentry)"];
        /// How it is moved, before 5.12.
        rename_flags = &["vfs_rename(flags)"];
        /// Result of a rename.
        rename_result = &["vfs_rename()"];
        /// The name that is linked.
        link_old_dentry = &["vfs_link(old_dentry)"];
        /// The new name of a link.
        link_dentry = &["vfs_link(new_dentry)"];
        /// Its result.
        link_result = &["vfs_link()"];
        /// The name of a symbolic link.
        symlink_dentry = &["vfs_symlink(dentry)"];
        /// Its result.
        symlink_result = &["vfs_symlink()"];
        /// The name of a directory that is made.
        mkdir_dentry = &["vfs_mkdir(dentry)"];
        /// Its result: a number, or since 6.15 a dentry.
        mkdir_result = &["vfs_mkdir()"];
        /// The name of a device, pipe or socket that is made.
        mknod_dentry = &["vfs_mknod(dentry)"];
        /// Its result.
        mknod_result = &["vfs_mknod()"];
        /// The name of a file that is made.
        create_dentry = &["vfs_create(dentry)"];
        /// Its result.
        create_result = &["vfs_create()"];
        /// The name that is removed.
        unlink_dentry = &["vfs_unlink(dentry)"];
        /// Its result.
        unlink_result = &["vfs_unlink()"];
        /// The file whose attributes change.
        attribute_dentry = &["notify_change(dentry)"];
        /// What is set.
        attribute_attr = &["notify_change(attr)"];
        /// Its result.
        attribute_result = &["notify_change()"];
        /// The file that gets an extended attribute.
        setxattr_dentry = &["vfs_setxattr(dentry)"];
        /// Its result.
        setxattr_result = &["vfs_setxattr()"];
        /// The file that loses one.
        removexattr_dentry = &["vfs_removexattr(dentry)"];
        /// Its result.
        removexattr_result = &["vfs_removexattr()"];
        /// The file that gets an access list.
        set_acl_dentry = &["vfs_set_acl(dentry)"];
        /// Its result.
        set_acl_result = &["vfs_set_acl()"];
        /// The file whose flags change.
        fileattr_dentry = &["vfs_fileattr_set(dentry)"];
        /// Its result.
        fileattr_result = &["vfs_fileattr_set()"];
    }
}
