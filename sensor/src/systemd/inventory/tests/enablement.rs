//! What enablement is told, against what `systemctl --root=TREE is-enabled` 252 says of the same trees.

use super::*;

#[test]
fn enablement_is_that_of_systemctl() {
    let mut tree = Tree::new();
    let wants = |unit: &str| format!("{ETC}/multi-user.target.wants/{unit}");
    tree.file(&format!("{LIB}/a2.service"), WANTED)
        .file(&format!("{LIB}/q.service"), PLAIN)
        .link(&wants("q.service"), "/usr/lib/systemd/system/a2.service")
        .link_to(&format!("{ETC}/l.service"), "/opt/l.service", WANTED)
        .link_to(&format!("{RUN}/l2.service"), "/opt/l2.service", PLAIN)
        .link_to(&format!("{ETC}/l3.service"), "/opt/l3.service", WANTED)
        .link(&wants("l3.service"), "/opt/l3.service")
        .file(&format!("{LIB}/m.service"), WANTED)
        .link(&format!("{ETC}/m.service"), "/dev/null")
        .file(&format!("{LIB}/m2.service"), WANTED)
        .link(&format!("{RUN}/m2.service"), "/dev/null")
        .file(&format!("{LIB}/m3.service"), WANTED)
        .file(&format!("{ETC}/m3.service"), "")
        .file(&format!("{LIB}/m4.service"), "")
        .file(&format!("{LIB}/al.service"), WANTED)
        .link(&format!("{ETC}/alias1.service"), "/usr/lib/systemd/system/al.service")
        .file(&format!("{LIB}/al2.service"), PLAIN)
        .link(&format!("{LIB}/alias2.service"), "al2.service")
        .file(&format!("{LIB}/al3.service"), &format!("{WANTED}Alias=alias3.service\n"))
        .link(&format!("{ETC}/alias3.service"), "/lib/systemd/system/al3.service")
        .file(&format!("{LIB}/also.service"), &format!("{PLAIN}[Install]\nAlso=a2.service\n"))
        .file(&format!("{LIB}/also2.service"), &format!("{PLAIN}[Install]\nAlso=a2.service\n"))
        .link(&wants("also2.service"), "x")
        .file(&format!("{LIB}/di.service"), PLAIN)
        .file(&format!("{LIB}/di.service.d/x.conf"), "[Install]\nWantedBy=x.target\n")
        .file("/run/systemd/generator/gen.service", PLAIN)
        .file("/run/systemd/transient/tr.service", PLAIN)
        .file(&format!("{LIB}/rq.service"), PLAIN)
        .link(&format!("{ETC}/multi-user.target.requires/rq.service"), "x")
        .file(&format!("{LIB}/sub.service"), PLAIN)
        .link(&format!("{ETC}/x.service.wants/sub.service"), "x")
        .file(&format!("{LIB}/ov.service"), PLAIN)
        .file(&format!("{ETC}/ov.service"), WANTED)
        .file(&format!("{RUN}/rt.service"), PLAIN)
        .file(&format!("{LIB}/bad.service"), WANTED)
        .link(&format!("{ETC}/dang.service"), "/usr/lib/systemd/system/nothere.service")
        .link(&format!("{ETC}/dang2.service"), "/opt/nothere.service")
        .file(&format!("{LIB}/d@.service"), &format!("{PLAIN}[Install]\nDefaultInstance=x\n"))
        .file(&format!("{LIB}/br.service"), "[Unit\n")
        .file(&format!("{LIB}/loc.service"), WANTED)
        .link("/usr/local/lib/systemd/system/multi-user.target.wants/loc.service", "x")
        .file(&format!("{LIB}/in@.service"), WANTED)
        .link(&format!("{LIB}/multi-user.target.wants/in@z.service"), "../in@.service");
    for (name, expected) in [
        ("a2.service", Enablement::Disabled),
        ("q.service", Enablement::Enabled),
        ("l.service", Enablement::Linked),
        ("l2.service", Enablement::LinkedRuntime),
        ("l3.service", Enablement::Enabled),
        ("m.service", Enablement::Masked),
        ("m2.service", Enablement::MaskedRuntime),
        ("m3.service", Enablement::Masked),
        ("m4.service", Enablement::Masked),
        ("al.service", Enablement::Indirect),
        ("alias1.service", Enablement::Alias),
        ("al2.service", Enablement::Static),
        ("alias2.service", Enablement::Alias),
        ("al3.service", Enablement::Enabled),
        ("alias3.service", Enablement::Alias),
        ("also.service", Enablement::Indirect),
        ("also2.service", Enablement::Enabled),
        ("di.service", Enablement::Disabled),
        ("gen.service", Enablement::Generated),
        ("tr.service", Enablement::Transient),
        ("rq.service", Enablement::Enabled),
        ("sub.service", Enablement::Enabled),
        ("ov.service", Enablement::Disabled),
        ("rt.service", Enablement::Static),
        ("dang.service", Enablement::Bad),
        ("dang2.service", Enablement::Bad),
        ("d@.service", Enablement::Static),
        ("d@x.service", Enablement::Static),
        ("br.service", Enablement::Bad),
        ("loc.service", Enablement::Disabled),
        ("in@.service", Enablement::Disabled),
        ("in@z.service", Enablement::Static),
        ("nope.service", Enablement::Absent),
    ] {
        assert_eq!(tree.enablement(name), expected, "{name}");
    }
}

#[test]
fn enablement_of_templates_and_odd_links() {
    let mut tree = Tree::new();
    let template = "[Service]\nExecStart=/x\n[Install]\nWantedBy=getty.target\n";
    tree.file(&format!("{LIB}/g@.service"), &format!("{template}DefaultInstance=tty1\n"))
        .link(&format!("{ETC}/getty.target.wants/g@tty1.service"), "/usr/lib/systemd/system/g@.service")
        .file(&format!("{LIB}/h@.service"), template)
        .link(&format!("{ETC}/getty.target.wants/h@x.service"), "/usr/lib/systemd/system/h@.service")
        .file(&format!("{LIB}/k@.service"), template)
        .link(&format!("{LIB}/k@in.service"), "k@.service")
        .file(&format!("{LIB}/b.service"), WANTED)
        .link(&format!("{LIB}/multi-user.target.wants/b.service"), "../b.service")
        .file(&format!("{LIB}/c.service"), WANTED)
        .link("/run/systemd/system.control/multi-user.target.wants/c.service", "x")
        .file(&format!("{ETC}/e.service"), WANTED)
        .link(&format!("{RUN}/multi-user.target.wants/e.service"), "x")
        .file(&format!("{LIB}/d.service"), WANTED)
        .link(&format!("{ETC}/service.wants/d.service"), "x")
        .file(&format!("{LIB}/f.service"), WANTED)
        .link(&format!("{ETC}/foo-.service.wants/f.service"), "x")
        .file(&format!("{LIB}/dn.service"), WANTED)
        .link(&format!("{ETC}/multi-user.target.wants/dn.service"), "/dev/null")
        .file(&format!("{LIB}/rf.service"), WANTED)
        .file(&format!("{ETC}/multi-user.target.wants/rf.service"), "x")
        .file(&format!("{RUN}/rr.service"), WANTED)
        .link(&format!("{ETC}/multi-user.target.wants/rr.service"), "x")
        .file(&format!("{LIB}/ch1.service"), WANTED)
        .link(&format!("{LIB}/ch2.service"), "ch1.service")
        .link(&format!("{LIB}/ch3.service"), "ch2.service")
        .link(&format!("{LIB}/loop1.service"), "loop2.service")
        .link(&format!("{LIB}/loop2.service"), "loop1.service")
        .file(&format!("{LIB}/tt@.service"), WANTED)
        .link(&format!("{ETC}/uu@.service"), "/usr/lib/systemd/system/tt@.service")
        .link(&format!("{ETC}/uu@i.service"), "/usr/lib/systemd/system/tt@.service")
        .link(&format!("{ETC}/ch1.socket"), "/usr/lib/systemd/system/ch1.service");
    for (name, expected) in [
        ("g@.service", Enablement::Enabled),
        ("g@tty1.service", Enablement::Enabled),
        ("g@tty2.service", Enablement::Disabled),
        ("h@.service", Enablement::Indirect),
        ("h@x.service", Enablement::Enabled),
        ("h@y.service", Enablement::Disabled),
        ("k@.service", Enablement::Disabled),
        ("k@in.service", Enablement::Static),
        ("b.service", Enablement::Disabled),
        ("c.service", Enablement::EnabledRuntime),
        ("d.service", Enablement::Enabled),
        ("e.service", Enablement::EnabledRuntime),
        ("f.service", Enablement::Enabled),
        ("dn.service", Enablement::Enabled),
        ("rf.service", Enablement::Disabled),
        ("rr.service", Enablement::Enabled),
        ("ch2.service", Enablement::Alias),
        ("ch3.service", Enablement::Alias),
        ("loop1.service", Enablement::Bad),
        ("uu@.service", Enablement::Alias),
        ("uu@i.service", Enablement::Disabled),
        ("uu@j.service", Enablement::Disabled),
    ] {
        assert_eq!(tree.enablement(name), expected, "{name}");
    }
    let bad = UnitName::parse("ch1.socket").unwrap();
    assert_eq!(tree.0.enablement(Scope::System, &bad, &loading::Install::default()), Enablement::Bad);
}

#[test]
fn which_drop_ins_have_a_say_in_enablement() {
    let mut tree = Tree::new();
    let install = "[Install]\nWantedBy=m.target\n";
    for name in ["p", "q-r", "t@", "v@", "al", "bad"] {
        tree.file(&format!("{LIB}/{name}.service"), PLAIN);
    }
    for owner in ["q-", "t@", "v@i", "al2"] {
        tree.file(&format!("{LIB}/{owner}.service.d/x.conf"), install);
    }
    tree.file(&format!("{LIB}/service.d/y.conf"), install)
        .link(&format!("{LIB}/al2.service"), "al.service")
        .file(&format!("{LIB}/bad.service.d/x.conf"), "[Install\n");
    for (name, expected) in [
        ("p.service", Enablement::Static),
        ("q-r.service", Enablement::Static),
        ("t@.service", Enablement::Disabled),
        ("t@k.service", Enablement::Disabled),
        ("v@.service", Enablement::Static),
        ("v@i.service", Enablement::Disabled),
        ("v@k.service", Enablement::Static),
        ("al.service", Enablement::Static),
        ("bad.service", Enablement::Bad),
    ] {
        assert_eq!(tree.enablement(name), expected, "{name}");
    }
}
