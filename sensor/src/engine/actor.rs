//! Who did it: a process, its ancestry, its user and where that user logged in from.

use bstr::BString;

use crate::correlate::ProcessTable;
use crate::host::Host;
use crate::model::process::{Actor, Requester};
use crate::model::{Known, Process, ProcessKey, Reason};

/// The most ancestors that are asked of the host.
const MOST_ANCESTORS: usize = 64;

/// Takes in all processes that the host knows.
pub(super) fn seed(table: &mut ProcessTable, host: &mut dyn Host) {
    for pid in host.processes() {
        if let Ok(process) = host.process(pid) {
            table.seed(process);
        }
    }
}

/// All that can be told of the process that `key` means.
pub(super) fn describe(
    key: ProcessKey,
    requester: Option<Requester>,
    table: &mut ProcessTable,
    host: &mut dyn Host,
) -> Known<Actor> {
    let (process, ancestry) = match with_ancestry(key, table, host) {
        Ok(found) => found,
        Err(reason) => return Known::Missing(reason),
    };
    let user = process.user.as_ref();
    let name = |uid: u32, host: &mut dyn Host| Known::from(host.user_name(uid));
    let user_name = fact(&user.clone().map(|user| Some(user.uid)), |uid| name(uid, host));
    let login_name = fact(&user.clone().map(|user| user.login_uid), |uid| name(uid, host));
    let remote_address = fact(&user.map(|user| user.session), |session| host.remote_address(session).into());
    Known::Is(Actor { process, ancestry, requester, user_name, login_name, remote_address })
}

/// The process that `key` means and its parents, nearest first.
pub(super) fn with_ancestry(
    key: ProcessKey,
    table: &mut ProcessTable,
    host: &mut dyn Host,
) -> Result<(Process, Vec<Process>), Reason> {
    if key.pid == 0 {
        // fanotify(7): a process outside of the reader's pid namespace.
        return Err(Reason::Unsupported);
    }
    let mut process = if let Some(process) = table.get(key) {
        process
    } else {
        let process = host.process(key.pid)?;
        if key.start_ns != 0 && !process.key.is_same(key) {
            return Err(Reason::Exited);
        }
        table.seed(process.clone());
        process
    };
    if !table.has_exited(process.key) {
        complete(&mut process, host);
        // A process may take another name at any time (prctl(2), PR_SET_NAME).
        if let Ok(comm) = host.comm(process.key.pid) {
            process.comm = Known::Is(comm);
        }
    } else if process.cgroup.get().is_none() {
        process.cgroup = Known::Missing(Reason::Exited);
    }
    let mut ancestry = table.ancestry(process.key);
    // Where the table's chain breaks off before the first process, the host may still know the rest.
    for _ in 0..MOST_ANCESTORS {
        let last = ancestry.last().unwrap_or(&process);
        let Some(parent) = last.parent.filter(|_parent| last.key.pid != 1) else { break };
        let Ok(parent) = host.process(parent.pid) else { break };
        let known = ancestry.len();
        table.seed(parent);
        ancestry = table.ancestry(process.key);
        if ancestry.len() <= known {
            break;
        }
    }
    Ok((process, ancestry))
}

/// Fills in what only the host's process table tells, while the process lives.
fn complete(process: &mut Process, host: &mut dyn Host) {
    if process.cgroup.get().is_some() {
        return;
    }
    let told = match host.process(process.key.pid) {
        Ok(told) if told.key.is_same(process.key) => told,
        Ok(_) | Err(_) => {
            process.cgroup = Known::Missing(Reason::Exited);
            return;
        }
    };
    process.cgroup = told.cgroup;
    process.unit = told.unit;
    process.container = told.container;
    fill(&mut process.tty, told.tty);
    fill(&mut process.namespaces, told.namespaces);
    fill::<Vec<BString>>(&mut process.argv, told.argv);
    fill(&mut process.cwd, told.cwd);
    fill(&mut process.exe, told.exe);
    fill(&mut process.user, told.user);
}

fn fill<T>(fact: &mut Known<T>, other: Known<T>) {
    if fact.get().is_none() {
        *fact = other;
    }
}

/// What `ask` says of a number, or why there is none to ask for.
fn fact(number: &Known<Option<u32>>, ask: impl FnOnce(u32) -> Known<String>) -> Known<String> {
    match number {
        Known::Is(Some(number)) => ask(*number),
        Known::Is(None) => Known::Missing(Reason::NotFound),
        Known::Pending => Known::Pending,
        Known::Missing(reason) => Known::Missing(*reason),
    }
}
