//! Specifiers such as `%i` and `%h` in settings. See systemd.unit(5), "SPECIFIERS".

use bstr::{BStr, ByteSlice as _};

use super::escape::{unescape, unescape_path};
use super::name::UnitName;
use super::search_path::UserDirectories;
use super::words::printable;

/// What specifiers may ask of a manager and its host. A fact that is `None` leaves its specifier as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagerFacts {
    /// `%H`, and up to the first dot `%l`.
    pub hostname: Option<String>,
    /// `%m`, as 32 hexadecimal digits.
    pub machine_id: Option<String>,
    /// `%b`, as 32 hexadecimal digits.
    pub boot_id: Option<String>,
    /// `%v`, as `uname -r` prints it.
    pub kernel_release: Option<String>,
    /// `%a`, such as `x86-64`.
    pub architecture: Option<String>,
    /// `%o`, `ID=` of os-release.
    pub os_id: Option<String>,
    /// `%u`, the user whose manager it is; `User=` does not change it.
    pub user: Option<String>,
    /// `%U`.
    pub uid: Option<u32>,
    /// `%g`.
    pub group: Option<String>,
    /// `%G`.
    pub gid: Option<u32>,
    /// `%h`.
    pub home: Option<String>,
    /// `%s`.
    pub shell: Option<String>,
    /// `%t`.
    pub runtime: Option<String>,
    /// `%S`.
    pub state: Option<String>,
    /// `%C`.
    pub cache: Option<String>,
    /// `%L`.
    pub logs: Option<String>,
    /// `%E`.
    pub configuration: Option<String>,
}

impl ManagerFacts {
    /// What is the same on every host for the system manager.
    pub fn system() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            user: text("root"),
            uid: Some(0),
            group: text("root"),
            gid: Some(0),
            home: text("/root"),
            runtime: text("/run"),
            state: text("/var/lib"),
            cache: text("/var/cache"),
            logs: text("/var/log"),
            configuration: text("/etc"),
            ..Self::default()
        }
    }

    /// What follows from a user's directories. State and logs are as from systemd 254 on.
    pub fn user(name: Option<&str>, home: &BStr, directories: &UserDirectories) -> Self {
        let home = printable(home);
        Self {
            user: name.map(str::to_owned),
            uid: Some(directories.uid),
            runtime: Some(printable(&directories.runtime)),
            state: Some(format!("{home}/.local/state")),
            logs: Some(format!("{home}/.local/state/log")),
            cache: Some(format!("{home}/.cache")),
            configuration: Some(printable(&directories.config_home)),
            home: Some(home),
            ..Self::default()
        }
    }
}

/// What specifiers are expanded from.
#[derive(Clone, Copy, Debug)]
pub struct SpecifierContext<'a> {
    /// The unit; a template leaves `%i` empty.
    pub unit: &'a UnitName,
    /// The unit's main file.
    pub fragment: Option<&'a BStr>,
    /// The manager.
    pub manager: &'a ManagerFacts,
}

/// Expands the specifiers in `text`.
///
/// One whose value is unknown, or that no version knows, stays as it stands. systemd refuses a line with the latter.
pub fn expand(text: &str, context: &SpecifierContext<'_>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        let mut tail = after.chars();
        match tail.next() {
            None | Some('%') => expanded.push('%'),
            Some(letter) => {
                if let Some(value) = value(letter, context) {
                    expanded.push_str(&value);
                } else {
                    expanded.push('%');
                    expanded.push(letter);
                }
            }
        }
        rest = tail.as_str();
    }
    expanded.push_str(rest);
    expanded
}

/// What one specifier stands for.
fn value(letter: char, context: &SpecifierContext<'_>) -> Option<String> {
    let SpecifierContext { unit, fragment, manager } = *context;
    let instance = unit.instance().unwrap_or_default();
    match letter {
        'n' => Some(unit.as_str().to_owned()),
        'N' => Some(unit.stem().to_owned()),
        'p' => Some(unit.prefix().to_owned()),
        'P' => unescape(unit.prefix()).map(|text| printable(&text)),
        'i' => Some(instance.to_owned()),
        'I' => unescape(instance).map(|text| printable(&text)),
        'j' => Some(last_part(unit).to_owned()),
        'J' => unescape(last_part(unit)).map(|text| printable(&text)),
        'f' => path_of(unit),
        'y' => fragment.map(|path| printable(path)),
        'Y' => fragment.and_then(|path| path.rsplit_once_str("/")).map(|(directory, _)| printable(directory)),
        'd' => manager.runtime.as_ref().map(|runtime| format!("{runtime}/credentials/{unit}")),
        'T' => Some("/tmp".to_owned()),
        'V' => Some("/var/tmp".to_owned()),
        'H' => manager.hostname.clone(),
        'l' => manager.hostname.as_deref().and_then(|name| name.split('.').next()).map(str::to_owned),
        'm' => manager.machine_id.clone(),
        'b' => manager.boot_id.clone(),
        'v' => manager.kernel_release.clone(),
        'a' => manager.architecture.clone(),
        'o' => manager.os_id.clone(),
        'u' => manager.user.clone(),
        'U' => manager.uid.map(|uid| uid.to_string()),
        'g' => manager.group.clone(),
        'G' => manager.gid.map(|gid| gid.to_string()),
        'h' => manager.home.clone(),
        's' => manager.shell.clone(),
        't' => manager.runtime.clone(),
        'S' => manager.state.clone(),
        'C' => manager.cache.clone(),
        'L' => manager.logs.clone(),
        'E' => manager.configuration.clone(),
        _ => None,
    }
}

/// The prefix's part after its last dash.
fn last_part(unit: &UnitName) -> &str {
    unit.prefix().rsplit_once('-').map_or(unit.prefix(), |(_, last)| last)
}

/// The instance, or without one the prefix, as the path that it is the escaped form of.
fn path_of(unit: &UnitName) -> Option<String> {
    match unit.instance() {
        // A slash is put before an instance that is no path; it is taken as it stands otherwise.
        Some(instance) if !instance.is_empty() => match unescape_path(instance) {
            Some(path) => Some(printable(&path)),
            None => unescape(instance).map(|text| printable(&text)),
        },
        _ => unescape(unit.prefix()).map(|text| format!("/{}", printable(&text))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(unit: &str, text: &str, expected: &str) {
        let unit = UnitName::parse(unit).unwrap();
        let manager = ManagerFacts { hostname: Some("vm.example".to_owned()), ..ManagerFacts::system() };
        let fragment = Some(BStr::new("/etc/systemd/system/a@.service"));
        let context = SpecifierContext { unit: &unit, fragment, manager: &manager };
        assert_eq!(expand(text, &context), expected, "{unit} {text}");
    }

    #[test]
    fn names() {
        let all = "%n|%N|%p|%P|%i|%I|%j|%J";
        check("a.service", all, "a.service|a|a|a|||a|a");
        check("a-b@c-d.service", all, "a-b@c-d.service|a-b@c-d|a-b|a/b|c-d|c/d|b|b");
        check(r"a\x2db.service", all, r"a\x2db.service|a\x2db|a\x2db|a-b|||a\x2db|a-b");
        check("a@.service", "%i|%I", "|");
    }

    #[test]
    fn paths() {
        check("a@dev-sda.service", "%f", "/dev/sda");
        check("a.service", "%f", "/a");
        check("a@-.service", "%f", "/");
        check("a@-x.service", "%f", "/x");
        check(
            "a.service",
            "%y|%Y|%t|%S|%C|%L|%E",
            "/etc/systemd/system/a@.service|/etc/systemd/system|/run|/var/lib|/var/cache|/var/log|/etc",
        );
        check("a.service", "%d", "/run/credentials/a.service");
        check("a.service", "%T%V", "/tmp/var/tmp");
    }

    #[test]
    fn people_and_host() {
        check("a.service", "%u:%U:%g:%G:%h", "root:0:root:0:/root");
        check("a.service", "%H %l", "vm.example vm");
    }

    #[test]
    fn the_rest_stays() {
        check("a.service", "100%", "100%");
        check("a.service", "%%n %%%n %- %_", "%n %a.service %- %_");
        check("a.service", "%m %b %v %z", "%m %b %v %z");
        check("a.service", "%\u{e4}", "%\u{e4}");
        check(r"a@\x.service", "%I", "%I");
    }

    #[test]
    fn a_users_directories() {
        let home = BStr::new("/home/u");
        let facts = ManagerFacts::user(Some("u"), home, &UserDirectories::of(1000, home));
        let unit = UnitName::parse("a.service").unwrap();
        let context = SpecifierContext { unit: &unit, fragment: None, manager: &facts };
        assert_eq!(
            expand("%u %U %h %t %E %C %y", &context),
            "u 1000 /home/u /run/user/1000 /home/u/.config /home/u/.cache %y"
        );
    }

    proptest! {
        #[test]
        fn never_panics(text: String, name in "[a-z@%.\\\\-]{1,12}\\.service") {
            if let Ok(unit) = UnitName::parse(&name) {
                let manager = ManagerFacts::system();
                expand(&text, &SpecifierContext { unit: &unit, fragment: None, manager: &manager });
            }
        }
    }
}
