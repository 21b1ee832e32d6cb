//! Who changed a file, and how they named it.

use super::host::{ETC, Run, regular};
use crate::host::FileState;
use crate::model::{FileOperation, Known, Reason, Scope};

const PLAIN: &str = "[Service]\nExecStart=/usr/bin/sleep 60\n";
const DROP_IN: &str = "[Service]\nNice=5\n";

#[test]
fn a_file_is_told_by_its_path_and_as_it_was_named() {
    let mut run = Run::new(&[]);
    run.command(200, &["cp", "a.service", "../etc/systemd/system/"]);
    run.write(200, &format!("{ETC}/a.service"), PLAIN);
    run.write(100, &format!("{ETC}/b.service"), PLAIN);
    run.write(300, &format!("{ETC}/c.service"), PLAIN);
    let named: Vec<_> = run.told().0.into_iter().map(|event| event.file.unwrap().path_as_named).collect();
    assert_eq!(
        named,
        [
            Known::Is("../etc/systemd/system/a.service".into()),
            Known::Missing(Reason::NotRecorded),
            Known::Missing(Reason::NotFound),
        ],
        "by its arguments, by a shell's redirection, and by nobody who is known"
    );
}

#[test]
fn a_drop_in_behind_a_linked_directory_is_told_by_both_paths() {
    let mut run = Run::new(&[(&format!("{ETC}/a.service"), PLAIN)]);
    let directory = format!("{ETC}/a.service.d");
    let link = FileState::Symlink { target: "/opt/d".into() };
    run.host.files.insert(directory.as_str().into(), link);
    for (pid, argv, named) in [
        (200, ["tee", "/opt/d/o.conf"], "/opt/d/o.conf"),
        (201, ["tee", "/etc/systemd/system/a.service.d/o.conf"], "/etc/systemd/system/a.service.d/o.conf"),
        (202, ["sh", "-c"], "/etc/systemd/system/a.service.d/o.conf"),
    ] {
        run.command(pid, &argv);
        run.write(pid, &format!("{directory}/o.conf"), &format!("{DROP_IN}# {pid}\n"));
        let event = run.told().0.remove(0);
        let file = event.file.unwrap();
        assert_eq!((file.path, file.path_as_named), ("/opt/d/o.conf".into(), Known::Is(named.into())));
        assert_eq!(event.details, [("unit_path", format!("{directory}/o.conf"))]);
    }
}

#[test]
fn several_who_change_a_name_at_once_are_all_told() {
    let mut run = Run::new(&[(&format!("{ETC}/a.service"), PLAIN)]);
    let path = &format!("{ETC}/a.service");
    run.command(200, &["rm", "a.service"]);
    run.remove(200, path);
    run.command(201, &["cp", "x", "a.service"]);
    run.write(201, path, "[Service]\nExecStart=/usr/bin/sleep 61\n");
    let event = run.told().0.remove(0);
    assert_eq!(event.actor.get().unwrap().process.key.pid, 201);
    assert_eq!(event.details, [("also_changed_by", "rm[200]".into())], "which did not write it");
    run.command(202, &["tee", "a.service"]);
    run.command(203, &["cp", "y", "a.service"]);
    run.touch(202, FileOperation::Write, path);
    run.write(203, path, PLAIN);
    let event = run.told().0.remove(0);
    assert_eq!(event.actor.get().unwrap().process.key.pid, 203);
    let basis = "the last of several that wrote it at that time";
    assert_eq!(
        event.details,
        [
            ("actor_confidence", "low".into()),
            ("actor_basis", basis.into()),
            ("also_changed_by", "tee[202]".into())
        ]
    );
}

#[test]
fn what_is_found_in_a_new_directory_may_be_anybodys() {
    let mut run = Run::new(&[(&format!("{ETC}/a.service"), PLAIN)]);
    let (directory, path) = (format!("{ETC}/a.service.d"), format!("{ETC}/a.service.d/o.conf"));
    run.command(200, &["mkdir", "a.service.d"]);
    run.host.files.insert(path.as_str().into(), regular(DROP_IN));
    run.touch(200, FileOperation::Create, &directory);
    run.pass(300);
    let event = run.told().0.remove(0);
    assert_eq!(event.actor.get().unwrap().process.key.pid, 200);
    assert_eq!(event.details[0], ("actor_confidence", "medium".into()));
    // Where the writer was seen after all, it is the one.
    let mut run = Run::new(&[(&format!("{ETC}/a.service"), PLAIN)]);
    run.command(200, &["mkdir", "a.service.d"]);
    run.host.files.insert(path.as_str().into(), regular(DROP_IN));
    run.touch(200, FileOperation::Create, &directory);
    run.command(201, &["cp", "o.conf", "a.service.d"]);
    run.touch(201, FileOperation::Close, &path);
    let event = run.told().0.remove(0);
    assert_eq!((event.actor.get().unwrap().process.key.pid, event.details), (201, vec![]));
}

#[test]
fn another_users_manager_may_be_asked() {
    let mut run = Run::new(&[]);
    for machine in ["1000@.host", "1000@"] {
        run.command(200, &["systemctl", "--user", "-M", machine, "stop", "own.service"]);
        let scopes: Vec<Scope> = run.told().0.into_iter().map(|event| event.service.scope).collect();
        assert_eq!(scopes, [Scope::User(1000)], "{machine}");
    }
}

#[test]
fn what_is_asked_of_another_host_is_not_of_a_unit_here() {
    let mut run = Run::new(&[(&format!("{ETC}/a.service"), "[Service]\nExecStart=/usr/bin/sleep 60\n")]);
    run.command(200, &["systemctl", "-H", "other", "stop", "a.service"]);
    run.command(201, &["systemctl", "stop", "a.service"]);
    let known: Vec<bool> = run.told().0.iter().map(|event| !event.definition.is_empty()).collect();
    assert_eq!(known, [false, true]);
}
