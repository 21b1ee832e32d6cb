//! The watcher on real directories; each test says so and passes where fanotify is refused.

use std::fs;
use std::path::Path;

use bstr::ByteSlice as _;

use super::*;
use crate::linux::path::{bytes_of, join};

/// The observations that `act` causes in a folder in which `wanted` is watched.
fn observe(
    wanted: &str,
    prepare: impl FnOnce(&Path),
    act: impl FnOnce(&Path),
) -> Option<Vec<(FileOperation, String)>> {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let mut watcher = match Watcher::new(vec![bytes_of(&folder.path().join(wanted))]) {
        Ok(watcher) => watcher,
        Err(error) => {
            println!("skipped: {error}: {:?}", std::error::Error::source(&error));
            return None;
        }
    };
    act(folder.path());
    let mut told = Vec::new();
    while watcher.read(&mut told).unwrap() {}
    let counters = watcher.counters();
    assert_eq!(
        counters.read,
        counters.told + counters.unrelated + counters.stale + counters.undecodable + counters.overflows
    );
    let prefix = bytes_of(folder.path());
    Some(
        told.iter()
            .map(|seen| {
                let path = join(seen.directory.as_ref(), seen.name.as_ref());
                (seen.operation, path.strip_prefix(prefix.as_slice()).unwrap().as_bstr().to_string())
            })
            .collect(),
    )
}

fn names(told: &[(FileOperation, String)]) -> Vec<&str> {
    told.iter().map(|(_operation, path)| path.as_str()).collect()
}

#[test]
fn a_directory_that_appears_later_is_watched() {
    let told = observe(
        "systemd/user",
        |_folder| {},
        |folder| {
            fs::create_dir_all(folder.join("systemd/user")).unwrap();
            fs::write(folder.join("systemd/user/a.service"), "[Service]").unwrap();
        },
    );
    let Some(told) = told else { return };
    assert!(names(&told).contains(&"/systemd/user"), "{told:?}");
}

#[test]
fn entries_of_a_new_drop_in_directory_are_told() {
    let told = observe(
        "units",
        |folder| fs::create_dir(folder.join("units")).unwrap(),
        |folder| {
            fs::create_dir(folder.join("units/a.service.d")).unwrap();
            fs::create_dir(folder.join("units/unrelated")).unwrap();
        },
    );
    let Some(told) = told else { return };
    assert_eq!(names(&told), ["/units/a.service.d", "/units/unrelated"]);
}

#[test]
fn a_drop_in_of_a_directory_that_was_there_is_told() {
    let told = observe(
        "units",
        |folder| fs::create_dir_all(folder.join("units/a.service.d")).unwrap(),
        |folder| fs::write(folder.join("units/a.service.d/o.conf"), "[Service]").unwrap(),
    );
    let Some(told) = told else { return };
    assert_eq!(told.last(), Some(&(FileOperation::Close, "/units/a.service.d/o.conf".into())));
}

#[test]
fn a_directory_moved_away_and_replaced_is_watched_again() {
    let told = observe(
        "systemd/units",
        |folder| fs::create_dir_all(folder.join("systemd/units")).unwrap(),
        |folder| {
            fs::rename(folder.join("systemd"), folder.join("old")).unwrap();
            fs::create_dir_all(folder.join("systemd/units")).unwrap();
        },
    );
    let Some(told) = told else { return };
    assert_eq!(told.first(), Some(&(FileOperation::RenameFrom, "/systemd".into())));
    assert!(told.contains(&(FileOperation::Create, "/systemd/units".into())), "{told:?}");
}

#[test]
fn of_several_writers_the_last_one_tells() {
    let write = |folder: &Path| {
        let status = std::process::Command::new("sh")
            .args(["-c", "echo x > a.service"])
            .current_dir(folder.join("units"))
            .status();
        assert!(status.unwrap().success());
    };
    let told = observe(
        "units",
        |folder| fs::create_dir(folder.join("units")).unwrap(),
        |folder| (0..3).for_each(|_| write(folder)),
    );
    let Some(told) = told else { return };
    let closes = told.iter().filter(|(operation, _path)| *operation == FileOperation::Close).count();
    assert_eq!((closes, told.last().unwrap().0), (1, FileOperation::Close), "{told:?}");
    assert!(told.iter().any(|(operation, _path)| *operation == FileOperation::Write), "{told:?}");
}

#[test]
fn a_further_name_of_a_file_is_told_and_its_end_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (path, elsewhere) = (folder.path().join("a.service"), folder.path().join("later"));
    fs::write(&path, "[Service]").unwrap();
    let path_bytes = bytes_of(&path);
    let mut watcher = match Watcher::new(Vec::new()) {
        Ok(watcher) => watcher,
        Err(error) => return println!("skipped: {error}: {:?}", std::error::Error::source(&error)),
    };
    watcher.await_names(path_bytes.as_ref()).unwrap();
    let read = |watcher: &mut Watcher| {
        let mut told = Vec::new();
        watcher.read_followed(&mut told).unwrap();
        told.into_iter().map(|seen| (seen.operation, seen.directory)).collect::<Vec<_>>()
    };
    fs::write(&path, "[Unit]").unwrap();
    assert_eq!(read(&mut watcher), [], "its content is told by its directory");
    fs::hard_link(&path, &elsewhere).unwrap();
    assert_eq!(read(&mut watcher), [(FileOperation::Attribute, path_bytes.clone())]);
    // From now on, what is written by whichever name is told.
    watcher.follow(path_bytes.as_ref(), path_bytes.as_ref()).unwrap();
    fs::write(&elsewhere, "[Service]").unwrap();
    assert_eq!(read(&mut watcher), [(FileOperation::Close, path_bytes.clone())]);
    let counters = watcher.counters();
    assert_eq!(counters.read, counters.told + counters.unrelated + counters.stale);
}
