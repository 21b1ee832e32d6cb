//! Tests of what file changes mean, on small trees of files.

use std::sync::Arc;

use bstr::ByteSlice as _;
use proptest::prelude::*;

use super::*;
use crate::systemd::inventory::tests::Tree;
use crate::systemd::inventory::{RegularFile, SymbolicLink};

const ETC: &str = "/etc/systemd/system";
const LIB: &str = "/usr/lib/systemd/system";
const PLAIN: &str = "[Service]\nExecStart=/x\n";

fn file(content: &str) -> FileState {
    FileState::regular(content, 0o644, 0, 0)
}

fn see(tree: &mut Tree, path: &str, state: FileState) -> Option<Observed> {
    let (directory, rest) = tree
        .0
        .locate(BStr::new(path))
        .map(|(directory, rest)| (directory.path.clone(), rest.to_owned()))
        .unwrap();
    observe(&mut tree.0, directory.as_bstr(), rest.as_bstr(), state)
}

/// Takes `state` in at `path` and checks each change as `action unit mechanism: setting before > after; …: note`.
fn check(tree: &mut Tree, path: &str, state: FileState, expected: &[&str]) {
    let found: Vec<String> = see(tree, path, state).map_or_else(Vec::new, |seen| {
        seen.units
            .iter()
            .map(|change| {
                let settings: Vec<String> = change
                    .changes
                    .iter()
                    .map(|c| format!("{} {} > {}", c.name, c.before.join("|"), c.after.join("|")))
                    .collect();
                let note = change.note.as_deref().unwrap_or_default();
                format!(
                    "{:?} {} {:?}: {}: {note}",
                    change.action,
                    change.unit,
                    change.mechanism,
                    settings.join("; ")
                )
            })
            .collect()
    });
    assert_eq!(found, expected, "{path}");
}

#[test]
fn a_unit_comes_and_goes() {
    let mut tree = Tree::new();
    let path = &format!("{ETC}/a.service");
    check(&mut tree, path, file(PLAIN), &["Created a.service UnitFile: ExecStart  > /x: "]);
    // The same again is noise.
    check(&mut tree, path, file(PLAIN), &[]);
    check(
        &mut tree,
        path,
        file("[Service]\nExecStart=/y\nUser=u\n"),
        &["Modified a.service UnitFile: ExecStart /x > /y; User  > u: "],
    );
    check(&mut tree, path, FileState::Absent, &["Removed a.service UnitFile: : "]);
    check(&mut tree, path, FileState::Absent, &[]);
}

#[test]
fn changes_without_effect_say_so() {
    let mut tree = Tree::new();
    let path = &format!("{ETC}/a.service");
    tree.file(path, PLAIN);
    let no_setting = "no effect: no setting changed, only comments, white space, order or what is ignored";
    check(
        &mut tree,
        path,
        file("# x\n[Service]\nExecStart = /x\n"),
        &[&format!("Modified a.service UnitFile: : {no_setting}")],
    );
    check(
        &mut tree,
        path,
        FileState::regular("# x\n[Service]\nExecStart = /x\n", 0o666, 1, 0),
        &[
            "Modified a.service UnitFile: : no effect on what the unit says: mode 0644 became 0666, owner 0:0 became 1:0",
        ],
    );
    check(
        &mut tree,
        &format!("{LIB}/a.service"),
        file("[Service]\nExecStart=/vendor\n"),
        &["Modified a.service UnitFile: : no effect: /etc/systemd/system/a.service has priority"],
    );
    check(
        &mut tree,
        &format!("{LIB}/a.service"),
        FileState::Absent,
        &["Modified a.service UnitFile: : no effect: /etc/systemd/system/a.service has priority"],
    );
}

#[test]
fn overrides_modify_what_they_hide() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), "[Service]\nExecStart=/vendor\n");
    let path = &format!("{ETC}/a.service");
    check(
        &mut tree,
        path,
        file("[Service]\nExecStart=/mine\n"),
        &[
            "Modified a.service UnitFile: ExecStart /vendor > /mine: overrides /usr/lib/systemd/system/a.service",
        ],
    );
    check(
        &mut tree,
        path,
        FileState::Absent,
        &[
            "Modified a.service UnitFile: ExecStart /mine > /vendor: /usr/lib/systemd/system/a.service counts again",
        ],
    );
    check(
        &mut tree,
        path,
        file("[Service]\nExecStart=/vendor\n"),
        &["Modified a.service UnitFile: : overrides /usr/lib/systemd/system/a.service"],
    );
}

#[test]
fn masks_hide_and_unhide() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN);
    let path = &format!("{ETC}/a.service");
    check(
        &mut tree,
        path,
        FileState::link("/dev/null"),
        &["Masked a.service Mask: : hides /usr/lib/systemd/system/a.service"],
    );
    check(
        &mut tree,
        path,
        file(""),
        &[
            "Modified a.service Mask: : no effect: no setting changed, only comments, white space, order or what is ignored",
        ],
    );
    check(
        &mut tree,
        path,
        FileState::Absent,
        &["Unmasked a.service Mask: : /usr/lib/systemd/system/a.service counts again"],
    );
    check(
        &mut tree,
        "/run/systemd/system/a.service",
        FileState::link("/dev/null"),
        &["Masked a.service Mask: : hides /usr/lib/systemd/system/a.service; until the next boot"],
    );
    check(
        &mut tree,
        path,
        file(PLAIN),
        &["Unmasked a.service Mask: : /etc/systemd/system/a.service now defines it"],
    );
    check(
        &mut tree,
        &format!("{ETC}/b.service"),
        FileState::link("/dev/null"),
        &["Masked b.service Mask: : there was no unit of that name"],
    );
    check(
        &mut tree,
        &format!("{ETC}/b.service"),
        FileState::Absent,
        &["Unmasked b.service Mask: : no unit of that name is left"],
    );
}

#[test]
fn aliases_name_and_unname() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN);
    let alias = &format!("{ETC}/b.service");
    let link = FileState::link("/lib/systemd/system/a.service");
    check(
        &mut tree,
        alias,
        link.clone(),
        &["Aliased a.service AliasLink: : b.service is another name of it"],
    );
    check(
        &mut tree,
        alias,
        FileState::Absent,
        &["Removed b.service AliasLink: : was another name of a.service"],
    );
    // A link in place of a unit turns its name over to another one.
    tree.file(&format!("{LIB}/b.service"), "[Service]\nExecStart=/b\n");
    check(
        &mut tree,
        alias,
        link,
        &[
            "Modified b.service AliasLink: ExecStart /b > /x: is now another name of a.service; overrides /usr/lib/systemd/system/b.service",
        ],
    );
    check(
        &mut tree,
        alias,
        FileState::Absent,
        &[
            "Modified b.service AliasLink: ExecStart /x > /b: was another name of a.service; /usr/lib/systemd/system/b.service counts now",
        ],
    );
    // A link to its own name is nothing.
    check(
        &mut tree,
        &format!("{ETC}/a.service"),
        FileState::link("/usr/lib/systemd/system/a.service"),
        &["Modified a.service UnitFile: : no effect: /usr/lib/systemd/system/a.service has priority"],
    );
}

#[test]
fn an_alias_that_install_asks_for_enables() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/gdm.service"), &format!("{PLAIN}[Install]\nAlias=display-manager.service\n"));
    let alias = &format!("{ETC}/display-manager.service");
    check(
        &mut tree,
        alias,
        FileState::link("/usr/lib/systemd/system/gdm.service"),
        &[
            "Aliased gdm.service AliasLink: : display-manager.service is another name of it",
            "Enabled gdm.service AliasLink: : by its name display-manager.service",
        ],
    );
    check(
        &mut tree,
        alias,
        FileState::Absent,
        &[
            "Removed display-manager.service AliasLink: : was another name of gdm.service",
            "Disabled gdm.service AliasLink: : it was by its name display-manager.service",
        ],
    );
}

#[test]
fn linked_units_are_created() {
    let mut tree = Tree::new();
    let content = Arc::new(RegularFile::new(PLAIN.as_bytes(), 0o644, 0, 0));
    let link = SymbolicLink { target: "/opt/l.service".into(), file: Some(content) };
    let seen = see(&mut tree, &format!("{ETC}/l.service"), FileState::Symlink(link)).unwrap();
    let change = &seen.units[0];
    assert_eq!((change.action, change.mechanism), (Action::Created, Mechanism::UnitFile));
    assert_eq!(change.note.as_deref(), Some("its file lies outside of the unit directories: /opt/l.service"));
    assert_eq!(change.after.as_ref().unwrap().enablement, Enablement::Linked);
}

#[test]
fn drop_ins_modify_their_unit() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/ssh.service"), PLAIN)
        .link(&format!("{ETC}/sshd.service"), "/usr/lib/systemd/system/ssh.service");
    let path = &format!("{ETC}/ssh.service.d/x.conf");
    check(
        &mut tree,
        path,
        file("[Service]\nExecStartPost=/evil\n"),
        &["Modified ssh.service DropIn: ExecStartPost  > /evil: "],
    );
    check(
        &mut tree,
        &format!("{LIB}/ssh.service.d/x.conf"),
        file("[Service]\nUser=u\n"),
        &["Modified ssh.service DropIn: : no effect: /etc/systemd/system/ssh.service.d/x.conf has priority"],
    );
    check(
        &mut tree,
        path,
        FileState::link("/dev/null"),
        &["Modified ssh.service DropIn: ExecStartPost /evil > : "],
    );
    check(&mut tree, path, FileState::Absent, &["Modified ssh.service DropIn: User  > u: "]);
    // A drop-in of an alias is one of the unit.
    check(
        &mut tree,
        &format!("{ETC}/sshd.service.d/y.conf"),
        file("[Service]\nUser=v\n"),
        &["Modified ssh.service DropIn: User u > v: "],
    );
    check(
        &mut tree,
        &format!("{ETC}/no.service.d/x.conf"),
        file(PLAIN),
        &["Modified no.service DropIn: ExecStart  > /x: no effect: there is no unit of that name"],
    );
    check(
        &mut tree,
        "/run/systemd/system.control/x.slice.d/50-CPUWeight.conf",
        file("[Slice]\nCPUWeight=1\n"),
        &["Created x.slice DropIn: CPUWeight  > 1: "],
    );
}

#[test]
fn a_drop_in_that_breaks_a_unit_says_so() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN);
    check(
        &mut tree,
        &format!("{ETC}/a.service.d/x.conf"),
        file("[Service]\nExecStart=/y\n"),
        &[
            "Modified a.service DropIn: ExecStart /x > /x|/y: systemd refuses the unit as it stands: the service has more than one ExecStart=, which only Type=oneshot may have",
        ],
    );
}

#[test]
fn drop_ins_of_many_units_name_them() {
    let mut tree = Tree::new();
    for name in ["a-b.service", "a-c.service", "d.service", "t@.service", "t@1.service"] {
        tree.file(&format!("{LIB}/{name}"), PLAIN);
    }
    tree.link(&format!("{ETC}/multi-user.target.wants/t@2.service"), "/usr/lib/systemd/system/t@.service");
    let user = || file("[Service]\nUser=u\n");
    check(
        &mut tree,
        &format!("{ETC}/a-.service.d/x.conf"),
        user(),
        &["Modified a-.service DropIn: User  > u: touches 2 known units: a-b.service, a-c.service"],
    );
    check(
        &mut tree,
        &format!("{ETC}/t@.service.d/x.conf"),
        user(),
        &["Modified t@.service DropIn: User  > u: touches 2 known units: t@1.service, t@2.service"],
    );
    check(
        &mut tree,
        &format!("{ETC}/service.d/x.conf"),
        file("[Service]\nExecStartPre=/evil\n"),
        &[
            "Modified service DropIn: ExecStartPre  > /evil: touches 6 known units: a-b.service, a-c.service, d.service, t@.service, t@1.service, t@2.service",
        ],
    );
    check(
        &mut tree,
        &format!("{ETC}/socket.d/x.conf"),
        file("[Socket]\nMark=1\n"),
        &["Modified socket DropIn: Mark  > 1: touches no known unit"],
    );
    for n in 0..30 {
        tree.file(&format!("{LIB}/many-{n:02}.service"), PLAIN);
    }
    let seen = see(&mut tree, &format!("{ETC}/many-.service.d/x.conf"), user()).unwrap();
    let change = &seen.units[0];
    assert_eq!((change.affected.len(), change.affected_count), (AFFECTED_MAX, 30));
    assert!(change.note.as_ref().unwrap().ends_with("many-19.service and 10 more"));
    assert_eq!(change.after.as_ref().unwrap().value("Service", "User"), Some("u"));
}

#[test]
fn dependency_links_enable_and_disable() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), &format!("{PLAIN}[Install]\nWantedBy=multi-user.target\n"));
    let path = &format!("{ETC}/multi-user.target.wants/a.service");
    let link = FileState::link("/usr/lib/systemd/system/a.service");
    check(
        &mut tree,
        path,
        link.clone(),
        &["Enabled a.service DependencyLink: : pulled in by multi-user.target (wants)"],
    );
    check(
        &mut tree,
        path,
        FileState::link("/opt/other.service"),
        &[
            "Modified a.service DependencyLink: : no effect: pulled in by multi-user.target (wants) all the same, as the link's name alone counts",
        ],
    );
    check(
        &mut tree,
        path,
        FileState::Absent,
        &["Disabled a.service DependencyLink: : no longer pulled in by multi-user.target (wants)"],
    );
    check(
        &mut tree,
        &format!("{LIB}/basic.target.requires/a.service"),
        link.clone(),
        &["Enabled a.service DependencyLink: : pulled in by basic.target (requires)"],
    );
    check(
        &mut tree,
        &format!("{ETC}/basic.target.requires/a.service"),
        FileState::link("/dev/null"),
        &[
            "Disabled a.service DependencyLink: : no longer pulled in by basic.target (requires): hidden by a mask",
        ],
    );
    check(
        &mut tree,
        "/run/systemd/system/service.wants/b.service",
        link,
        &[
            "Enabled b.service DependencyLink: : pulled in by service (wants); there is no unit of that name; until the next boot; known units that match service: 1",
        ],
    );
}

#[test]
fn what_generators_write_is_told_as_theirs() {
    let mut tree = Tree::new();
    check(
        &mut tree,
        "/run/systemd/generator/home.mount",
        file("[Mount]\nWhere=/home\nWhat=/dev/sda\n"),
        &["Created home.mount Generator: Where  > /home; What  > /dev/sda: "],
    );
    check(
        &mut tree,
        "/run/systemd/generator/local-fs.target.requires/home.mount",
        FileState::link("../home.mount"),
        &["Enabled home.mount Generator: : pulled in by local-fs.target (requires); until the next boot"],
    );
    check(
        &mut tree,
        "/run/systemd/transient/run-1.service",
        file(PLAIN),
        &["Created run-1.service Transient: ExecStart  > /x: "],
    );
}

#[test]
fn templates_name_their_instances() {
    let mut tree = Tree::new();
    tree.link(&format!("{ETC}/multi-user.target.wants/t@2.service"), "/usr/lib/systemd/system/t@.service");
    check(
        &mut tree,
        &format!("{LIB}/t@.service"),
        file(PLAIN),
        &["Created t@.service UnitFile: ExecStart  > /x: touches t@2.service"],
    );
    check(
        &mut tree,
        &format!("{ETC}/t@2.service"),
        file("[Service]\nExecStart=/y\n"),
        &["Modified t@2.service UnitFile: ExecStart /x > /y: overrides /usr/lib/systemd/system/t@.service"],
    );
}

#[test]
fn what_is_no_unit_is_nothing() {
    let mut tree = Tree::new();
    for path in ["a.service~", ".a.service.swp", "4913", "sedAb12Cd", "a.service.d/x.conf.dpkg-new", "README"]
    {
        check(&mut tree, &format!("{ETC}/{path}"), file(PLAIN), &[]);
    }
    check(&mut tree, &format!("{ETC}/a.service"), FileState::Directory, &[]);
}

#[test]
fn a_file_change_has_its_text_difference() {
    let mut tree = Tree::new();
    tree.file(&format!("{ETC}/a.service"), "[Service]\nExecStart=/x\n");
    let seen = see(&mut tree, &format!("{ETC}/a.service"), file("[Service]\nExecStart=/y\n")).unwrap();
    assert_eq!(seen.file.diff().unwrap().lines, ["-ExecStart=/x", "+ExecStart=/y"]);
    let seen = see(&mut tree, &format!("{ETC}/b.service"), FileState::link("/dev/null")).unwrap();
    assert_eq!(seen.file.diff(), None);
}

#[test]
fn equal_settings_have_no_changes() {
    let settings = [Setting { section: "S".into(), name: "A".into(), values: vec!["1".into()] }];
    assert_eq!(setting_changes(&settings, &settings), []);
    assert_eq!(setting_changes(&settings, &[]).len(), 1);
}

proptest! {
    #[test]
    fn every_change_can_be_told_and_undone(steps in proptest::collection::vec(
        (
            0..2_usize,
            "[abc](@[xy]?)?\\.(service|target)(\\.d/[xy]\\.conf|\\.(wants|requires)/[abc](@x)?\\.service)?",
            crate::systemd::inventory::tests::any_state(),
        ),
        0..25,
    )) {
        let mut tree = Tree::new();
        for (directory, path, state) in steps {
            let path = format!("{}/{path}", [ETC, LIB][directory]);
            if let Some(seen) = see(&mut tree, &path, state.clone()) {
                prop_assert!(seen.units.len() <= 2);
                for change in &seen.units {
                    prop_assert!(change.changes.iter().all(|change| change.before != change.after));
                    let told = !change.changes.is_empty() || change.note.is_some();
                    prop_assert!(told || change.action != Action::Modified, "{:?}", change);
                }
            }
            prop_assert_eq!(see(&mut tree, &path, state), None);
        }
    }
}
