//! Changes of main files.

use super::*;

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
fn a_unit_that_is_not_read_to_the_end_says_so() {
    let mut tree = Tree::new();
    let padded = format!("{PLAIN}{}[Service]\nExecStartPost=/evil\n", "#\n".repeat(600_000));
    check(
        &mut tree,
        &format!("{ETC}/a.service"),
        file(&padded),
        &[
            "Created a.service UnitFile: ExecStart  > /x: /etc/systemd/system/a.service is not known in full: the file is larger than 1 MiB: the rest was not looked at",
        ],
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
fn an_empty_file_that_is_filled_later_is_no_mask() {
    let mut tree = Tree::new();
    let path = &format!("{ETC}/a.service");
    check(
        &mut tree,
        path,
        file(""),
        &["Masked a.service Mask: : there was no unit of that name; by an empty file"],
    );
    check(
        &mut tree,
        path,
        file(PLAIN),
        &["Created a.service UnitFile: ExecStart  > /x: its file was empty before"],
    );
    // What was there and is emptied is masked, until it is filled again.
    check(
        &mut tree,
        path,
        file(""),
        &["Masked a.service Mask: : hides /etc/systemd/system/a.service; by an empty file"],
    );
    check(
        &mut tree,
        path,
        file(PLAIN),
        &["Unmasked a.service Mask: : /etc/systemd/system/a.service now defines it"],
    );
    tree.file(&format!("{LIB}/b.service"), PLAIN).file(&format!("{ETC}/b.service"), "");
    check(
        &mut tree,
        &format!("{ETC}/b.service"),
        file(PLAIN),
        &["Unmasked b.service Mask: : /etc/systemd/system/b.service now defines it"],
    );
}

#[test]
fn a_device_masks_and_a_socket_does_not() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN);
    let path = &format!("{ETC}/a.service");
    check(
        &mut tree,
        path,
        FileState::Special(SpecialKind::Device),
        &[
            "Masked a.service Mask: : hides /usr/lib/systemd/system/a.service; by a device, which systemd passes over from version 250 on",
        ],
    );
    let link = SymbolicLink { target: "/dev/zero".into(), file: None, device: true };
    see(&mut tree, path, FileState::Absent).unwrap();
    check(
        &mut tree,
        path,
        FileState::Symlink(link),
        &[
            "Masked a.service Mask: : hides /usr/lib/systemd/system/a.service; by a link to the device /dev/zero",
        ],
    );
    see(&mut tree, path, FileState::Absent).unwrap();
    let seen = see(&mut tree, path, FileState::Special(SpecialKind::Socket)).unwrap();
    assert_eq!(seen.units[0].action, Action::Modified);
    assert!(seen.units[0].note.as_deref().unwrap().contains("it is a socket and no regular file"));
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
        &[
            "Modified a.service UnitFile: : no effect: systemd does not take a link to /usr/lib/systemd/system/a.service as another name",
        ],
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
    let link = SymbolicLink { target: "/opt/l.service".into(), file: Some(content), device: false };
    let seen = see(&mut tree, &format!("{ETC}/l.service"), FileState::Symlink(link)).unwrap();
    let change = &seen.units[0];
    assert_eq!((change.action, change.mechanism), (Action::Created, Mechanism::UnitFile));
    assert_eq!(change.note.as_deref(), Some("its file lies outside of the unit directories: /opt/l.service"));
    assert_eq!(change.after.as_ref().unwrap().enablement, Enablement::Linked);
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
