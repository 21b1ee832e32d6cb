//! Drop-ins, masks, dependency links and load states, against what `systemd --user --test` 252 loads.

use super::*;
use crate::systemd::command_line::ExecCommand;

/// The order in which `same.conf` was found in each directory when the one before was taken away.
#[test]
fn drop_ins_of_one_name_by_directory_then_by_owner() {
    let mut tree = Tree::new();
    let owners = [
        "foo-bar@i.service",
        "foo-bar@.service",
        "foo-.service",
        "foo-@i.service",
        "foo-@.service",
        "service",
    ];
    tree.file(&format!("{ETC}/foo-bar@.service"), PLAIN);
    for owner in owners.iter().chain(&["foo-bar.service"]) {
        tree.file(&format!("{ETC}/{owner}.d/same.conf"), "[Unit]\n");
    }
    tree.file(&format!("{LIB}/foo-bar@i.service.d/same.conf"), "[Unit]\n");
    for owner in &owners[..5] {
        assert_eq!(tree.files("foo-bar@i.service")[1..], [format!("/etc:{owner}.d/same.conf")]);
        tree.put(&format!("{ETC}/{owner}.d/same.conf"), FileState::Absent);
    }
    assert_eq!(tree.files("foo-bar@i.service")[1..], ["/usr/lib:foo-bar@i.service.d/same.conf"]);
    tree.put(&format!("{LIB}/foo-bar@i.service.d/same.conf"), FileState::Absent);
    assert_eq!(tree.files("foo-bar@i.service")[1..], ["/etc:service.d/same.conf"]);
}

#[test]
fn drop_ins_are_read_by_file_name() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), "[Service]\nExecStart=/v\nUser=v\n")
        .file(&format!("{ETC}/a.service.d/20-b.conf"), "[Service]\nUser=etc20\n")
        .file(&format!("{LIB}/service.d/30-c.conf"), "[Service]\nUser=type30\n")
        .file("/run/systemd/system.control/a.service.d/10-a.conf", "[Service]\nUser=control10\n");
    assert_eq!(
        tree.files("a.service"),
        [
            "/usr/lib:a.service",
            "/run/systemd/system.control/a.service.d/10-a.conf",
            "/etc:a.service.d/20-b.conf",
            "/usr/lib:service.d/30-c.conf"
        ]
    );
    assert_eq!(tree.effective("a.service").unwrap().value("Service", "User"), Some("type30"));
    // A link to /dev/null, and an empty file, hide the one of the same name.
    tree.link(&format!("{ETC}/a.service.d/30-c.conf"), "/dev/null");
    assert_eq!(tree.effective("a.service").unwrap().value("Service", "User"), Some("etc20"));
    let unit = tree.effective("a.service").unwrap();
    assert!(unit.drop_ins.last().unwrap().masks);
}

#[test]
fn drop_ins_may_be_links_to_known_files() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN)
        .file(&format!("{LIB}/b.service.d/x.conf"), "[Service]\nUser=u\n")
        .link(&format!("{RUN}/a.service.d/y.conf"), "/lib/systemd/system/b.service.d/x.conf")
        .link(&format!("{ETC}/a.service.d/z.conf"), "../../../../run/systemd/system/a.service.d/y.conf")
        .link(&format!("{ETC}/a.service.d/loop.conf"), "loop.conf");
    let unit = tree.effective("a.service").unwrap();
    assert_eq!(unit.value("Service", "User"), Some("u"));
    assert_eq!(
        unit.problems.iter().map(|problem| problem.path.to_string()).collect::<Vec<_>>(),
        ["/etc/systemd/system/a.service.d/loop.conf"]
    );
}

#[test]
fn settings_say_where_programs_are() {
    let mut tree = Tree::new();
    tree.file(
        &format!("{LIB}/a.service"),
        "[Service]\nExecStart=x\nExecStartPre=+/y\nExecStop=/z\nRootDirectoryStartOnly=yes\n",
    );
    let candidates = |tree: &Tree| {
        let unit = tree.effective("a.service").unwrap();
        let all: Vec<String> = unit.commands.iter().flat_map(ExecCommand::candidates).collect();
        all.join(" ")
    };
    assert!(candidates(&tree).starts_with("/usr/local/sbin/x /usr/local/bin/x "));
    tree.file(
        &format!("{ETC}/a.service.d/x.conf"),
        "[Service]\nExecSearchPath=/tmp:rel\nExecSearchPath=/var/%p/\nRootDirectory=/srv/%p\n",
    );
    assert_eq!(candidates(&tree), "/srv/a/tmp/x /srv/a/var/a/x /y /z");
    tree.file(&format!("{ETC}/a.service.d/y.conf"), "[Service]\nRootDirectoryStartOnly=no\n");
    assert_eq!(candidates(&tree), "/srv/a/tmp/x /srv/a/var/a/x /y /srv/a/z");
}

#[test]
fn drop_ins_of_aliases_count() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN)
        .link(&format!("{ETC}/b.service"), "/usr/lib/systemd/system/a.service")
        .file(&format!("{ETC}/b.service.d/x.conf"), "[Service]\nUser=u\n");
    assert_eq!(tree.effective("a.service").unwrap().value("Service", "User"), Some("u"));
}

#[test]
fn masked_units_say_nothing() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN)
        .link(&format!("{ETC}/a.service"), "/dev/null")
        .file(&format!("{ETC}/a.service.d/x.conf"), "[Service]\nUser=u\n");
    let unit = tree.effective("a.service").unwrap();
    assert_eq!((unit.load, unit.settings.len(), unit.commands.len()), (LoadState::Masked, 0, 0));
    // A link around a corner to /dev/null is one as well.
    tree.link(&format!("{ETC}/a.service"), "../../../dev/null");
    assert_eq!(tree.effective("a.service").unwrap().load, LoadState::Masked);
}

#[test]
fn load_states() {
    let mut tree = Tree::new();
    for (name, content, expected) in [
        ("ok.service", PLAIN, LoadState::Loaded),
        ("one.service", "[Service]\nType=oneshot\nExecStart=/a\nExecStart=/b\n", LoadState::Loaded),
        ("two.service", "[Service]\nExecStart=/a\nExecStart=/b\n", LoadState::BadSetting),
        ("none.service", "[Unit]\nDescription=x\n", LoadState::BadSetting),
        ("stop.service", "[Service]\nExecStop=/a\nRemainAfterExit=yes\n", LoadState::Loaded),
        ("stop2.service", "[Service]\nExecStop=/a\n", LoadState::BadSetting),
        ("stop3.service", "[Service]\nType=simple\nExecStop=/a\nRemainAfterExit=1\n", LoadState::BadSetting),
        ("action.service", "[Unit]\nSuccessAction=reboot\n", LoadState::Loaded),
        ("cut.service", "[Service]\nExecStart=/a\n[Unit\n", LoadState::Error),
        ("rel.service", "[Service]\nExecStart=./a\nExecStart=/b\n", LoadState::BadSetting),
        ("any.target", "[Unit]\nDescription=x\n", LoadState::Loaded),
        ("a.socket", "[Socket]\nListenStream=1\n", LoadState::Loaded),
        ("b.socket", "[Socket]\nAccept=yes\n", LoadState::BadSetting),
        ("a.timer", "[Timer]\nOnBootSec=1\n", LoadState::Loaded),
        ("b.timer", "[Timer]\nPersistent=yes\n", LoadState::BadSetting),
        ("a.path", "[Path]\nPathExists=/x\n", LoadState::Loaded),
        ("b.path", "[Path]\nMakeDirectory=yes\n", LoadState::BadSetting),
    ] {
        tree.file(&format!("{LIB}/{name}"), content);
        assert_eq!(tree.effective(name).unwrap().load, expected, "{name}");
    }
    tree.file(&format!("{ETC}/only.service.d/x.conf"), PLAIN);
    assert_eq!(tree.effective("only.service").unwrap().load, LoadState::NotFound);
    tree.file(&format!("{ETC}/only.slice.d/x.conf"), "[Slice]\nCPUWeight=1\n");
    assert_eq!(tree.effective("only.slice").unwrap().load, LoadState::Loaded);
    assert!(tree.effective("nothing.service").is_none());
    tree.link(&format!("{ETC}/dangling.service"), "nothing.service")
        .link(&format!("{ETC}/loop.service"), "loop2.service");
    tree.link(&format!("{ETC}/loop2.service"), "loop.service");
    assert_eq!(tree.effective("dangling.service").unwrap().load, LoadState::NotFound);
    assert_eq!(tree.effective("loop.service").unwrap().load, LoadState::Error);
}

#[test]
fn a_drop_in_counts_up_to_where_it_breaks() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN)
        .file(&format!("{ETC}/a.service.d/a.conf"), "[Unit]\nDescription=d\n[Service\nUser=u\n")
        .file(&format!("{ETC}/a.service.d/b.conf"), "[Service]\nExecStart=\nExecStart=/y\n");
    let unit = tree.effective("a.service").unwrap();
    assert_eq!(
        (unit.load, unit.description.as_deref(), unit.value("Service", "User")),
        (LoadState::Loaded, Some("d"), None)
    );
    assert_eq!(unit.values("Service", "ExecStart"), ["/y"]);
    assert_eq!((unit.problems.len(), unit.problems[0].line), (1, 3));
}

#[test]
fn dependency_links_are_told_from_both_ends() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/multi-user.target"), "[Unit]\n")
        .file(&format!("{LIB}/a.service"), WANTED)
        .link(&format!("{ETC}/multi-user.target.wants/a.service"), "/usr/lib/systemd/system/a.service")
        .link(&format!("{LIB}/multi-user.target.wants/b.service"), "../b.service")
        .link(&format!("{ETC}/multi-user.target.wants/b.service"), "/dev/null")
        .link(&format!("{ETC}/service.wants/evil.service"), "x");
    let target = tree.effective("multi-user.target").unwrap();
    let pulls: Vec<String> =
        target.pulls_in.iter().map(|link| format!("{} {} {}", link.kind, link.target, link.masks)).collect();
    assert_eq!(pulls, ["wants a.service false", "wants b.service true"]);
    let unit = tree.effective("a.service").unwrap();
    assert_eq!(unit.pulled_in_by.len(), 1);
    assert_eq!(unit.pulled_in_by[0].path, "/etc/systemd/system/multi-user.target.wants/a.service");
    assert_eq!(unit.pulls_in[0].target.as_str(), "evil.service");
}
