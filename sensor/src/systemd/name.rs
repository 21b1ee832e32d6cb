//! Unit names: `ssh.service`, the template `getty@.service` and its instance `getty@tty1.service`.

use std::fmt;
use std::sync::Arc;

/// The longest unit name in bytes (`UNIT_NAME_MAX` less its terminator).
pub const NAME_MAX: usize = 255;

/// The type of a unit, told by the last part of its name. See systemd.unit(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnitType {
    /// A process or several.
    Service,
    /// A socket or FIFO that starts a service.
    Socket,
    /// A device that udev announces.
    Device,
    /// A mount point.
    Mount,
    /// A mount point that is mounted on access.
    Automount,
    /// Swap space.
    Swap,
    /// A group of units.
    Target,
    /// A path that starts a unit when it changes.
    Path,
    /// A clock that starts a unit.
    Timer,
    /// A node of the control group tree.
    Slice,
    /// Processes that were started by others; never read from a file of its own.
    Scope,
}

impl UnitType {
    /// Every type, in the order of systemd.unit(5).
    pub const ALL: [Self; 11] = [
        Self::Service,
        Self::Socket,
        Self::Device,
        Self::Mount,
        Self::Automount,
        Self::Swap,
        Self::Target,
        Self::Path,
        Self::Timer,
        Self::Slice,
        Self::Scope,
    ];

    /// The suffix without its dot, such as `service`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Socket => "socket",
            Self::Device => "device",
            Self::Mount => "mount",
            Self::Automount => "automount",
            Self::Swap => "swap",
            Self::Target => "target",
            Self::Path => "path",
            Self::Timer => "timer",
            Self::Slice => "slice",
            Self::Scope => "scope",
        }
    }

    /// The type that `suffix`, without its dot, stands for.
    pub fn from_suffix(suffix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit_type| unit_type.as_str() == suffix)
    }

    /// The section of a unit file that only units of this type read; `None` where there is none.
    pub fn section(self) -> Option<&'static str> {
        match self {
            Self::Service => Some("Service"),
            Self::Socket => Some("Socket"),
            Self::Mount => Some("Mount"),
            Self::Automount => Some("Automount"),
            Self::Swap => Some("Swap"),
            Self::Path => Some("Path"),
            Self::Timer => Some("Timer"),
            Self::Slice => Some("Slice"),
            Self::Scope => Some("Scope"),
            Self::Device | Self::Target => None,
        }
    }

    /// Whether systemd accepts a link from one name of this type to another (`unit_type_may_alias`).
    pub fn may_alias(self) -> bool {
        matches!(self, Self::Service | Self::Socket | Self::Target | Self::Device | Self::Timer | Self::Path)
    }

    /// Whether systemd accepts links between templates of this type (`unit_type_may_template`).
    pub fn may_template(self) -> bool {
        matches!(self, Self::Service | Self::Socket | Self::Target | Self::Timer | Self::Path)
    }

    /// Whether such a unit can only be loaded when a main file exists; the others may consist of drop-ins alone.
    pub fn needs_fragment(self) -> bool {
        matches!(
            self,
            Self::Service | Self::Socket | Self::Automount | Self::Target | Self::Path | Self::Timer
        )
    }
}

impl fmt::Display for UnitType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the `@` in a unit name makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameKind {
    /// No `@`: `ssh.service`.
    Plain,
    /// Nothing after the `@`: `getty@.service`.
    Template,
    /// Something after the `@`: `getty@tty1.service`.
    Instance,
}

/// Why a text is no unit name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("the name is empty")]
    Empty,
    /// Longer than 255 bytes.
    #[error("the name is longer than {NAME_MAX} bytes")]
    TooLong,
    /// No dot, or nothing before it.
    #[error("the name has no suffix")]
    NoSuffix,
    /// What follows the last dot is no unit type.
    #[error("the name's suffix is no unit type")]
    UnknownSuffix,
    /// Outside of letters, digits and `:-_.\@`.
    #[error("byte {0:#04x} is not allowed in a unit name")]
    InvalidByte(u8),
    /// The `@` comes first.
    #[error("nothing stands before the @")]
    NoPrefix,
}

/// A valid unit name. Cheap to clone.
///
/// Valid is what systemd's `unit_name_is_valid` takes: at most 255 bytes, letters, digits and `:-_.\@`, a known
/// suffix, something before the first `@`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitName {
    text: Arc<str>,
}

impl UnitName {
    /// Takes `text` as a unit name.
    ///
    /// # Errors
    /// When systemd would not take it as one; the error tells which rule it breaks.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, NameError> {
        let bytes = text.as_ref();
        if bytes.is_empty() {
            return Err(NameError::Empty);
        }
        if bytes.len() > NAME_MAX {
            return Err(NameError::TooLong);
        }
        if let Some(&byte) = bytes.iter().find(|&&byte| !is_name_byte(byte)) {
            return Err(NameError::InvalidByte(byte));
        }
        // Only ASCII is left after the check above, so this can't fail.
        let text = std::str::from_utf8(bytes).map_err(|_| NameError::InvalidByte(0))?;
        let (stem, suffix) = text.rsplit_once('.').ok_or(NameError::NoSuffix)?;
        if stem.is_empty() {
            return Err(NameError::NoSuffix);
        }
        UnitType::from_suffix(suffix).ok_or(NameError::UnknownSuffix)?;
        if stem.starts_with('@') {
            return Err(NameError::NoPrefix);
        }
        Ok(Self { text: text.into() })
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its type.
    pub fn unit_type(&self) -> UnitType {
        let suffix = self.text.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        // A name without a known suffix is never made; service is what the tools assume.
        UnitType::from_suffix(suffix).unwrap_or(UnitType::Service)
    }

    /// Whether it is a template, an instance or neither.
    pub fn kind(&self) -> NameKind {
        match self.stem().split_once('@') {
            None => NameKind::Plain,
            Some((_, "")) => NameKind::Template,
            Some(_) => NameKind::Instance,
        }
    }

    /// The name without its suffix: `getty@tty1`. This is the specifier `%N`, still escaped.
    pub fn stem(&self) -> &str {
        self.text.rsplit_once('.').map_or(&*self.text, |(stem, _)| stem)
    }

    /// What stands before the `@`, or before the suffix: `getty`. This is the specifier `%p`.
    pub fn prefix(&self) -> &str {
        let stem = self.stem();
        stem.split_once('@').map_or(stem, |(prefix, _)| prefix)
    }

    /// What stands between `@` and suffix, empty for a template; `None` for a plain name. This is the specifier `%i`.
    pub fn instance(&self) -> Option<&str> {
        self.stem().split_once('@').map(|(_, instance)| instance)
    }

    /// The template that an instance belongs to, or the template itself; `None` for a plain name.
    pub fn template(&self) -> Option<Self> {
        self.instance()?;
        Self::parse(format!("{}@.{}", self.prefix(), self.unit_type())).ok()
    }

    /// This template or instance with another instance; `None` for a plain name or an instance that is not valid.
    pub fn with_instance(&self, instance: &str) -> Option<Self> {
        self.instance()?;
        if instance.is_empty() {
            return None;
        }
        Self::parse(format!("{}@{instance}.{}", self.prefix(), self.unit_type())).ok()
    }

    /// The names whose `.d` directories are searched for drop-ins of this unit within one directory of the search
    /// path, the most specific first.
    ///
    /// See systemd.unit(5) and, for the order, `unit_file_find_dirs`: `a-b@i.service` gives itself, its template
    /// `a-b@.service`, the shorter prefix `a-.service`, then `a-@i.service` and `a-@.service`. The type level
    /// (`service.d`) is not among them: it comes after all of these in all directories.
    pub fn drop_in_names(&self) -> Vec<String> {
        let suffix = self.unit_type();
        let shorter = std::iter::successors(shorter_prefix(self.prefix()), |prefix| shorter_prefix(prefix));
        let mut names = vec![self.as_str().to_owned()];
        let instance = self.instance().filter(|instance| !instance.is_empty());
        if instance.is_some() {
            names.push(format!("{}@.{suffix}", self.prefix()));
        }
        names.extend(shorter.clone().map(|prefix| format!("{prefix}.{suffix}")));
        if let Some(instance) = instance {
            for prefix in shorter {
                names.push(format!("{prefix}@{instance}.{suffix}"));
                names.push(format!("{prefix}@.{suffix}"));
            }
        }
        names
    }
}

/// The next shorter prefix that ends in a dash: `a-b-c` gives `a-b-`, that gives `a-`, that gives none.
fn shorter_prefix(prefix: &str) -> Option<&str> {
    // One trailing dash is taken off before looking for the next; never more than one.
    let body = prefix.strip_suffix('-').unwrap_or(prefix);
    let dash = body.rfind('-').filter(|&at| at > 0)?;
    prefix.get(..=dash)
}

/// Whether a unit name may hold `byte`.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte)
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.text)
    }
}

impl AsRef<str> for UnitName {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl std::borrow::Borrow<str> for UnitName {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl std::str::FromStr for UnitName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_systemd_takes() {
        for (text, kind, prefix, instance, unit_type) in [
            ("ssh.service", NameKind::Plain, "ssh", None, UnitType::Service),
            ("getty@.service", NameKind::Template, "getty", Some(""), UnitType::Service),
            ("getty@tty1.service", NameKind::Instance, "getty", Some("tty1"), UnitType::Service),
            ("a@b@c.socket", NameKind::Instance, "a", Some("b@c"), UnitType::Socket),
            ("a.b.c@d.e.timer", NameKind::Instance, "a.b.c", Some("d.e"), UnitType::Timer),
            ("-.slice", NameKind::Plain, "-", None, UnitType::Slice),
            ("-.mount", NameKind::Plain, "-", None, UnitType::Mount),
            (r"dev-disk-by\x2duuid.swap", NameKind::Plain, r"dev-disk-by\x2duuid", None, UnitType::Swap),
            ("foo.service.service", NameKind::Plain, "foo.service", None, UnitType::Service),
            (".a.path", NameKind::Plain, ".a", None, UnitType::Path),
        ] {
            let name = UnitName::parse(text).unwrap();
            assert_eq!(
                (name.kind(), name.prefix(), name.instance(), name.unit_type(), name.as_str()),
                (kind, prefix, instance, unit_type, text),
            );
        }
    }

    #[test]
    fn refuses_what_systemd_refuses() {
        for (text, error) in [
            ("", NameError::Empty),
            ("ssh", NameError::NoSuffix),
            (".service", NameError::NoSuffix),
            ("ssh.Service", NameError::UnknownSuffix),
            ("ssh.conf", NameError::UnknownSuffix),
            ("ssh.service~", NameError::InvalidByte(b'~')),
            ("a b.service", NameError::InvalidByte(b' ')),
            ("a/b.service", NameError::InvalidByte(b'/')),
            ("\u{fc}.service", NameError::InvalidByte(0xc3)),
            ("a\0.service", NameError::InvalidByte(0)),
            ("@a.service", NameError::NoPrefix),
            ("@.service", NameError::NoPrefix),
            ("foo.", NameError::UnknownSuffix),
        ] {
            assert_eq!(UnitName::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_longest_name_has_255_bytes() {
        assert!(UnitName::parse(format!("{}.service", "a".repeat(NAME_MAX - 8))).is_ok());
        assert_eq!(UnitName::parse(format!("{}.service", "a".repeat(NAME_MAX - 7))), Err(NameError::TooLong));
    }

    #[test]
    fn templates_and_instances_turn_into_each_other() {
        let name = UnitName::parse("a@b.service").unwrap();
        assert_eq!(name.template().unwrap().as_str(), "a@.service");
        assert_eq!(name.with_instance("c").unwrap().as_str(), "a@c.service");
        assert_eq!(name.with_instance(""), None);
        assert_eq!(name.with_instance("x y"), None);
        let plain = UnitName::parse("a.service").unwrap();
        assert_eq!((plain.template(), plain.with_instance("x")), (None, None));
    }

    #[test]
    fn drop_in_names_run_from_specific_to_general() {
        for (name, expected) in [
            ("ssh.service", &["ssh.service"][..]),
            ("foo-bar-baz.service", &["foo-bar-baz.service", "foo-bar-.service", "foo-.service"]),
            ("foo-bar-.service", &["foo-bar-.service", "foo-.service"]),
            ("foo--bar.service", &["foo--bar.service", "foo--.service", "foo-.service"]),
            ("-foo.service", &["-foo.service"]),
            ("-.slice", &["-.slice"]),
            ("a-b@.service", &["a-b@.service", "a-.service"]),
            (
                "a-b@i.service",
                &["a-b@i.service", "a-b@.service", "a-.service", "a-@i.service", "a-@.service"],
            ),
        ] {
            assert_eq!(UnitName::parse(name).unwrap().drop_in_names(), expected, "{name}");
        }
    }
}
