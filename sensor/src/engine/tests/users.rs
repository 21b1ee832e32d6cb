//! Users who come after the start.

use super::host::{Run, regular};
use crate::engine::{Input, NewUser, NewUsers};
use crate::model::{Action, FileOperation, Scope, ServiceEvent, Timestamp};

const PLAIN: &str = "[Service]\nExecStart=/usr/bin/sleep 60\n";
const LONGER: &str = "[Service]\nExecStart=/usr/bin/sleep 61\n";
const UNIT: &str = "/home/new/.config/systemd/user/x.service";
const SINCE: i64 = 50;

/// The user comes, and her unit file has changed at that time of the wall clock.
fn come(run: &mut Run, changed: i64) {
    run.host.files.insert(UNIT.into(), regular(PLAIN));
    run.host.changed.insert(UNIT.into(), changed);
    let user = NewUser { uid: 1001, home: "/home/new".into(), since: Timestamp(SINCE) };
    let users = NewUsers { users: vec![user], links: Vec::new() };
    run.feed(Input::Users(Timestamp(0), Box::new(users)));
}

fn gist(events: &[ServiceEvent]) -> Vec<(Action, Scope, Option<u32>)> {
    let actor = |event: &ServiceEvent| event.actor.get().map(|actor| actor.process.key.pid);
    events.iter().map(|event| (event.action, event.service.scope, actor(event))).collect()
}

#[test]
fn what_was_there_before_the_user_is_known_and_not_told() {
    let mut run = Run::new(&[]);
    come(&mut run, SINCE - 1);
    run.pass(10_000);
    assert_eq!(run.told().0, []);
    run.write(100, UNIT, LONGER);
    assert_eq!(gist(&run.told().0), [(Action::Modified, Scope::User(1001), Some(100))]);
}

#[test]
fn what_was_written_since_is_told_as_found() {
    let mut run = Run::new(&[]);
    come(&mut run, SINCE);
    assert_eq!(run.told().0, []);
    run.pass(300);
    let told = run.told().0;
    assert_eq!(gist(&told), [(Action::Created, Scope::User(1001), None)]);
    assert_eq!(told[0].details, []);
}

#[test]
fn who_finishes_a_file_that_was_found_has_written_it() {
    let mut run = Run::new(&[]);
    come(&mut run, SINCE);
    run.touch(100, FileOperation::Close, UNIT);
    let told = run.told().0;
    assert_eq!(gist(&told), [(Action::Created, Scope::User(1001), Some(100))]);
    assert_eq!(told[0].details, []);
    run.pass(300);
    assert_eq!(run.told().0, []);
}

#[test]
fn a_user_whose_home_moved_has_the_units_of_the_new_one() {
    let mut run = Run::new(&[("/home/kim/.config/systemd/user/old.service", PLAIN)]);
    let user = NewUser { uid: 1000, home: "/home/moved".into(), since: Timestamp(SINCE) };
    let users = NewUsers { users: vec![user], links: Vec::new() };
    run.feed(Input::Users(Timestamp(0), Box::new(users)));
    run.write(100, "/home/moved/.config/systemd/user/old.service", PLAIN);
    assert_eq!(gist(&run.told().0), [(Action::Created, Scope::User(1000), Some(100))]);
}

#[test]
fn a_directory_by_another_name_is_known_by_its_true_path() {
    let mut run = Run::new(&[]);
    let user = NewUser { uid: 1001, home: "/home/new".into(), since: Timestamp(SINCE) };
    let named = "/home/new/.config/systemd/user".into();
    let users = NewUsers { users: vec![user], links: vec![(named, "/srv/new".into())] };
    run.feed(Input::Users(Timestamp(0), Box::new(users)));
    run.write(100, "/srv/new/x.service", PLAIN);
    assert_eq!(gist(&run.told().0), [(Action::Created, Scope::User(1001), Some(100))]);
}
