//! Tests of what file changes mean, on small trees of files.

mod drop_in;
mod fragment;

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::systemd::inventory::tests::Tree;
use crate::systemd::inventory::{RegularFile, SpecialKind, SymbolicLink};

const ETC: &str = "/etc/systemd/system";
const LIB: &str = "/usr/lib/systemd/system";
const PLAIN: &str = "[Service]\nExecStart=/x\n";

fn file(content: &str) -> FileState {
    FileState::regular(content, 0o644, 0, 0)
}

fn see(tree: &mut Tree, path: &str, state: FileState) -> Option<Observed> {
    observe_path(&mut tree.0, BStr::new(path), state)
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
    let units = |names: [&str; 2]| {
        ["After", "ExecStart"].map(|name| Setting {
            section: if name == "After" { "Unit" } else { "Service" }.into(),
            name: name.into(),
            values: names.map(str::to_owned).to_vec(),
        })
    };
    // The order of dependencies means nothing; that of commands does.
    let changes = setting_changes(&units(["a", "b"]), &units(["b", "a"]));
    assert_eq!(changes.iter().map(|change| change.name.as_str()).collect::<Vec<_>>(), ["ExecStart"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

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
