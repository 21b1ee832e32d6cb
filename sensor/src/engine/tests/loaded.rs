//! Whether managers have read what is told.

use super::host::{ETC, Run};
use crate::model::{Action, FileOperation, Known};

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
    run.exec(60, 1, "/usr/bin/sleep", &["sleep", "60"], "/user.slice/user@7.service/app.slice/new.service");
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
