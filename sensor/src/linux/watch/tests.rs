use std::fs;
use std::os::unix::fs::MetadataExt as _;

use tempfile::TempDir;

use super::*;

/// Watches by inode numbers, as a kernel does.
#[derive(Default)]
struct Inodes {
    unmarked: Vec<u64>,
    /// Whether it can't watch anything more.
    refuses: bool,
}

impl Marker for Inodes {
    type Key = u64;

    fn mark(&mut self, path: &BStr, _role: Role) -> Marked<u64> {
        match fs::metadata(os_path(path)) {
            Ok(found) if found.is_dir() && self.refuses => Marked::Refused("no".into()),
            Ok(found) if found.is_dir() => Marked::As(found.ino()),
            _ => Marked::Absent,
        }
    }

    fn unmark(&mut self, key: &u64) {
        self.unmarked.push(*key);
    }
}

fn path(folder: &TempDir, name: &str) -> BString {
    bytes_of(&folder.path().join(name))
}

fn inode(path: &BString) -> u64 {
    fs::metadata(os_path(path.as_ref())).unwrap().ino()
}

fn make(path: &BString) {
    fs::create_dir_all(os_path(path.as_ref())).unwrap();
}

/// Swaps what stands at two paths, as a mount does for who looks at one of them.
fn swap(one: &BString, other: &BString) {
    let flags = rustix::fs::RenameFlags::EXCHANGE;
    let (one, other) = (os_path(one.as_ref()), os_path(other.as_ref()));
    rustix::fs::renameat_with(rustix::fs::CWD, one, rustix::fs::CWD, other, flags).unwrap();
}

fn created(path: &BString, by: u32) -> FileObservation {
    let actor = ProcessKey { pid: by, start_ns: 1 };
    FileObservation { operation: FileOperation::Create, actor, hook: "test", ..found(path, true) }
}

fn names(told: &[FileObservation]) -> Vec<(BString, u32)> {
    told.iter().map(|seen| (join(seen.directory.as_ref(), seen.name.as_ref()), seen.actor.pid)).collect()
}

#[test]
fn ancestors_from_the_root() {
    assert_eq!(ancestors(&"/etc/systemd/system".into()), ["/", "/etc", "/etc/systemd"]);
    assert_eq!(ancestors(&"/x".into()), ["/"]);
}

#[test]
fn at_or_below_is_by_whole_names() {
    for (path, directory, expected) in
        [("/a/b", "/a", true), ("/a", "/a", true), ("/ab", "/a", false), ("/a", "/a/b", false)]
    {
        assert_eq!(is_at_or_below(&path.into(), &directory.into()), expected, "{path} {directory}");
    }
}

#[test]
fn who_makes_a_directory_is_not_blamed_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (path(&folder, "mine/units"), path(&folder, "other/units"));
    let mut watches = Watches::new(Inodes::default(), vec![mine.clone(), other.clone()]);
    make(&mine);
    make(&other);
    let mut told = Vec::new();
    watches.follow(Role::Ancestor, created(&path(&folder, "mine"), 7), &mut told);
    assert_eq!(names(&told), [(mine, 7)]);
    assert_eq!(watches.get(&inode(&other)), []);
}

#[test]
fn what_a_moved_directory_brings_is_finished_and_what_a_made_one_holds_may_not_be() {
    let folder = tempfile::tempdir().unwrap();
    let units = path(&folder, "parent/units");
    for (seen, expected) in [
        (FileOperation::Create, FileOperation::Create),
        (FileOperation::RenameTo, FileOperation::RenameTo),
        (FileOperation::Symlink, FileOperation::RenameTo),
    ] {
        let mut watches = Watches::new(Inodes::default(), vec![units.clone()]);
        make(&units);
        let parent = FileObservation { operation: seen, ..created(&path(&folder, "parent"), 7) };
        let mut told = Vec::new();
        watches.follow(Role::Ancestor, parent, &mut told);
        assert_eq!(told.iter().map(|seen| seen.operation).collect::<Vec<_>>(), [expected], "{seen:?}");
        fs::remove_dir_all(folder.path().join("parent")).unwrap();
    }
}

#[test]
fn what_a_mount_covers_is_told_as_nobodys_doing() {
    let folder = tempfile::tempdir().unwrap();
    let (units, below) = (path(&folder, "user/units"), path(&folder, "user"));
    make(&units);
    make(&path(&folder, "mounted/units"));
    let mut watches = Watches::new(Inodes::default(), vec![units.clone()]);
    let before = inode(&units);
    swap(&below, &path(&folder, "mounted"));
    let mut told = Vec::new();
    watches.remount(std::slice::from_ref(&below), &mut told);
    assert_eq!(names(&told), [(units.clone(), 0)]);
    assert_eq!(watches.get(&inode(&units)).len(), 1);
    assert_eq!(watches.get(&before), []);
    assert!(watches.marker().unmarked.contains(&before));
}

#[test]
fn what_an_unmount_takes_away_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (units, below) = (path(&folder, "user/units"), path(&folder, "user"));
    make(&units);
    make(&path(&folder, "empty"));
    let mut watches = Watches::new(Inodes::default(), vec![units.clone()]);
    let before = inode(&units);
    swap(&below, &path(&folder, "empty"));
    let mut told = Vec::new();
    watches.remount(std::slice::from_ref(&below), &mut told);
    assert_eq!(names(&told), [(units, 0)]);
    assert_eq!(watches.get(&before), []);
}

#[test]
fn a_mount_within_a_unit_directory_is_told_and_one_elsewhere_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (units, elsewhere) = (path(&folder, "units"), path(&folder, "elsewhere"));
    let (unit, drop_ins) = (path(&folder, "units/x.service"), path(&folder, "units/x.service.d"));
    make(&units);
    make(&elsewhere);
    let mut watches = Watches::new(Inodes::default(), vec![units]);
    make(&drop_ins);
    let mut told = Vec::new();
    watches.remount(&[unit.clone(), drop_ins.clone(), elsewhere], &mut told);
    assert_eq!(names(&told), [(unit, 0), (drop_ins.clone(), 0)]);
    assert_eq!(watches.get(&inode(&drop_ins)).len(), 1);
}

#[test]
fn a_mount_on_the_way_to_a_watched_name_is_told_where_that_name_is() {
    let folder = tempfile::tempdir().unwrap();
    let (units, opt, program) =
        (path(&folder, "units"), path(&folder, "opt"), path(&folder, "opt/app/serve"));
    make(&units);
    make(&path(&folder, "opt/app"));
    let link = path(&folder, "units/x.service");
    let mut watches = Watches::new(Inodes::default(), vec![units]);
    watches.watch_name(program.clone(), &program);
    watches.watch_name(link.clone(), &path(&folder, "opt/app/x.service"));
    let mut told = Vec::new();
    watches.remount(std::slice::from_ref(&program), &mut told);
    assert_eq!(names(&told), [(program.clone(), 0)]);
    told.clear();
    watches.remount(&[opt, path(&folder, "other")], &mut told);
    assert_eq!(names(&told), [(program, 0), (link, 0)]);
}

#[test]
fn a_directory_that_can_no_longer_be_watched_is_told_once_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let (units, below) = (path(&folder, "user/units"), path(&folder, "user"));
    make(&units);
    let mut watches = Watches::new(Inodes::default(), vec![units.clone()]);
    assert_eq!(watches.take_refused(), []);
    for _ in 0..2 {
        watches.marker_mut().refuses = true;
        watches.remount(std::slice::from_ref(&below), &mut Vec::new());
        assert!(watches.take_refused().contains(&(units.clone(), "no".to_owned())));
        assert_eq!(watches.take_refused(), []);
        watches.marker_mut().refuses = false;
        watches.remount(std::slice::from_ref(&below), &mut Vec::new());
        assert_eq!(watches.take_refused(), []);
    }
}

#[test]
fn a_key_is_confirmed_only_while_a_path_leads_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let units = path(&folder, "units");
    make(&units);
    make(&path(&folder, "other"));
    let mut watches = Watches::new(Inodes::default(), vec![units.clone()]);
    let before = inode(&units);
    assert!(watches.confirm(&before));
    swap(&units, &path(&folder, "other"));
    assert!(!watches.confirm(&before));
    assert_eq!(watches.get(&inode(&units)), [Watched { path: units, role: Role::UnitDirectory }]);
    assert!(!watches.confirm(&inode(&path(&folder, "other"))));
}

/// What is told of a change at `path`, by the directory that it lies in.
fn names_told(watches: &mut Watches<Inodes>, operation: FileOperation, path: &BString) -> Vec<BString> {
    let (parent, _name) = path.rsplit_once_str("/").unwrap();
    let key = inode(&parent.into());
    let seen = FileObservation { operation, ..created(path, 7) };
    let mut told = Vec::new();
    watches.follow_names(&key, &seen, &mut told);
    told.iter().map(|seen| join(seen.directory.as_ref(), seen.name.as_ref())).collect()
}

#[test]
fn a_name_is_told_where_it_leads_from_whatever_happens_on_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let (link, name) = (path(&folder, "unit"), path(&folder, "app/current/file"));
    make(&path(&folder, "app"));
    std::os::unix::fs::symlink(os_path(name.as_ref()), os_path(link.as_ref())).unwrap();
    let mut watches = Watches::new(Inodes::default(), Vec::new());
    watches.watch_name(link.clone(), &name);
    // The directory comes, then the file, which is written again; other names are nobody's.
    let current = path(&folder, "app/current");
    make(&current);
    assert_eq!(names_told(&mut watches, FileOperation::Create, &current), [link.as_slice()]);
    assert_eq!(names_told(&mut watches, FileOperation::Create, &name), [link.as_slice()]);
    assert_eq!(names_told(&mut watches, FileOperation::Close, &name), [link.as_slice()]);
    for other in ["app/current/file2", "app/current/fil", "app/current2"] {
        assert_eq!(names_told(&mut watches, FileOperation::Create, &path(&folder, other)), [""; 0]);
    }
    assert_eq!(names_told(&mut watches, FileOperation::Close, &current), [""; 0], "it leads where it led");
    // It becomes another directory, which may be a link.
    fs::rename(os_path(current.as_ref()), os_path(path(&folder, "app/old").as_ref())).unwrap();
    make(&path(&folder, "app/v2"));
    std::os::unix::fs::symlink(os_path(path(&folder, "app/v2").as_ref()), os_path(current.as_ref())).unwrap();
    assert_eq!(names_told(&mut watches, FileOperation::RenameFrom, &current), [link.as_slice()]);
    assert_eq!(names_told(&mut watches, FileOperation::Symlink, &current), [link.as_slice()]);
    assert_eq!(names_told(&mut watches, FileOperation::RenameTo, &name), [link.as_slice()]);
    assert_eq!(watches.get(&inode(&path(&folder, "app/v2")))[0].path, current);
    // The link goes, and with it all interest.
    fs::remove_file(os_path(link.as_ref())).unwrap();
    assert_eq!(names_told(&mut watches, FileOperation::Unlink, &name), [""; 0]);
    assert!(watches.names.is_empty());
}

#[test]
fn on_the_way_to_a_name_a_refusal_is_no_loss() {
    let folder = tempfile::tempdir().unwrap();
    let mut watches = Watches::new(Inodes { refuses: true, ..Inodes::default() }, Vec::new());
    watches.watch_name(path(&folder, "a"), &path(&folder, "a"));
    assert_eq!(watches.take_refused(), []);
}

#[test]
fn names_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut watches = Watches::new(Inodes::default(), Vec::new());
    for number in 0..2 * MOST_PATHS {
        watches.watch_name(path(&folder, &number.to_string()), &path(&folder, "a"));
    }
    assert_eq!(watches.names[&path(&folder, "a")].len(), MOST_PATHS);
}

#[test]
fn a_further_directory_is_watched_and_what_leads_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let (units, here, later) = (path(&folder, "a/units"), path(&folder, "b/units"), path(&folder, "c/units"));
    make(&here);
    let mut watches = Watches::new(Inodes::default(), vec![units.clone()]);
    watches.want(vec![units, here.clone(), later.clone()]);
    assert_eq!(watches.get(&inode(&here)), [Watched { path: here, role: Role::UnitDirectory }]);
    make(&later);
    let mut told = Vec::new();
    watches.follow(Role::Ancestor, created(&path(&folder, "c"), 7), &mut told);
    assert_eq!(names(&told), [(later, 7)]);
    assert_eq!(watches.wanted.len(), 3);
}

#[test]
fn accounts_and_logins_are_noticed() {
    use FileOperation::{Create, RenameTo, Unlink};
    for (name, operation, expected) in [
        ("/etc/passwd", RenameTo, true),
        ("/etc/passwd-", RenameTo, false),
        ("/home/passwd", RenameTo, false),
        ("/run/user/1000", Create, true),
        ("/run/user/1000", Unlink, false),
        ("/run/user", Create, true),
        ("/run/users", Create, false),
    ] {
        let mut watches = Watches::new(Inodes::default(), Vec::new());
        let seen = FileObservation { operation, ..created(&name.into(), 7) };
        watches.follow(Role::Ancestor, seen, &mut Vec::new());
        assert_eq!(watches.take_users_changed(), expected, "{name} {operation:?}");
        assert!(!watches.take_users_changed());
    }
}
