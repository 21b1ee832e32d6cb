//! Whether managers have read what is told.

use super::host::{ETC, Run};
use crate::model::{Action, FileOperation, Known, Scope};

const PLAIN: &str = "[Service]\nExecStart=/usr/bin/sleep 60\n";
const OUTPUTS: [&str; 3] =
    ["/run/systemd/generator", "/run/systemd/generator.early", "/run/systemd/generator.late"];

/// The manager runs its generators, from its process `parent` on: an executor forks, and a generator of it runs and ends.
fn reload(run: &mut Run, parent: u32, outputs: [&str; 3]) {
    run.fork(parent, 50);
    run.fork(50, 51);
    let argv = [&["x"][..], &outputs].concat();
    run.exec(51, 50, "/usr/lib/systemd/system-generators/x", &argv, "/init.scope");
    run.exit(51);
    run.exit(50);
}

/// A user's manager starts, and reads its units after its generators.
fn user_manager_starts(run: &mut Run, uid: u32, pid: u32) {
    let group = format!("/user.slice/user-{uid}.slice/user@{uid}.service/init.scope");
    run.fork(1, pid);
    run.exec(pid, 1, "/usr/lib/systemd/systemd", &["systemd", "--user"], &group);
    user_manager_reloads(run, uid, pid);
}

fn user_manager_reloads(run: &mut Run, uid: u32, pid: u32) {
    let group = format!("/user.slice/user-{uid}.slice/user@{uid}.service/init.scope");
    let outputs = ["generator", "generator.early", "generator.late"]
        .map(|name| format!("/run/user/{uid}/systemd/{name}"));
    let argv = [&["x"][..], &outputs.each_ref().map(String::as_str)].concat();
    run.fork(pid, pid + 1);
    run.fork(pid + 1, pid + 2);
    run.exec(pid + 2, pid + 1, "/usr/lib/systemd/user-generators/x", &argv, &group);
    run.exit(pid + 2);
    run.exit(pid + 1);
}

#[test]
fn each_users_manager_reads_a_unit_of_all_users_for_itself() {
    let mut run = Run::new(&[]);
    user_manager_starts(&mut run, 7, 70);
    run.write(100, "/etc/systemd/user/a.service", PLAIN);
    let (events, loaded) = run.told_by_manager();
    assert_eq!(
        (events[0].service.scope, events[0].loaded.clone(), loaded),
        (Scope::AllUsers, Known::Is(false), vec![])
    );
    user_manager_reloads(&mut run, 7, 70);
    assert_eq!(run.told_by_manager().1, [(1, Scope::User(7))]);
    user_manager_reloads(&mut run, 7, 70);
    reload(&mut run, 1, OUTPUTS);
    assert_eq!(run.told_by_manager().1, [], "told once, and not of the host's manager");
    user_manager_starts(&mut run, 8, 80);
    assert_eq!(run.told_by_manager().1, [(1, Scope::User(8))], "one that starts later reads it, too");
}

#[test]
fn a_unit_of_all_users_that_was_read_before_it_is_told_is_loaded() {
    let mut run = Run::new(&[("/etc/systemd/user/a.service", PLAIN)]);
    run.command(200, &["rm", "a.service"]);
    run.remove(200, "/etc/systemd/user/a.service");
    user_manager_starts(&mut run, 7, 70);
    run.pass(300);
    let (events, loaded) = run.told_by_manager();
    assert_eq!((events[0].loaded.clone(), loaded), (Known::Is(true), vec![]));
    user_manager_starts(&mut run, 8, 80);
    user_manager_reloads(&mut run, 7, 70);
    assert_eq!(run.told_by_manager().1, [(1, Scope::User(8))]);
}

#[test]
fn a_new_unit_that_a_users_manager_starts_is_loaded_by_it() {
    let mut run = Run::new(&[]);
    user_manager_starts(&mut run, 7, 70);
    run.write(100, "/etc/systemd/user/a.service", PLAIN);
    run.told();
    let group = "/user.slice/user-7.slice/user@7.service/app.slice/a.service";
    run.command(200, &["bash"]);
    run.exec(60, 200, "/usr/bin/sleep", &["sleep", "60"], group);
    assert_eq!(run.told_by_manager().1, [], "a shell put itself into such a group");
    run.fork(70, 61);
    run.exec(61, 70, "/usr/bin/sleep", &["sleep", "60"], group);
    assert_eq!(run.told_by_manager().1, [(1, Scope::User(7))]);
}

#[test]
fn a_reload_reads_what_was_told_before() {
    let mut run = Run::new(&[]);
    run.command(200, &["cp", "a.service", ETC]);
    run.write(200, &format!("{ETC}/a.service"), PLAIN);
    run.write(200, &format!("{ETC}/a.service"), "[Service]\nExecStart=/usr/bin/sleep 61\n");
    let (events, loaded) = run.told();
    let facts: Vec<_> = events.iter().map(|event| (event.id.number, event.loaded.clone())).collect();
    assert_eq!(facts, [(1, Known::Is(false)), (2, Known::Is(false))]);
    assert_eq!(loaded, [0; 0]);
    reload(&mut run, 1, OUTPUTS);
    assert_eq!(run.told().1, [1, 2]);
    // What comes later waits for the next one.
    run.write(200, &format!("{ETC}/a.service"), PLAIN);
    assert_eq!(run.told().0[0].loaded, Known::Is(false));
    reload(&mut run, 1, OUTPUTS);
    assert_eq!(run.told().1, [3]);
}

#[test]
fn what_is_told_after_the_reload_that_read_it_is_loaded() {
    let mut run = Run::new(&[(&format!("{ETC}/a.service"), PLAIN)]);
    run.command(200, &["rm", "a.service"]);
    run.remove(200, &format!("{ETC}/a.service"));
    reload(&mut run, 1, OUTPUTS);
    run.pass(300);
    let (events, loaded) = run.told();
    assert_eq!((events[0].loaded.clone(), loaded), (Known::Is(true), vec![]));
}

#[test]
fn a_generator_that_others_run_is_no_reload() {
    let mut run = Run::new(&[]);
    run.write(100, &format!("{ETC}/a.service"), PLAIN);
    run.told();
    reload(&mut run, 100, OUTPUTS);
    assert_eq!(run.told().1, [0; 0], "a shell ran it");
    reload(&mut run, 1, ["/tmp/a", "/tmp/b", "/tmp/c"]);
    assert_eq!(run.told().1, [0; 0], "it writes elsewhere");
    let users = [
        "/run/user/7/systemd/generator",
        "/run/user/7/systemd/generator.early",
        "/run/user/7/systemd/generator.late",
    ];
    reload(&mut run, 1, users);
    assert_eq!(run.told().1, [0; 0], "it is another manager's");
}

#[test]
fn a_reload_tells_what_writers_still_hold() {
    let mut run = Run::new(&[]);
    let path = &format!("{ETC}/a.service");
    run.host.files.insert(path.as_str().into(), super::host::regular(PLAIN));
    run.host.writers.insert(100);
    run.touch(100, FileOperation::Write, path);
    run.pass(300);
    assert_eq!(run.told().0.len(), 0);
    reload(&mut run, 1, OUTPUTS);
    let (events, loaded) = run.told();
    assert_eq!((events.len(), loaded), (1, vec![1]));
}

#[test]
fn what_a_child_still_writes_is_told_when_it_has_finished() {
    let mut run = Run::new(&[]);
    let path = &format!("{ETC}/a.service");
    run.command(200, &["sh"]);
    run.host.files.insert(path.as_str().into(), super::host::regular(""));
    run.touch(200, FileOperation::Create, path);
    run.fork(200, 201);
    run.fork(201, 202);
    run.exit(201);
    run.host.writers.insert(202);
    run.exit(200);
    run.pass(300);
    assert_eq!(run.told().0.len(), 0, "it was opened, and the child has not written yet");
    run.host.writers.clear();
    run.host.files.insert(path.as_str().into(), super::host::regular(PLAIN));
    // Its end may be told before its close.
    run.exit(202);
    let doers: Vec<_> =
        run.told().0.iter().map(|event| event.actor.get().map(|actor| actor.process.key.pid)).collect();
    assert_eq!(doers, [Some(202)]);
}

#[test]
fn what_a_generator_still_writes_is_told_when_it_has_finished() {
    let mut run = Run::new(&[]);
    let path = "/run/systemd/generator/made.service";
    run.host.files.insert(path.into(), super::host::regular(""));
    run.host.writers.insert(100);
    run.touch(100, FileOperation::Create, path);
    reload(&mut run, 1, OUTPUTS);
    run.command(200, &["systemctl", "daemon-reload"]);
    let (events, _) = run.told();
    assert!(events.iter().all(|event| event.service.name != "made.service"), "{events:?}");
    run.host.writers.clear();
    run.write(100, path, PLAIN);
    let names: Vec<_> = run.told().0.into_iter().map(|event| event.service.name).collect();
    assert_eq!(names, ["made.service"]);
}

#[test]
fn a_new_unit_that_starts_is_loaded() {
    let mut run = Run::new(&[(&format!("{ETC}/old.service"), PLAIN)]);
    run.write(100, &format!("{ETC}/new.service"), PLAIN);
    run.write(100, &format!("{ETC}/old.service"), "[Service]\nExecStart=/usr/bin/sleep 61\n");
    run.told();
    let users = "/user.slice/user-7.slice/user@7.service/app.slice/new.service";
    run.exec(60, 1, "/usr/bin/sleep", &["sleep", "60"], users);
    assert_eq!(run.told().1, [0; 0], "a user's unit of that name");
    run.exec(61, 1, "/usr/bin/sleep", &["sleep", "60"], "/system.slice/new.service");
    run.exec(62, 1, "/usr/bin/sleep", &["sleep", "60"], "/system.slice/old.service");
    assert_eq!(run.told().1, [1], "the manager may know the other one from before");
    run.command(201, &["systemctl", "restart", "old.service"]);
    assert_eq!(run.told().0[0].loaded, Known::Is(false), "it restarts what it has read before");
}

#[test]
fn what_the_manager_makes_for_itself_is_loaded() {
    let mut run = Run::new(&[]);
    run.write(1, "/run/systemd/transient/run-1.service", PLAIN);
    run.write(1, &format!("{ETC}.control/run-1.service.d/50-CPUQuota.conf"), "[Service]\nCPUQuota=5%\n");
    run.write(100, "/run/systemd/transient/run-2.service", PLAIN);
    let loaded: Vec<_> = run.told().0.into_iter().map(|event| event.loaded).collect();
    assert_eq!(loaded, [Known::Is(true), Known::Is(true), Known::Is(false)]);
}

#[test]
fn what_the_manager_still_writes_into_a_new_directory_is_told_when_it_has_finished() {
    let mut run = Run::new(&[]);
    let (directory, path) = ("/run/systemd/transient", "/run/systemd/transient/run-1.service");
    run.host.files.insert(path.into(), super::host::regular(""));
    run.host.writers.insert(1);
    run.touch(1, FileOperation::Create, directory);
    run.pass(300);
    assert_eq!(run.told().0, []);
    run.write(1, path, PLAIN);
    let told: Vec<_> = run.told().0.into_iter().map(|event| (event.action, event.service.name)).collect();
    assert_eq!(told, [(Action::Created, "run-1.service".to_owned())]);
}
