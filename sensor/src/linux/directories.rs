//! The directories of a live host that services are defined in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bstr::{BStr, BString};

use super::path::{bytes_of, os_path};
use super::{clock, users};
use crate::config::Linux;
use crate::engine::INIT_SCRIPTS;
use crate::model::Timestamp;
use crate::systemd::search_path::Host as Layout;
use crate::systemd::{GeneratorDirectory, SearchPath, UserDirectories};

/// The directories of a live host that services are defined in.
pub struct Directories {
    /// How the host is laid out.
    pub layout: Layout,
    /// The users whose managers may run, with the true paths of their homes.
    pub users: Vec<(u32, BString)>,
    /// Their homes as their accounts name them.
    pub homes: BTreeMap<u32, BString>,
    /// Those of the system manager that the configuration adds.
    pub extra: Vec<BString>,
    /// Those that are named by way of links, each with its true path.
    pub links: Vec<(BString, BString)>,
    /// Every directory to watch, by its true path.
    pub watched: Vec<BString>,
    /// When the users were looked for, by the wall clock.
    pub looked: Timestamp,
}

impl Directories {
    /// Finds them, as far as `config` wants them watched.
    pub fn find(config: &Linux) -> Self {
        let layout =
            Layout { merged_usr: fs::canonicalize("/lib").is_ok_and(|path| path == Path::new("/usr/lib")) };
        let looked = clock::wall();
        let found = if config.users { users::with_homes(|_uid| false) } else { Vec::new() };
        let users: Vec<(u32, BString)> =
            found.iter().map(|user| (user.uid, resolve(user.home.as_ref()))).collect();
        let homes = found.into_iter().map(|user| (user.uid, user.home)).collect();
        let paths = [SearchPath::system(layout), SearchPath::all_users()];
        let extra: Vec<BString> =
            config.extra_unit_directories.iter().map(|path| resolve(bytes_of(path).as_ref())).collect();
        let mut watched = extra.clone();
        let mut links = Vec::new();
        let units = paths.into_iter().flat_map(|path| path.directories).map(|directory| directory.path);
        let generators = GeneratorDirectory::ALL.iter().map(|directory| directory.path);
        let programs = generators.chain([INIT_SCRIPTS]).map(BString::from);
        add(units.chain(programs), &mut watched, &mut links);
        for (uid, home) in &users {
            let (its_own, its_links) = of_user(*uid, home.as_ref());
            watched.extend(its_own);
            links.extend(its_links);
        }
        watched.sort_unstable();
        watched.dedup();
        links.sort_unstable();
        links.dedup();
        Self { layout, users, homes, extra, links, watched, looked }
    }
}

/// The unit directories of a user's manager by their true paths, and those of them that are named by way of links.
pub fn of_user(uid: u32, home: &BStr) -> (Vec<BString>, Vec<(BString, BString)>) {
    let (mut watched, mut links) = (Vec::new(), Vec::new());
    let path = SearchPath::user(&UserDirectories::of(uid, home));
    add(path.directories.into_iter().map(|directory| directory.path), &mut watched, &mut links);
    (watched, links)
}

/// Adds the true path of each to `watched`, and those that are another than the name to `links`.
fn add(
    named: impl Iterator<Item = BString>,
    watched: &mut Vec<BString>,
    links: &mut Vec<(BString, BString)>,
) {
    for named in named {
        let path = resolve(named.as_ref());
        if path != named {
            links.push((named, path.clone()));
        }
        watched.push(path);
    }
}

/// The true path of `path`, as far as it exists: links on the way are followed, what does not exist yet is kept.
pub fn resolve(path: &BStr) -> BString {
    let mut existing = os_path(path);
    let mut rest = Vec::new();
    loop {
        if let Ok(found) = fs::canonicalize(existing) {
            let mut resolved = bytes_of(&found);
            for name in rest.iter().rev() {
                resolved = super::path::join(resolved.as_ref(), BStr::new(name));
            }
            return resolved;
        }
        let (Some(parent), Some(name)) = (existing.parent(), existing.file_name()) else {
            return path.into();
        };
        rest.push(bytes_of(Path::new(name)).to_vec());
        existing = parent;
    }
}

#[cfg(test)]
mod tests {
    use bstr::ByteSlice as _;

    use super::*;

    #[test]
    fn resolves_what_exists_and_keeps_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let base = bytes_of(&folder.path().canonicalize().unwrap());
        fs::create_dir(folder.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
        let at = |name: &str| BString::from(format!("{base}/{name}"));
        assert_eq!(resolve(at("link/a/b").as_ref()), at("real/a/b"));
        assert_eq!(resolve(at("real").as_ref()), at("real"));
    }

    #[test]
    fn the_system_manager_is_always_watched_and_users_on_demand() {
        let alone = Directories::find(&Linux { users: false, ..Linux::default() });
        assert!(alone.users.is_empty());
        assert!(alone.watched.iter().any(|path| path == "/etc/systemd/system"));
        assert!(alone.watched.iter().any(|path| path.ends_with_str("/system-generators")));
        assert!(Directories::find(&Linux::default()).watched.len() >= alone.watched.len());
    }
}
