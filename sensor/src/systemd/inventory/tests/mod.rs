//! Tests of the inventory on small trees of files.

mod drop_ins;
mod enablement;

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
        self.put(
            path,
            FileState::Symlink(SymbolicLink { target: target.into(), file: Some(file), device: false }),
        )
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
    assert_eq!(tree.enablement("a.service"), Enablement::Static);
    tree.link(&format!("{ETC}/a.service"), "/usr/lib/systemd/system/a.socket");
    assert_eq!(tree.files("a.service"), ["/run:a.service"]);
}

#[test]
fn instances_come_from_their_template() {
    let mut tree = Tree::new();
    tree.file(
        &format!("{LIB}/a@.service"),
        "[Unit]\nDescription=of %i\n[Service]\nExecStart=/bin/x %I %n %y\n",
    );
    let unit = tree.effective("a@b-c.service").unwrap();
    assert_eq!((unit.name.as_str(), unit.description.as_deref()), ("a@b-c.service", Some("of b-c")));
    assert_eq!(
        unit.commands[0].argv,
        ["/bin/x", "b/c", "a@b-c.service", "/usr/lib/systemd/system/a@.service"]
    );
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
    #![proptest_config(ProptestConfig::with_cases(64))]

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
