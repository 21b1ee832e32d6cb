//! Names that are not there when they are looked at.

use super::host::{ETC, Run, regular};
use crate::model::{Action, FileOperation, ServiceEvent};

const PLAIN: &str = "[Service]\nExecStart=/usr/bin/sleep 60\n";

fn gist(events: Vec<ServiceEvent>) -> Vec<(Action, usize, Option<String>)> {
    events.into_iter().map(|event| (event.action, event.evidence.len(), event.note)).collect()
}

#[test]
fn a_name_that_is_there_a_moment_later_is_told_as_what_it_is() {
    let mut run = Run::new(&[]);
    let path = &format!("{ETC}/a.service");
    run.touch(100, FileOperation::RenameTo, path);
    assert_eq!(gist(run.told().0), []);
    run.host.files.insert(path.as_str().into(), regular(PLAIN));
    run.pass(300);
    assert_eq!(gist(run.told().0), [(Action::Created, 1, None)]);
}

#[test]
fn a_name_that_came_and_went_is_told_once() {
    let mut run = Run::new(&[]);
    let path = &format!("{ETC}/a.service");
    run.touch(100, FileOperation::RenameTo, path);
    run.touch(100, FileOperation::Unlink, path);
    run.pass(300);
    let note = "its file came and went before it could be read".to_owned();
    assert_eq!(gist(run.told().0), [(Action::Removed, 2, Some(note))]);
}
