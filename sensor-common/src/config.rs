//! What user space tells the kernel programs before they are loaded.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Offset of a member that the running kernel does not have.
pub const MISSING: u32 = u32::MAX;

macro_rules! offsets {
    ($($(#[$doc:meta])* $name:ident = $paths:expr;)*) => {
        /// Where members stand in the running kernel's structures, in bytes.
        ///
        /// The program reads them from a read-only global, so the verifier knows them as constants.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
        #[repr(C)]
        pub struct Offsets { $($(#[$doc])* pub $name: u32,)* }

        impl Offsets {
            /// As they stand before user space has set them.
            pub const UNSET: Self = Self { $($name: MISSING,)* };

            /// For each member, in the order of the fields, the names that kernels have for it: the first that exists
            /// counts. A name is a structure and a path of members, `a.b.c`; members of unnamed unions need no step.
            pub const NAMES: &[&[&str]] = &[$($paths,)*];
        }
    };
}

offsets! {
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
    task_loginuid = &["task_struct.loginuid"];
    /// Audit session.
    task_sessionid = &["task_struct.sessionid"];
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
    file_task_work = &["file.f_task_work", "file.f_rcuhead", "file.f_u.fu_rcuhead"];
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
}
