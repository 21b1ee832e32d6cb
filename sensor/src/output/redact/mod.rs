//! Redaction: secrets leave the lines before an encoder sees them, and leave a mark by which a change still shows.
//!
//! A secret becomes `<redacted:HASH>`: eight bytes of HMAC-SHA256 under a key that this host alone has, so that
//! equal secrets have equal marks and a short secret can't be guessed from its mark. It is applied to whole lines,
//! after detection has seen them as they are. What counts as a secret:
//!
//! - every value of `Environment=` but those of well-known variables that tell an intrusion or nothing
//!   ([`name::is_harmless_variable`]), and the data of `SetCredential=`;
//! - what is assigned to a name like `password`, `API_KEY` or `X-Auth-Token`, wherever text is free;
//! - what programs take as a secret, such as `mysql -p…` or `curl -u user:…`;
//! - passwords within URLs, `Authorization` headers, and tokens that can be known by their form.
//!
//! References to variables and paths of secret files stay readable: they are no secrets, and detection lives on them.
//! To redact twice is to redact once.

mod command;
mod key;
mod name;
mod pattern;
mod quoting;
mod secret;
mod text;
mod unit;

#[cfg(test)]
mod tests;

use bstr::BString;

use crate::model::event::{Executable, ServiceEvent};
use crate::model::known::Known;
use crate::model::line::Line;
use crate::model::process::{Actor, Process};

pub use key::{Key, KeyError};

/// Takes secrets out of lines.
pub struct Redactor {
    key: Key,
    /// Names whose values stay, besides the well-known ones; a `*` at the end stands for any ending.
    keep: Vec<String>,
}

impl Redactor {
    /// A redactor that leaves the values of the names in `keep`.
    pub fn new(key: Key, keep: Vec<String>) -> Self {
        Self { key, keep }
    }

    /// Marks under `key` from now on.
    pub fn set_key(&mut self, key: Key) {
        self.key = key;
    }

    /// Takes the secrets out of `line`.
    pub fn redact(&self, line: &mut Line) {
        match line {
            Line::Event(event) => self.event(event),
            Line::Finding(finding) => self.text(&mut finding.why),
            Line::Loss(loss) => self.text(&mut loss.reason),
            // These carry no data from the services of the host.
            Line::Started(_) | Line::Enrichment(_) | Line::Heartbeat(_) | Line::Stopped { .. } => {}
        }
    }

    fn event(&self, event: &mut ServiceEvent) {
        for text in event.display_name.iter_mut().chain(&mut event.note) {
            self.text(text);
        }
        for setting in &mut event.definition {
            self.values(&setting.name, &mut setting.values);
        }
        for change in &mut event.changes {
            self.values(&change.name, &mut change.before);
            self.values(&change.name, &mut change.after);
        }
        if let Some(file) = event.file.as_mut()
            && let Some(diff) = file.diff.as_mut()
        {
            unit::redact_diff(self, unit::is_unit_text(event.service.manager, &file.path), &mut diff.lines);
        }
        for executable in &mut event.executables {
            self.executable(executable);
        }
        for (name, value) in &mut event.details {
            self.values(name, std::slice::from_mut(value));
        }
        if let Known::Is(actor) = &mut event.actor {
            self.actor(actor);
        }
    }

    fn values(&self, name: &str, values: &mut [String]) {
        for value in values {
            self.replace_in(value, |text| unit::secrets_of_setting(name, text, &self.keep));
        }
    }

    fn executable(&self, executable: &mut Executable) {
        self.text(&mut executable.command_line);
        let mut words: Vec<BString> = [executable.path.as_str()]
            .into_iter()
            .chain(executable.arguments.iter().map(String::as_str))
            .map(BString::from)
            .collect();
        self.words(&mut words);
        for (argument, word) in executable.arguments.iter_mut().zip(words.into_iter().skip(1)) {
            *argument = String::from_utf8_lossy(&word).into_owned();
        }
    }

    fn actor(&self, actor: &mut Actor) {
        let requester = actor.requester.as_mut();
        let further = requester.into_iter().flat_map(|requester| {
            self.text(&mut requester.basis);
            std::iter::once(&mut requester.process).chain(&mut requester.ancestry)
        });
        for process in std::iter::once(&mut actor.process).chain(&mut actor.ancestry).chain(further) {
            self.process(process);
        }
    }

    fn process(&self, process: &mut Process) {
        if let Known::Is(argv) = &mut process.argv {
            self.words(argv);
        }
    }

    /// Free text, such as a command line.
    fn text(&self, text: &mut String) {
        self.replace_in(text, |text| text::secrets(text, &self.keep));
    }

    /// The words of one command.
    fn words(&self, words: &mut [BString]) {
        for _ in 0..secret::PASSES {
            let slices: Vec<&[u8]> = words.iter().map(|word| word.as_slice()).collect();
            let found = text::secrets_of_words(&slices, &self.keep);
            let mut changed = false;
            for (word, found) in words.iter_mut().zip(found) {
                if let Some(redacted) = found.replace(word, &self.key) {
                    *word = redacted.into();
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// Replaces what `find` finds until it finds nothing new: a mark may end a quotation that hid another secret.
    fn replace_in(&self, text: &mut String, find: impl Fn(&[u8]) -> secret::Found) {
        for _ in 0..secret::PASSES {
            match find(text.as_bytes()).replace(text.as_bytes(), &self.key) {
                Some(redacted) => *text = String::from_utf8_lossy(&redacted).into_owned(),
                None => break,
            }
        }
    }
}
