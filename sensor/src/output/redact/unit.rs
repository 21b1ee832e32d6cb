//! Secrets in settings, and in the differing lines of a unit file.

use crate::model::service::Manager;

use super::quoting::Quoting;
use super::secret::Found;
use super::{Redactor, name, text};

/// What a setting's value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Assignments to variables: systemd.exec(5), and the `Environment` value below a service's registry key.
    Environment,
    /// `ID:DATA` (systemd.exec(5)).
    Credential,
    /// A name and no value: of a variable, a credential or a file.
    Reference,
    /// A secret as a whole.
    Secret,
    /// A command line, or any other text.
    Text,
}

fn kind(setting: &str, keep: &[String]) -> Kind {
    match setting {
        "Environment" | "EnvironmentVariables" | "DefaultEnvironment" | "ManagerEnvironment" => {
            Kind::Environment
        }
        "SetCredential" => Kind::Credential,
        "PassEnvironment"
        | "UnsetEnvironment"
        | "EnvironmentFile"
        | "LoadCredential"
        | "ImportCredential"
        | "LoadCredentialEncrypted"
        | "SetCredentialEncrypted" => Kind::Reference,
        _ if name::is_secret(setting.as_bytes(), keep) => Kind::Secret,
        _ => Kind::Text,
    }
}

/// The secrets in one value of the setting `name`.
pub(super) fn secrets_of_setting(name: &str, value: &[u8], keep: &[String]) -> Found {
    secrets(kind(name, keep), value, keep)
}

fn secrets(kind: Kind, value: &[u8], keep: &[String]) -> Found {
    match kind {
        Kind::Environment => variables(value, keep),
        Kind::Credential => {
            let mut found = Found::default();
            if let Some(at) = value.iter().position(|byte| *byte == b':') {
                found.add(at + 1..value.len());
            }
            found
        }
        Kind::Reference => Found::default(),
        Kind::Secret => {
            let mut found = Found::default();
            if !super::secret::is_plain(value) {
                found.add(0..value.len());
            }
            found
        }
        Kind::Text => text::secrets(value, keep),
    }
}

/// Everything that is assigned, except to harmless variables; and words that are no assignment, such as what
/// follows a blank that should have been quoted.
fn variables(value: &[u8], keep: &[String]) -> Found {
    let mut found = text::secrets(value, keep);
    // One look at the whole value for all of its words: another for each would take time with the square of it.
    let quoting = Quoting::of(value);
    for range in quoting.words() {
        let range = quoting.strip(range);
        let word = value.get(range.clone()).unwrap_or_default();
        match word.iter().position(|byte| *byte == b'=') {
            Some(at) if name::is_harmless_variable(word.get(..at).unwrap_or_default(), keep) => {}
            Some(at) => found.add(quoting.strip(range.start + at + 1..range.end)),
            None => found.add(range),
        }
    }
    found
}

/// Whether the text of the file at `path` is made of sections and settings: a unit file or a drop-in, and no script of
/// a generator or of init.
pub(super) fn is_unit_text(manager: Manager, path: &[u8]) -> bool {
    const SUFFIXES: [&[u8]; 12] = [
        b"service",
        b"socket",
        b"timer",
        b"path",
        b"mount",
        b"automount",
        b"swap",
        b"target",
        b"slice",
        b"scope",
        b"device",
        b"conf",
    ];
    let suffix = path.rsplit(|byte| *byte == b'.').next();
    manager == Manager::Systemd && suffix.is_some_and(|suffix| SUFFIXES.contains(&suffix))
}

/// Takes the secrets out of differing lines, `-` for removed and `+` for added ones. In the text of a unit, a line that
/// continues the one before it on its side is read as part of that one's setting.
pub(super) fn redact_diff(redactor: &Redactor, is_unit: bool, lines: &mut [String]) {
    let mut continued: [Option<Kind>; 2] = [None, None];
    for line in lines {
        let side = usize::from(line.starts_with('+'));
        let before = continued.get(side).copied().flatten();
        let (kind, start) = read(line, before, is_unit, &redactor.keep);
        if let Some(place) = continued.get_mut(side) {
            *place = line.ends_with('\\').then_some(kind);
        }
        let Some((head, value)) = line.split_at_checked(start) else { continue };
        // The mark of continuation stays in its place, whatever is before it.
        let (value, end) = match value.strip_suffix('\\') {
            Some(value) => (value, "\\"),
            None => (value, ""),
        };
        let (head, mut value) = (head.to_owned(), value.to_owned());
        redactor.replace_in(&mut value, |text| secrets(kind, text, &redactor.keep));
        *line = head + &value + end;
    }
}

/// What a differing line holds, and where its value starts.
fn read(line: &str, before: Option<Kind>, is_unit: bool, keep: &[String]) -> (Kind, usize) {
    let body = line.strip_prefix(['+', '-']).unwrap_or(line);
    let sign = line.len() - body.len();
    if !is_unit {
        return (Kind::Text, sign);
    }
    if let Some((setting, value)) = body.split_once('=')
        && is_directive(setting.trim())
    {
        return (kind(setting.trim(), keep), line.len() - value.len());
    }
    match before {
        Some(Kind::Credential) => (Kind::Secret, sign),
        Some(before) => (before, sign),
        None if is_variables(body) => (Kind::Environment, sign),
        None => (Kind::Text, sign),
    }
}

/// Directives of systemd are in camel case: `ExecStart`, `X-Reload`.
fn is_directive(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.contains(|character: char| character.is_ascii_lowercase())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
}

/// Whether a line without a setting of its own looks like a part of `Environment=` whose first line didn't change.
fn is_variables(body: &str) -> bool {
    let word = body.trim_start().trim_start_matches(['"', '\'']);
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    })
}
