//! Users who come while the sensor runs: who they are, and which directories to watch for them.

use std::collections::BTreeMap;
use std::time::Duration;

use bstr::BString;

use super::clock;
use super::directories::{Directories, of_user, resolve};
use super::users::{self, MOST_HOMES, User};
use crate::engine::{NewUser, NewUsers};
use crate::model::Timestamp;

/// How long before it is seen that a user came the first files may be written: a home is copied before its account is
/// written, or made on the way to a login. Clocks of file systems are coarse besides.
const MOMENT: Duration = Duration::from_secs(5);

/// The users who are known, so that others are noticed.
pub struct Newcomers {
    /// Their homes as their accounts name them: true paths may lie on file systems that answer late.
    known: BTreeMap<u32, BString>,
    looked: Timestamp,
    /// How many homes are watched, those of users who have another one by now included.
    homes: usize,
    /// Whether it was told that there are too many.
    is_full: bool,
}

/// Who came, and what to watch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// The users.
    pub users: NewUsers,
    /// Their directories, by true path.
    pub watched: Vec<BString>,
}

impl Newcomers {
    /// Takes those of `directories` as known.
    pub fn new(directories: &Directories) -> Self {
        let known = directories.homes.clone();
        Self { homes: known.len(), known, looked: directories.looked, is_full: false }
    }

    /// Looks who came since this was asked last.
    pub fn look(&mut self) -> Came {
        let now = clock::wall();
        let found = users::with_homes(|uid| self.known.contains_key(&uid));
        self.take(found, now)
    }

    /// Takes those of `found` as known who were not, or have another home now.
    fn take(&mut self, found: Vec<User>, now: Timestamp) -> Came {
        let mut came = Came::default();
        for User { uid, home, login } in found {
            if self.known.get(&uid) == Some(&home) {
                continue;
            }
            if self.homes >= MOST_HOMES {
                if !std::mem::replace(&mut self.is_full, true) {
                    tracing::warn!("{home} and homes that come later are not watched: they are too many");
                }
                continue;
            }
            self.homes += 1;
            let true_home = resolve(home.as_ref());
            let (watched, links) = of_user(uid, true_home.as_ref());
            came.watched.extend(watched);
            came.users.links.extend(links);
            // An account that was not there when it was looked for came since. Who logs in may have been known elsewhere
            // for years.
            let since = before(login.unwrap_or(self.looked));
            came.users.users.push(NewUser { uid, home: true_home, since });
            self.known.insert(uid, home);
        }
        self.looked = now;
        came.users.links.sort_unstable();
        came.users.links.dedup();
        came
    }
}

/// A moment before `time`.
fn before(time: Timestamp) -> Timestamp {
    Timestamp(time.0.saturating_sub(i64::try_from(MOMENT.as_nanos()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(uid: u32, home: &str, login: Option<i64>) -> User {
        User { uid, home: home.into(), login: login.map(Timestamp) }
    }

    fn newcomers(known: &[(u32, &str)], looked: i64) -> Newcomers {
        let homes = known.len();
        let known = known.iter().map(|(uid, home)| (*uid, BString::from(*home))).collect();
        Newcomers { known, looked: Timestamp(looked), homes, is_full: false }
    }

    const MOMENT_NS: i64 = 5_000_000_000;

    #[test]
    fn those_who_came_are_told_once() {
        let mut newcomers = newcomers(&[(1000, "/nowhere/ann")], MOMENT_NS);
        let found = || vec![user(1000, "/nowhere/ann", None), user(1001, "/nowhere/bob", None)];
        let came = newcomers.take(found(), Timestamp(MOMENT_NS + 7));
        let bob = NewUser { uid: 1001, home: "/nowhere/bob".into(), since: Timestamp(0) };
        assert_eq!(came.users.users, [bob]);
        assert!(came.watched.contains(&"/nowhere/bob/.config/systemd/user".into()));
        assert!(came.watched.contains(&"/run/user/1001/systemd/transient".into()));
        assert_eq!(newcomers.take(found(), Timestamp(0)), Came::default());
    }

    #[test]
    fn another_home_and_a_login_are_new() {
        let mut newcomers = newcomers(&[(1000, "/nowhere/ann")], MOMENT_NS);
        let (moved, login) =
            (user(1000, "/nowhere/new", None), user(70_000, "/nowhere/far", Some(2 * MOMENT_NS)));
        let came = newcomers.take(vec![moved, login], Timestamp(3 * MOMENT_NS)).users.users;
        let facts: Vec<(u32, i64)> = came.iter().map(|user| (user.uid, user.since.0)).collect();
        assert_eq!(facts, [(1000, 0), (70_000, MOMENT_NS)]);
        let came = newcomers.take(vec![user(1001, "/nowhere/bob", None)], Timestamp(0)).users.users;
        assert_eq!(came[0].since, Timestamp(2 * MOMENT_NS));
    }

    #[test]
    fn no_more_homes_than_at_the_start_are_known() {
        let mut newcomers = newcomers(&[], 0);
        let many = (0..).map(|uid| user(uid, "/nowhere", None)).take(MOST_HOMES + 1);
        assert_eq!(newcomers.take(many.collect(), Timestamp(0)).users.users.len(), MOST_HOMES);
        assert_eq!(newcomers.take(vec![user(0, "/elsewhere", None)], Timestamp(0)), Came::default());
    }
}
