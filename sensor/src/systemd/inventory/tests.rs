//! Tests of the inventory on small trees of files.
//!
//! What they expect of enablement is what `systemctl --root=TREE is-enabled` 252 says of the same trees; what they
//! expect of drop-ins and aliases is what `systemd --user --test` 252 loads from them.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::service::Enablement;

const ETC: &str = "/etc/systemd/system";
const RUN: &str = "/run/systemd/system";
const LIB: &str = "/usr/lib/systemd/system";

const PLAIN: &str = "[Service]\nExecStart=/x\n";
const WANTED: &str = "[Service]\nExecStart=/x\n[Install]\nWantedBy=multi-user.target\n";

/// An inventory with a system manager, under construction.
pub(in crate::systemd) struct Tree(pub(in crate::systemd) Inventory);

impl Tree {
    pub(in crate::systemd) fn new() -> Self {
        let host = Host { merged_usr: true };
        let mut inventory = Inventory::new(host);
        inventory.add_manager(SearchPath::system(host), ManagerFacts::system());
        Self(inventory)
    }

    pub(in crate::systemd) fn put(&mut self, path: &str, state: FileState) -> &mut Self {
        let (directory, rest) = self
            .0
            .locate(BStr::new(path))
            .map(|(directory, rest)| (directory.path.clone(), rest.to_owned()))
            .expect("a path in a unit directory");
        self.0.apply(directory.as_bstr(), rest.as_bstr(), state);
        self
    }

    pub(in crate::systemd) fn file(&mut self, path: &str, content: &str) -> &mut Self {
        self.put(path, FileState::regular(content, 0o644, 0, 0))
    }

    pub(in crate::systemd) fn link(&mut self, path: &str, target: &str) -> &mut Self {
        self.put(path, FileState::link(target))
    }

    /// A link to a file out of the search path.
    pub(in crate::systemd) fn link_to(&mut self, path: &str, target: &str, content: &str) -> &mut Self {
        let file = Arc::new(RegularFile::new(content.as_bytes(), 0o644, 0, 0));
        self.put(path, FileState::Symlink(SymbolicLink { target: target.into(), file: Some(file) }))
    }

    fn effective(&self, name: &str) -> Option<EffectiveUnit> {
        self.0.effective(Scope::System, &UnitName::parse(name).unwrap())
    }

    fn enablement(&self, name: &str) -> Enablement {
        self.effective(name).map_or(Enablement::Absent, |unit| unit.enablement)
    }

    /// The unit's fragment and drop-ins, without the directories' common parts.
    fn files(&self, name: &str) -> Vec<String> {
        let unit = self.effective(name).unwrap();
        let fragment = unit.fragment.iter().map(|fragment| &fragment.path);
        fragment
            .chain(unit.drop_ins.iter().map(|drop_in| &drop_in.path))
            .map(|path| path.to_string().replace("/systemd/system/", ":"))
            .collect()
    }
}

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
    assert_eq!(tree.0.enablement(Scope::System, &bad, &effective::Install::default()), Enablement::Bad);
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

#[test]
fn the_first_directory_defines_a_unit() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), "[Service]\nExecStart=/vendor\n");
    assert_eq!(tree.files("a.service"), ["/usr/lib:a.service"]);
    tree.file(&format!("{RUN}/a.service"), "[Service]\nExecStart=/run\n");
    assert_eq!(tree.files("a.service"), ["/run:a.service"]);
    tree.file(&format!("{ETC}/a.service"), "[Service]\nExecStart=/etc\n");
    assert_eq!(tree.files("a.service"), ["/etc:a.service"]);
    tree.file("/run/systemd/generator.early/a.service", "[Service]\nExecStart=/early\n");
    tree.file("/run/systemd/generator.late/a.service", "[Service]\nExecStart=/late\n");
    assert_eq!(tree.effective("a.service").unwrap().value("Service", "ExecStart"), Some("/early"));
    tree.put("/run/systemd/generator.early/a.service", FileState::Absent);
    assert_eq!(tree.files("a.service"), ["/etc:a.service"]);
    // A directory, or a link that systemd refuses, does not stand in the way.
    tree.put(&format!("{ETC}/a.service"), FileState::Directory);
    assert_eq!(tree.files("a.service"), ["/run:a.service"]);
    tree.link(&format!("{ETC}/a.service"), "/usr/lib/systemd/system/a.service");
    assert_eq!(tree.files("a.service"), ["/run:a.service"]);
    tree.link(&format!("{ETC}/a.service"), "/usr/lib/systemd/system/a.socket");
    assert_eq!(tree.files("a.service"), ["/run:a.service"]);
}

#[test]
fn instances_come_from_their_template() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a@.service"), "[Unit]\nDescription=of %i\n[Service]\nExecStart=/bin/x %I %n\n");
    let unit = tree.effective("a@b-c.service").unwrap();
    assert_eq!(unit.name.as_str(), "a@b-c.service");
    assert_eq!(unit.commands[0].argv, ["/bin/x", "b/c", "a@b-c.service"]);
    assert_eq!(unit.fragment.unwrap().path, "/usr/lib/systemd/system/a@.service");
    tree.file(&format!("{LIB}/a@z.service"), PLAIN);
    assert_eq!(tree.files("a@z.service"), ["/usr/lib:a@z.service"]);
    assert!(tree.effective("b@c.service").is_none());
    // Also when a link in the instance's place leads nowhere.
    tree.link(&format!("{ETC}/a@y.service"), "nothing@.service");
    assert_eq!(tree.files("a@y.service"), ["/usr/lib:a@.service"]);
}

#[test]
fn aliases_share_one_unit() {
    let mut tree = Tree::new();
    tree.file(&format!("{LIB}/a.service"), PLAIN)
        .link(&format!("{ETC}/b.service"), "/usr/lib/systemd/system/a.service")
        .link(&format!("{ETC}/c.service"), "./b.service")
        .file(&format!("{LIB}/t@.service"), PLAIN)
        .link(&format!("{LIB}/u@.service"), "t@.service")
        .link(&format!("{LIB}/v@i.service"), "t@i.service");
    let names = |name: &str| {
        let unit = tree.effective(name).unwrap();
        let aliases: Vec<String> = unit.aliases.iter().map(ToString::to_string).collect();
        (unit.name.to_string(), aliases.join(" "))
    };
    assert_eq!(names("a.service"), ("a.service".into(), "b.service c.service".into()));
    assert_eq!(names("c.service"), ("a.service".into(), "b.service c.service".into()));
    assert_eq!(names("u@i.service"), ("t@i.service".into(), "u@i.service v@i.service".into()));
    assert_eq!(names("t@x.service"), ("t@x.service".into(), "u@x.service".into()));
    assert_eq!(names("u@.service"), ("t@.service".into(), "u@.service".into()));
}

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
        (unit.load, unit.description(), unit.value("Service", "User")),
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

#[test]
fn users_managers_read_what_all_users_have() {
    use crate::systemd::search_path::UserDirectories;
    let host = Host { merged_usr: true };
    let mut inventory = Inventory::new(host);
    let user = UserDirectories::of(1000, BStr::new("/home/u"));
    inventory.add_manager(SearchPath::all_users(), ManagerFacts::default());
    inventory
        .add_manager(SearchPath::user(&user), ManagerFacts::user(Some("u"), BStr::new("/home/u"), &user));
    let name = UnitName::parse("a.service").unwrap();
    let file = |content: &str| FileState::regular(content, 0o644, 1000, 1000);
    inventory.apply(BStr::new("/etc/systemd/user"), BStr::new("a.service"), file(PLAIN));
    inventory.apply(
        BStr::new("/home/u/.config/systemd/user"),
        BStr::new("a.service.d/x.conf"),
        file("[Service]\nExecStart=\nExecStart=%h/x\n"),
    );
    let of_all = inventory.effective(Scope::AllUsers, &name).unwrap();
    assert_eq!(of_all.values("Service", "ExecStart"), ["/x"]);
    let of_one = inventory.effective(Scope::User(1000), &name).unwrap();
    assert_eq!(of_one.commands[0].path, "/home/u/x");
    inventory.apply(
        BStr::new("/etc/systemd/user"),
        BStr::new("default.target.wants/a.service"),
        FileState::link("../a.service"),
    );
    assert_eq!(inventory.effective(Scope::User(1000), &name).unwrap().enablement, Enablement::Enabled);
}

#[test]
fn apply_tells_what_changed() {
    let mut tree = Tree::new();
    let path = BStr::new("a.service");
    let state = FileState::regular(PLAIN, 0o644, 0, 0);
    let change = tree.0.apply(BStr::new(ETC), path, state.clone()).unwrap();
    assert_eq!(change.full_path(), "/etc/systemd/system/a.service");
    assert_eq!((change.before, change.after), (FileState::Absent, state.clone()));
    assert_eq!(tree.0.apply(BStr::new(ETC), path, state), None);
    assert!(tree.0.apply(BStr::new(ETC), path, FileState::regular(PLAIN, 0o666, 0, 0)).is_some());
    assert_eq!(tree.0.apply(BStr::new(ETC), BStr::new("a.service~"), FileState::Directory), None);
    assert_eq!(tree.0.apply(BStr::new("/opt"), path, FileState::Absent), None);
    assert_eq!(tree.0.fragment_count(), 1);
    assert!(tree.0.apply(BStr::new(ETC), path, FileState::Absent).is_some());
    assert_eq!(tree.0.fragment_count(), 0);
}

/// What ten thousand units cost, by the sizes of what is kept.
#[test]
fn ten_thousand_units_are_compact() {
    let content = |n: usize| {
        let filler = "Documentation=man:something(8)\nAfter=network.target\n".repeat(8);
        format!("[Unit]\nDescription=Unit {n}\n{filler}[Service]\nExecStart=/usr/sbin/daemon {n}\n")
    };
    let mut tree = Tree::new();
    for n in 0..10_000 {
        tree.file(&format!("{LIB}/unit-{n}.service"), &content(n));
    }
    let entry = size_of::<UnitName>() + size_of::<FileState>();
    let per_unit = 2 * entry + 60 + content(9999).len() + 80;
    assert!(per_unit * 10_000 < 15 << 20, "{per_unit} bytes for each unit");
    assert!(size_of::<FileState>() <= 112, "{}", size_of::<FileState>());
    assert_eq!(tree.0.units(Scope::System).len(), 10_000);
}

pub(in crate::systemd) fn any_state() -> impl Strategy<Value = FileState> {
    let content = prop_oneof![
        Just(PLAIN.to_owned()),
        Just(WANTED.to_owned()),
        Just(String::new()),
        Just(
            "[Service]\nExecStart=\nUser=u\nEnvironment=A=1\n[Install]\nAlias=b.service c@.service\n"
                .to_owned()
        ),
        "(\\[Unit\\]|\\[Service\\]|\\[Install\\]|ExecStart=/%i|Alias=%p@x.service|\\n|Wants=b|x=|\\\\){0,12}",
    ];
    prop_oneof![
        2 => content.prop_map(|content| FileState::regular(content, 0o644, 0, 0)),
        2 => "(\\.\\./|/usr/lib/systemd/system/|/etc/systemd/system/|/opt/|)([abc](@[xy]?)?\\.(service|socket)|null)"
            .prop_map(FileState::link),
        1 => Just(FileState::link("/dev/null")),
        1 => Just(FileState::Absent),
        1 => Just(FileState::Directory),
        1 => Just(FileState::Special(SpecialKind::Device)),
        1 => Just(FileState::Unreadable(crate::model::Reason::Denied)),
    ]
}

proptest! {
    #[test]
    fn any_set_of_files_gives_units(files in proptest::collection::vec(
        (
            0..3_usize,
            "[abc](-[ab])?(@[xy]?)?\\.(service|socket|target)(\\.d/[xy]\\.conf|\\.(wants|requires)/[abc](@x)?\\.service)?",
            any_state(),
        ),
        0..30,
    )) {
        let mut tree = Tree::new();
        for (directory, path, state) in files {
            tree.put(&format!("{}/{path}", [ETC, RUN, LIB][directory]), state);
        }
        for name in tree.0.units(Scope::System) {
            if let Some(unit) = tree.0.effective(Scope::System, &name) {
                // Asking for the main name gives the same unit.
                let again = tree.0.effective(Scope::System, &unit.name);
                if unit.load != LoadState::Error {
                    prop_assert_eq!(again.map(|again| (again.name, again.settings)), Some((unit.name, unit.settings)));
                }
            }
        }
    }
}
