//! The actor of an event: processes, their parents and the users behind them.

use crate::model::known::{Known, Reason};
use crate::model::process::{Actor, Process, Requester};
use crate::output::encode::words;

use super::object::Object;

pub(super) fn actor(object: &mut Object<'_>, actor: &Actor) {
    object.object("process", |object| process(object, &actor.process));
    object.objects("ancestry", &actor.ancestry, process);
    object.optional_object("requester", actor.requester.as_ref(), requester);
    object.known("user_name", actor.user_name.as_ref());
    object.known("login_name", actor.login_name.as_ref());
    object.known("remote_address", actor.remote_address.as_ref());
}

fn requester(object: &mut Object<'_>, requester: &Requester) {
    object.object("process", |object| process(object, &requester.process));
    object.objects("ancestry", &requester.ancestry, process);
    object.value("confidence", words::confidence(requester.confidence));
    object.value("basis", &requester.basis);
}

fn process(object: &mut Object<'_>, process: &Process) {
    object.value("pid", &process.key.pid);
    object.known("start_ns", told(process.key.start_ns));
    object.optional("parent_pid", process.parent.as_ref().map(|parent| &parent.pid));
    object.known_bytes("comm", &process.comm);
    object.known_bytes("exe", &process.exe);
    object.known_byte_list("argv", &process.argv);
    object.value("argv_truncated", &process.argv_truncated);
    object.known_bytes("cwd", &process.cwd);
    object.known("uid", process.user.as_ref().map(|user| user.uid));
    object.known("gid", process.user.as_ref().map(|user| user.gid));
    object.known("euid", process.user.as_ref().map(|user| user.euid));
    object.known("login_uid", process.user.as_ref().map(|user| user.login_uid));
    object.known("session", process.user.as_ref().map(|user| user.session));
    match &process.tty {
        Known::Is(tty) => object.optional_bytes("tty", tty.as_ref()),
        Known::Pending => object.known::<&str>("tty", Known::Pending),
        Known::Missing(reason) => object.known::<&str>("tty", Known::Missing(*reason)),
    }
    object.known_bytes("cgroup", &process.cgroup);
    object.optional_bytes("unit", process.unit.as_ref());
    object.optional_bytes("container", process.container.as_ref());
    object.known_object("namespaces", process.namespaces.as_ref(), |object, namespaces| {
        object.value("mount", &namespaces.mount);
        object.value("pid", &namespaces.pid);
        object.known("user", told(namespaces.user));
        object.known("network", told(namespaces.network));
    });
}

/// A number for which the model writes zero where the source didn't tell it.
fn told<T: Default + PartialEq>(number: T) -> Known<T> {
    if number == T::default() { Known::Missing(Reason::NotRecorded) } else { Known::Is(number) }
}
