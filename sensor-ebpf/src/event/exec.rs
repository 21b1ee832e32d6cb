//! A process runs another program.

use sensor_common::{ExecRecord, Object, Text, hook, kind, limit, text_flag};

use crate::emit::{From, Record, Wake, called, send};
use crate::global::{exists, offsets};
use crate::kernel::Kptr;
use crate::path::{append_cgroup, append_path};
use crate::task;

/// `FMODE_EXEC` of include/linux/fs.h: set in the flags of files that were opened to be executed.
const FMODE_EXEC: u32 = 0x20;
/// Bytes of memory that are read at once: a page that is not there fails only itself.
const PAGE: u64 = 4096;

/// `task` has loaded what `bprm` describes.
#[inline(always)]
pub fn exec(task: Kptr, bprm: Kptr) {
    called(hook::EXEC);
    send(kind::EXEC, Wake::Now, |record, exec: &mut ExecRecord| {
        let o = offsets();
        exec.process = task::key(task);
        exec.parent = task::parent_key(task);
        fill_user(exec, task);
        fill_namespaces(exec, task);
        exec.argc = bprm.read_u32(&o.bprm_argc);
        exec.reserved = 0;
        task.read_bytes(&o.task_comm, &mut exec.comm);
        task.follow(&o.task_signal).follow(&o.signal_tty).read_bytes(&o.tty_name, &mut exec.tty);
        exec.filename = append_filename(record, bprm);
        exec.argv = append_argv(record, task);
        let file = bprm.follow(&o.bprm_file);
        exec.exe_object = task::object(file.follow(&o.file_inode));
        exec.exe = append_path(record, file.at(&o.file_path));
        fill_script(record, exec, task, bprm);
        exec.cwd = append_path(record, task.follow(&o.task_fs).at(&o.fs_pwd));
        let node = task.follow(&o.task_cgroups).follow(&o.css_set_dfl_cgrp).follow(&o.cgroup_kn);
        exec.cgroup_id = node.read_u64(&o.kernfs_id);
        exec.cgroup = append_cgroup(record, node);
    });
}

#[inline(always)]
fn fill_user(exec: &mut ExecRecord, task: Kptr) {
    let o = offsets();
    let cred = task.follow(&o.task_cred);
    exec.uid = cred.read_u32(&o.cred_uid);
    exec.gid = cred.read_u32(&o.cred_gid);
    exec.euid = cred.read_u32(&o.cred_euid);
    exec.egid = cred.read_u32(&o.cred_egid);
    exec.user_ns = cred.follow(&o.cred_user_ns).read_u32(&o.user_ns_inum);
    exec.login_uid = task.read_u32_or(&o.task_loginuid, u32::MAX);
    exec.session = task.read_u32_or(&o.task_sessionid, u32::MAX);
}

#[inline(always)]
fn fill_namespaces(exec: &mut ExecRecord, task: Kptr) {
    let o = offsets();
    let namespaces = task.follow(&o.task_nsproxy);
    exec.mount_ns = namespaces.follow(&o.nsproxy_mnt_ns).read_u32(&o.mnt_ns_inum);
    exec.net_ns = namespaces.follow(&o.nsproxy_net_ns).read_u32(&o.net_ns_inum);
    exec.pid_ns = task::pid_namespace(task);
}

/// The name as it was passed, from the kernel's copy of it.
#[inline(always)]
fn append_filename(record: &mut Record, bprm: Kptr) -> Text {
    let start = record.start();
    let name = bprm.follow(&offsets().bprm_filename);
    let read = record.append_string(name.0, limit::PATH);
    record.end(start, if read { 0 } else { text_flag::FAULT })
}

/// The arguments, from the new memory of the process, where the kernel has just put them.
#[inline(always)]
fn append_argv(record: &mut Record, task: Kptr) -> Text {
    let o = offsets();
    let start = record.start();
    let mm = task.follow(&o.task_mm);
    let mut address = mm.read_u64(&o.mm_arg_start);
    let mut left = mm.read_u64(&o.mm_arg_end).wrapping_sub(address);
    let mut flags = 0;
    if left > u64::from(limit::ARGV) {
        left = u64::from(limit::ARGV);
        flags |= text_flag::TRUNCATED;
    }
    // One more than the pages it fills, since it need not start with one.
    for _ in 0..=u64::from(limit::ARGV) / PAGE {
        if left == 0 {
            break;
        }
        let in_page = PAGE - (address & (PAGE - 1));
        let length = if left < in_page { left } else { in_page };
        if !record.append(From::User, address, length) {
            flags |= text_flag::TRUNCATED | text_flag::FAULT;
            break;
        }
        address += length;
        left -= length;
    }
    record.end(start, flags)
}

/// Fills in the script whose interpreter was loaded, if it is one.
#[inline(always)]
fn fill_script(record: &mut Record, exec: &mut ExecRecord, task: Kptr, bprm: Kptr) {
    let o = offsets();
    if bprm.follow(&o.bprm_filename) == bprm.follow(&o.bprm_interp) {
        exec.script_object = Object::NONE;
        exec.script = Text::EMPTY;
        return;
    }
    let file = script(task);
    exec.script_object = task::object(file.follow(&o.file_inode));
    exec.script = append_path(record, file.at(&o.file_path));
}

/// The file of the script that was named, or null.
///
/// `exec_binprm` of fs/exec.c has let go of it by now, but __fput runs only when the task returns to user space: until
/// then the file waits in `task_works`, newest first. It was the first of this system call, so it is the last there;
/// before it stand the files of the old address space and the loader of the new one.
#[inline(always)]
fn script(task: Kptr) -> Kptr {
    /// Files that the old address space may have had mapped.
    const FILES: u32 = 512;
    let o = offsets();
    if !exists(&o.file_task_work) {
        return Kptr::NULL;
    }
    let mut last = Kptr::NULL;
    let mut work = task.follow(&o.task_works);
    for _ in 0..FILES {
        if work.is_null() {
            break;
        }
        last = work;
        // A callback_head starts with the pointer to the next one.
        work = work.next();
    }
    // The work may be another one than a file's: it is taken for one only if all fits together.
    let file = last.container(&o.file_task_work);
    let inode = file.follow(&o.file_inode);
    let dentry = file.at(&o.file_path).follow(&o.path_dentry);
    let is_script = work.is_null()
        && !last.is_null()
        && file.read_u32(&o.file_flags) & FMODE_EXEC != 0
        && !inode.is_null()
        && dentry.follow(&o.dentry_inode) == inode;
    if is_script { file } else { Kptr::NULL }
}
