//! A service as its registry key has it, and what differs between two looks at it.

use super::correlate::KnownService;
use super::decode::from_bytes;
use super::observed::{Doer, KeyChange, KeyOperation, Name, Seen, ValueWrite};
use super::setting;

/// How many values of one key are taken; more are a service's own data.
pub const MOST_VALUES: usize = 4096;

/// Marks a service that goes when its last handle is closed.
const DELETE_FLAG: &str = "DeleteFlag";

/// Keys below a service's that hold settings, and whether those below them do too.
pub const KEYS: [(&str, bool); 5] = [
    ("NetworkProvider", false),
    ("Parameters", false),
    ("Performance", false),
    ("Security", false),
    ("TriggerInfo", true),
];

/// A value of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryValue {
    /// The keys below the service's, and the value's name.
    pub path: Vec<String>,
    /// Its type (`REG_SZ` 1 and so on, winnt.h).
    pub kind: u32,
    /// Its bytes.
    pub data: Vec<u8>,
}

/// A service's settings as its key has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// Settings and their values, in the order of their names.
    settings: Vec<(&'static str, String)>,
}

impl Definition {
    /// From the values of a service's key and of [`KEYS`] below it, and the permissions on the key as text.
    pub fn new(values: &[RegistryValue], permissions: Option<String>) -> Self {
        let mut settings: Vec<(&'static str, String)> = Vec::new();
        for value in values {
            let path: Vec<&str> = value.path.iter().map(String::as_str).collect();
            let Some(setting) = setting::at(&path) else { continue };
            let text = from_bytes(setting, &value.data, u64::from(value.kind));
            match settings.iter_mut().find(|(name, _)| *name == setting) {
                // Several values make up the triggers; a library below the key counts before one in the key itself.
                Some((_, known)) if setting == setting::TRIGGERS => {
                    known.push('\n');
                    known.push_str(&text);
                }
                Some((_, known)) => *known = text,
                None => settings.push((setting, text)),
            }
        }
        settings.extend(permissions.map(|text| (setting::KEY_PERMISSIONS, text)));
        settings.sort_by_key(|(name, _)| *name);
        Self { settings }
    }

    /// The value of a setting.
    pub fn get(&self, setting: &str) -> Option<&str> {
        self.settings.iter().find(|(name, _)| *name == setting).map(|(_, value)| value.as_str())
    }

    /// Whether the key is that of a service or driver, and not just somebody's data.
    pub fn is_service(&self) -> bool {
        self.get(setting::TYPE).is_some()
    }

    /// What the correlator is to know of it. The permissions on its key are no setting that it has, only one that changes.
    pub fn known(&self, key: &str) -> KnownService {
        let display = self.get(setting::DISPLAY_NAME).map(str::to_owned);
        let settings = self.settings.iter().filter(|(name, _)| *name != setting::KEY_PERMISSIONS);
        KnownService {
            name: Name { key: Some(key.to_owned()), display },
            settings: settings.cloned().collect(),
        }
    }
}

/// What happened to the service `key` between two looks; `None` where there was no key. `by_manager` says that only the SCM
/// can have done it.
pub fn differences(
    key: &str,
    before: Option<&Definition>,
    after: Option<&Definition>,
    by_manager: bool,
) -> Vec<Seen> {
    let writer = if by_manager { Doer::manager() } else { Doer::default() };
    let changed =
        |change| Seen::Key(Box::new(KeyChange { service: key.to_owned(), change, writer: writer.clone() }));
    let empty = Definition::default();
    let (old, new) = match (before, after) {
        (None, None) => return Vec::new(),
        (Some(_), None) => return vec![changed(KeyOperation::Deleted)],
        (old, Some(new)) => (old.unwrap_or(&empty), new),
    };
    let mut seen = Vec::new();
    if before.is_none() {
        seen.push(changed(KeyOperation::Created));
    }
    // The SCM marks a service that it deletes, and disables it by the way.
    let marked = new.get(DELETE_FLAG).is_some();
    let names = old.settings.iter().chain(&new.settings).map(|(name, _)| *name);
    let names = names.filter(|name| !marked || *name == DELETE_FLAG);
    let mut told: Vec<&'static str> = Vec::new();
    for setting in names {
        let (was, is) = (old.get(setting), new.get(setting));
        // A new key's permissions are those that it inherits.
        let inherited = setting == setting::KEY_PERMISSIONS && before.is_none();
        if was == is || inherited || told.contains(&setting) {
            continue;
        }
        told.push(setting);
        seen.push(Seen::Value(Box::new(ValueWrite {
            service: key.to_owned(),
            setting,
            before: was.map(str::to_owned),
            after: is.map(str::to_owned),
            writer: writer.clone(),
            control_set: None,
        })));
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &[&str], text: &str) -> RegistryValue {
        let data = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        RegistryValue { path: path.iter().map(|part| (*part).to_owned()).collect(), kind: 2, data }
    }

    fn number(name: &str, number: u32) -> RegistryValue {
        RegistryValue { path: vec![name.to_owned()], kind: 4, data: number.to_le_bytes().to_vec() }
    }

    fn definition(start: u32, image: &str) -> Definition {
        let values = [
            number("Type", 0x10),
            number("Start", start),
            text(&["ImagePath"], image),
            text(&["DisplayName"], "Name"),
            number("LastUsed", start),
            text(&["Parameters", "ServiceDll"], r"C:\x.dll"),
            text(&["Parameters", "Cache"], image),
        ];
        Definition::new(&values, Some("D:P".to_owned()))
    }

    fn told(before: Option<&Definition>, after: Option<&Definition>) -> Vec<String> {
        differences("Svc", before, after, false)
            .iter()
            .map(|seen| match seen {
                Seen::Value(write) => format!(
                    "{} {} -> {}",
                    write.setting,
                    write.before.as_deref().unwrap_or("-"),
                    write.after.as_deref().unwrap_or("-")
                ),
                Seen::Key(change) => format!("{:?}", change.change),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn only_settings_are_compared() {
        let old = definition(3, r"C:\a.exe");
        assert!(old.is_service());
        assert_eq!(told(Some(&old), Some(&old)), [""; 0]);
        assert_eq!(
            told(Some(&old), Some(&definition(4, r"C:\b.exe"))),
            [r"ImagePath C:\a.exe -> C:\b.exe", "Start demand start -> disabled"]
        );
        let bare = Definition::new(&[number("Type", 0x10)], Some("D:".to_owned()));
        assert_eq!(
            told(Some(&old), Some(&bare)),
            [
                "DisplayName Name -> -",
                r"ImagePath C:\a.exe -> -",
                "KeyPermissions D:P -> D:",
                r"ServiceDll C:\x.dll -> -",
                "Start demand start -> -",
            ]
        );
    }

    #[test]
    fn a_key_comes_and_goes() {
        let service = definition(2, r"C:\a.exe");
        assert_eq!(told(Some(&service), None), ["Deleted"]);
        assert_eq!(
            told(None, Some(&service)),
            [
                "Created",
                "DisplayName - -> Name",
                r"ImagePath - -> C:\a.exe",
                r"ServiceDll - -> C:\x.dll",
                "Start - -> auto start",
                "Type - -> user mode service",
            ]
        );
        assert_eq!(told(None, None), [""; 0]);
    }

    #[test]
    fn triggers_are_one_setting() {
        let values = [text(&["TriggerInfo", "0", "Action"], "a"), text(&["TriggerInfo", "1", "Action"], "b")];
        assert_eq!(Definition::new(&values, None).get("Triggers"), Some("a\nb"));
    }

    #[test]
    fn what_is_known_has_both_names() {
        let known = definition(2, r"C:\a.exe").known("Svc");
        assert_eq!((known.name.key.as_deref(), known.name.display.as_deref()), (Some("Svc"), Some("Name")));
        assert!(!known.settings.iter().any(|(name, _)| *name == setting::KEY_PERMISSIONS));
    }
}
