//! What systemd gives the programs of a unit as their input (systemd.exec(5), `StandardInput=`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::event::ServiceEvent;
use crate::model::service::Manager;

use super::is_setting;

/// How much of a text is looked at.
const LONGEST: usize = 16 * 1024;
/// The settings that say what the input is.
const SETTINGS: [&str; 3] = ["StandardInput", "StandardInputText", "StandardInputData"];

/// The input of a unit's programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stdin {
    /// A text that the unit holds; `encoded` when a part of it does not stand there as text.
    Text {
        /// The text.
        text: String,
        /// Whether a part of it was encoded.
        encoded: bool,
    },
    /// A file.
    File(String),
    /// Nothing, or what is not known: a terminal, a socket.
    Other,
}

impl Stdin {
    /// That which an event tells.
    pub(super) fn of(event: &ServiceEvent) -> Self {
        if event.service.manager != Manager::Systemd {
            return Self::Other;
        }
        let values = |name| {
            let settings = event.definition.iter().filter(move |setting| is_setting(&setting.name, name));
            settings.flat_map(|setting| &setting.values)
        };
        let kind = values("StandardInput").last().map(String::as_str);
        if let Some(file) = kind.and_then(|kind| kind.strip_prefix("file:")) {
            return Self::File(file.to_owned());
        }
        // Without a kind of its own the text is what is read.
        if kind.is_some_and(|kind| kind != "data") {
            return Self::Other;
        }
        let mut text = String::new();
        for value in values("StandardInputText") {
            push(&mut text, &value.replace("\\n", "\n"));
            push(&mut text, "\n");
        }
        let mut encoded = false;
        for value in values("StandardInputData") {
            let run: String = value.chars().filter(|letter| !letter.is_whitespace()).take(LONGEST).collect();
            if let Some(decoded) = STANDARD.decode(run).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                encoded = true;
                push(&mut text, &decoded);
            }
        }
        if text.trim().is_empty() { Self::Other } else { Self::Text { text, encoded } }
    }
}

/// Whether an event changes what the programs read.
pub(super) fn is_changed(event: &ServiceEvent) -> bool {
    event.service.manager == Manager::Systemd
        && event.changes.iter().any(|change| {
            SETTINGS.iter().any(|name| is_setting(&change.name, name)) && !change.after.is_empty()
        })
}

/// Adds as much as there is room for.
fn push(text: &mut String, more: &str) {
    let room = LONGEST.saturating_sub(text.len());
    text.extend(more.chars().take(room));
}
