//! Users of a live host: their names, homes and logins.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use bstr::{BString, ByteSlice as _};

use crate::model::{Reason, Timestamp};

/// The most users that are known by name.
const MOST_NAMES: usize = 10_000;
/// The most homes that are watched.
pub const MOST_HOMES: usize = 4_096;

/// A user of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Numeric id.
    pub uid: u32,
    /// Home directory.
    pub home: BString,
    /// When the user logged in, by the wall clock, where that is how the user is known.
    pub login: Option<Timestamp>,
}

/// The users whose managers may run: those of /etc/passwd with a home of their own, and those who are logged in, of whom
/// those that are known are left out.
pub fn with_homes(is_known: impl Fn(u32) -> bool) -> Vec<User> {
    let mut users = parse_passwd(&fs::read("/etc/passwd").unwrap_or_default());
    // Users of a directory service appear when they log in.
    for entry in fs::read_dir("/run/user").into_iter().flatten().filter_map(Result::ok) {
        let Some(uid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if !is_known(uid)
            && !users.iter().any(|user| user.uid == uid)
            && let Ok(Some(user)) = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid))
        {
            users.push(User {
                uid,
                home: super::path::bytes_of(&user.dir),
                login: Some(login(&entry.path())),
            });
        }
    }
    users.truncate(MOST_HOMES);
    users
}

/// When a user logged in whose directory of /run/user this is: it was made and mounted then, and both directories may have
/// got further entries since.
fn login(directory: &Path) -> Timestamp {
    let modified = |path: &Path| path.metadata().map_or(0, |found| super::files::modified(&found));
    Timestamp(modified(directory).min(modified(Path::new("/run/user"))))
}

/// Lines of `name:password:uid:gid:comment:home:shell` (passwd(5)); malformed lines and homes that nobody owns are left out.
fn parse_passwd(text: &[u8]) -> Vec<User> {
    let mut users: Vec<User> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        let [_name, _password, uid, _gid, _comment, home, _shell] = fields.as_slice() else { continue };
        let Some(uid) = uid.to_str().ok().and_then(|uid| uid.parse().ok()) else { continue };
        let shared = matches!(*home, b"" | b"/" | b"/nonexistent" | b"/dev/null") || !home.starts_with(b"/");
        let system = uid != 0
            && [&b"/bin"[..], b"/sbin", b"/usr", b"/dev", b"/run", b"/proc"]
                .iter()
                .any(|top| home.starts_with(top));
        if !shared && !system && users.iter().all(|user| user.uid != uid) {
            users.push(User { uid, home: home.strip_suffix(b"/").unwrap_or(home).into(), login: None });
        }
    }
    users
}

/// Names of users by id, each asked for once as long as accounts stay as they are.
#[derive(Default)]
pub struct UserNames {
    /// The inode of /etc/passwd when they were asked for, and when it was written.
    accounts: Option<(u64, i64)>,
    known: HashMap<u32, Result<String, Reason>>,
}

impl UserNames {
    /// The name of user `uid`.
    ///
    /// # Errors
    /// [`Reason::NotFound`] when the user database has none.
    pub fn name(&mut self, uid: u32) -> Result<String, Reason> {
        let accounts =
            fs::metadata("/etc/passwd").ok().map(|found| (found.ino(), super::files::modified(&found)));
        if self.known.len() >= MOST_NAMES || self.accounts != accounts {
            self.accounts = accounts;
            self.known.clear();
        }
        self.known
            .entry(uid)
            .or_insert_with(|| match nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid)) {
                Ok(Some(user)) => Ok(user.name),
                Ok(None) => Err(Reason::NotFound),
                Err(_errno) => Err(Reason::Failed),
            })
            .clone()
    }
}

/// Where the login of audit session `session` came from, as logind keeps it (sd-login(3)).
///
/// # Errors
/// [`Reason::NotFound`] when logind knows no such session, or it is a local one.
pub fn remote_address(session: u32) -> Result<String, Reason> {
    let path = format!("/run/systemd/sessions/{session}");
    let text = fs::read(Path::new(&path)).map_err(|_error| Reason::NotFound)?;
    parse_session(&text, session).ok_or(Reason::NotFound)
}

fn parse_session(text: &[u8], session: u32) -> Option<String> {
    let value = |name: &[u8]| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(b"="))?;
        Some(line.to_str_lossy().into_owned())
    };
    // A session's name is its audit session's number where there is one; another one may bear the same name.
    (value(b"AUDIT")? == session.to_string()).then(|| value(b"REMOTE_HOST")).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwd_lines_that_make_sense() {
        let text = b"root:x:0:0:root:/root:/bin/bash\n\
            daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n\
            nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n\
            # a comment\n\
            ann:x:1000:1000:Ann,,,:/home/ann/:/bin/bash\n\
            ann2:x:1000:1000::/home/other:/bin/bash\n\
            broken:x:abc:1::/home/broken:/bin/sh\n\
            short:x:1001\n\
            relative:x:1002:1002::home:/bin/sh\n";
        let users = parse_passwd(text);
        assert_eq!(
            users,
            [(0, "/root"), (1000, "/home/ann")].map(|(uid, home)| User {
                uid,
                home: home.into(),
                login: None
            })
        );
    }

    #[test]
    fn names_come_from_the_user_database() {
        let mut names = UserNames::default();
        assert_eq!(names.name(0), Ok("root".into()));
        assert_eq!(names.name(0xffff_fff0), Err(Reason::NotFound));
    }

    #[test]
    fn a_session_of_another_audit_session_is_not_taken() {
        let text = b"UID=0\nREMOTE=1\nREMOTE_HOST=192.0.2.7\nAUDIT=3\n";
        assert_eq!(parse_session(text, 3), Some("192.0.2.7".into()));
        assert_eq!(parse_session(text, 4), None);
        assert_eq!(parse_session(b"AUDIT=3\n", 3), None);
    }
}
