//! Changes of drop-ins.

use super::*;

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
