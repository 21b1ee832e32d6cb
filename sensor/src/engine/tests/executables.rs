//! Programs of units that are replaced.

use super::host::{ETC, Run, regular};
use crate::engine::Input;
use crate::host::FileState;
use crate::model::process::Confidence;
use crate::model::{Action, FileOperation, Known, Mechanism, ServiceEvent, Timestamp};

const SERVE: &str = "/opt/shop/serve";

fn run() -> Run {
    let unit = |extra: &str| format!("[Service]\nExecStart={SERVE}\n{extra}");
    Run::new(&[
        (SERVE, "old"),
        ("/opt/other", "old"),
        (&format!("{ETC}/shop.service"), &unit("")),
        (&format!("{ETC}/shop-admin.service"), &unit("User=shop\n")),
    ])
}

/// Another file stands there now.
fn replace(run: &mut Run, path: &str, content: &str, inode: u64) {
    let FileState::Regular(mut file) = regular(content) else { return };
    file.object.1 = inode;
    run.host.files.insert(path.into(), FileState::Regular(file));
}

fn gist(event: &ServiceEvent) -> (Action, Mechanism, &str, Option<u32>) {
    let pid = event.actor.get().map(|actor| actor.process.key.pid);
    (event.action, event.mechanism, &event.service.name, pid)
}

#[test]
fn a_program_that_is_written_or_replaced_is_told() {
    let mut run = run();
    run.command(200, &["tee", SERVE]);
    run.host.files.insert(SERVE.into(), regular("new program"));
    run.touch(200, FileOperation::Close, SERVE);
    let event = run.told().0.remove(0);
    assert_eq!(gist(&event), (Action::Modified, Mechanism::Executable, "shop-admin.service", Some(200)));
    assert_eq!(event.details, [("affected", "shop-admin.service shop.service".into())]);
    assert_eq!(event.file.unwrap().path_as_named, Known::Is(SERVE.into()));
    // Renamed over: the file that was there lost its name.
    run.command(201, &["mv", "x", SERVE]);
    replace(&mut run, SERVE, "newer", 77);
    run.touch(201, FileOperation::Attribute, SERVE);
    run.pass(300);
    assert_eq!(gist(&run.told().0[0]).3, Some(201));
    // Of a unit that came later, too.
    run.write(100, &format!("{ETC}/late.service"), "[Service]\nExecStart=/opt/other\n");
    replace(&mut run, "/opt/other", "new", 78);
    run.touch(100, FileOperation::Attribute, "/opt/other");
    run.pass(300);
    let names: Vec<String> = run.told().0.into_iter().map(|event| event.service.name).collect();
    assert_eq!(names, ["late.service", "late.service"]);
}

#[test]
fn a_program_that_changed_unseen_is_found_when_everything_is_read_again() {
    let mut run = run();
    run.host.files.insert(SERVE.into(), regular("new program"));
    run.feed(Input::Rescan(Timestamp(1)));
    let told: Vec<_> = run.told().0.iter().map(|event| gist(event).1).collect();
    assert_eq!(told, [Mechanism::Executable]);
    run.feed(Input::Rescan(Timestamp(2)));
    assert_eq!(run.told().0.len(), 0, "it is known now");
}

#[test]
fn a_program_that_comes_after_a_while_is_told_when_it_runs() {
    let mut run = run();
    run.remove(100, SERVE);
    run.pass(300);
    assert_eq!(run.told().0.len(), 0);
    let group = "/system.slice/shop.service";
    run.exec(300, 1, "/opt/other", &["other"], group);
    replace(&mut run, SERVE, "new", 79);
    assert_eq!(run.told().0.len(), 0, "nobody is asked");
    run.exec(301, 1, SERVE, &["serve"], group);
    let events = run.told().0;
    let told: Vec<_> = events.iter().map(gist).collect();
    assert_eq!(told, [(Action::Modified, Mechanism::Executable, "shop-admin.service", None)]);
    assert_eq!(events[0].evidence.len(), 1);
    run.exec(302, 1, SERVE, &["serve"], group);
    assert_eq!(run.told().0.len(), 0, "it is known now");
}

#[test]
fn a_large_program_may_only_have_been_touched() {
    let mut run = run();
    let large = "x".repeat(200);
    run.host.files.insert(SERVE.into(), regular(&large));
    run.touch(100, FileOperation::Close, SERVE);
    let FileState::Regular(mut file) = regular(&large) else { return };
    // It stands for the time of the last write here.
    file.links = 9;
    run.told();
    run.host.files.insert(SERVE.into(), FileState::Regular(file));
    run.touch(100, FileOperation::Close, SERVE);
    let confidence: Vec<_> = run.told().0.iter().map(|event| event.confidence).collect();
    assert_eq!(confidence, [Confidence::Medium]);
}

#[test]
fn a_program_that_others_may_write_to_from_now_on_is_told() {
    let mut run = run();
    let set = |run: &mut Run, mode, uid| {
        let FileState::Regular(mut file) = regular("old") else { return };
        (file.mode, file.uid) = (mode, uid);
        run.host.files.insert(SERVE.into(), FileState::Regular(file));
        run.command(200, &["chmod", "o+w", SERVE]);
        run.touch(200, FileOperation::Attribute, SERVE);
        run.pass(300);
    };
    set(&mut run, 0o757, 0);
    let event = run.told().0.remove(0);
    assert_eq!(gist(&event), (Action::Modified, Mechanism::Executable, "shop-admin.service", Some(200)));
    assert!(event.note.unwrap().contains("others may write"));
    let affected = ("affected", "shop-admin.service shop.service".into());
    assert_eq!(event.details, [affected, ("opened_to", "everybody".into())]);
    set(&mut run, 0o755, 0);
    assert_eq!(run.told().0.len(), 0, "closed again");
    set(&mut run, 0o755, 33);
    assert_eq!(run.told().0.len(), 1, "given away");
    set(&mut run, 0o700, 0);
    assert_eq!(run.told().0.len(), 0, "taken back");
}

#[test]
fn the_same_program_in_another_file_is_not_told() {
    let mut run = run();
    replace(&mut run, SERVE, "old", 77);
    run.touch(200, FileOperation::Attribute, SERVE);
    run.pass(300);
    assert_eq!(run.told().0.len(), 0);
    // The new file is the one that counts from now on.
    run.host.files.insert(SERVE.into(), regular("other"));
    replace(&mut run, SERVE, "other", 77);
    run.touch(200, FileOperation::Close, SERVE);
    assert_eq!(run.told().0.len(), 1);
}

#[test]
fn what_does_not_change_what_runs_is_not_told() {
    let mut run = run();
    run.touch(100, FileOperation::Attribute, SERVE);
    run.touch(100, FileOperation::Close, SERVE);
    run.pass(300);
    assert_eq!(run.told().0.len(), 0, "touched, or opened and closed");
    run.remove(100, SERVE);
    run.pass(300);
    assert_eq!(run.told().0.len(), 0, "removed");
    let mut run = self::run();
    for unit in ["shop", "shop-admin"] {
        run.write(100, &format!("{ETC}/{unit}.service"), "[Service]\nExecStart=/opt/other\n");
    }
    run.told();
    replace(&mut run, SERVE, "new", 79);
    run.touch(100, FileOperation::Attribute, SERVE);
    run.pass(300);
    assert_eq!(run.told().0.len(), 0, "no unit runs it any more");
}
