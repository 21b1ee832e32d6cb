//! Writes a JSON object member by member and remembers which members have no value, and why.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;

use crate::model::known::{Known, Reason};
use crate::output::encode::hidden::is_hidden;
use crate::output::encode::words;

/// The members without a value: their dotted paths from the line's root, each with the reason.
#[derive(Default)]
pub(super) struct Missing {
    /// The path of the object that is being written.
    path: String,
    entries: Vec<(String, &'static str)>,
}

impl Missing {
    fn add(&mut self, name: &str, reason: &'static str) {
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{path}.{name}", path = self.path) };
        self.entries.push((path, reason));
    }

    /// Adds `name` to the path; gives the length to cut it back to.
    fn below(&mut self, name: &str) -> usize {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        length
    }
}

/// An object that is being written.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    missing: &'a mut Missing,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Writes one whole object at the end of `out`.
    pub(super) fn write(out: &'a mut Vec<u8>, missing: &'a mut Missing, members: impl FnOnce(&mut Self)) {
        out.push(b'{');
        let mut object = Self { out, missing, empty: true };
        members(&mut object);
        object.out.push(b'}');
    }

    fn key(&mut self, name: &str) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')) {
            // Nearly every name: nothing to escape.
            self.out.push(b'"');
            self.out.extend_from_slice(name.as_bytes());
            self.out.push(b'"');
        } else {
            write_value(self.out, name);
        }
        self.out.push(b':');
    }

    /// A member with a value.
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        self.key(name);
        write_value(self.out, value);
    }

    /// A member that may have no value, with no reason to give: nothing is there.
    pub(super) fn optional<T: Serialize + ?Sized>(&mut self, name: &str, value: Option<&T>) {
        self.value(name, &value);
    }

    /// A member whose value may be missing for a reason.
    pub(super) fn known<T: Serialize>(&mut self, name: &str, value: Known<T>) {
        match value {
            Known::Is(value) => self.value(name, &value),
            Known::Pending => self.absent(name, "pending"),
            Known::Missing(reason) => self.absent(name, words::reason(reason)),
        }
    }

    /// A member without a value, and the reason, one of [`words::reason`] or `pending`.
    fn absent(&mut self, name: &str, reason: &'static str) {
        self.key(name);
        self.out.extend_from_slice(b"null");
        self.missing.add(name, reason);
    }

    /// Bytes that are text as a rule; where they aren't, `NAME_base64` keeps them whole.
    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        self.value(name, &*text);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            self.value(&format!("{name}_base64"), &BASE64.encode(bytes));
        }
    }

    /// As [`Self::bytes`], where they may be missing.
    pub(super) fn known_bytes<T: AsRef<[u8]>>(&mut self, name: &str, bytes: &Known<T>) {
        match bytes {
            Known::Is(bytes) => self.bytes(name, bytes.as_ref()),
            Known::Pending => self.absent(name, "pending"),
            Known::Missing(reason) => self.absent(name, words::reason(*reason)),
        }
    }

    /// As [`Self::bytes`], where there may be none.
    pub(super) fn optional_bytes<T: AsRef<[u8]>>(&mut self, name: &str, bytes: Option<T>) {
        match bytes {
            Some(bytes) => self.bytes(name, bytes.as_ref()),
            None => self.optional::<str>(name, None),
        }
    }

    /// A list of byte strings; where one of them is no text, `NAME_base64` holds all of them.
    pub(super) fn byte_list<T: AsRef<[u8]>>(&mut self, name: &str, list: &[T]) {
        let texts: Vec<_> = list.iter().map(|bytes| String::from_utf8_lossy(bytes.as_ref())).collect();
        self.value(name, &texts);
        if texts.iter().any(|text| matches!(text, std::borrow::Cow::Owned(_))) {
            let encoded: Vec<_> = list.iter().map(|bytes| BASE64.encode(bytes)).collect();
            self.value(&format!("{name}_base64"), &encoded);
        }
    }

    /// As [`Self::byte_list`], where it may be missing.
    pub(super) fn known_byte_list<T: AsRef<[u8]>>(&mut self, name: &str, list: &Known<Vec<T>>) {
        match list {
            Known::Is(list) => self.byte_list(name, list),
            Known::Pending => self.absent(name, "pending"),
            Known::Missing(reason) => self.absent(name, words::reason(*reason)),
        }
    }

    /// A member that is an object.
    pub(super) fn object(&mut self, name: &str, members: impl FnOnce(&mut Object<'_>)) {
        self.key(name);
        let length = self.missing.below(name);
        Object::write(self.out, self.missing, members);
        self.missing.path.truncate(length);
    }

    /// A member that is an object or null.
    pub(super) fn optional_object<T>(
        &mut self,
        name: &str,
        value: Option<T>,
        members: impl FnOnce(&mut Object<'_>, T),
    ) {
        match value {
            Some(value) => self.object(name, |object| members(object, value)),
            None => self.optional::<str>(name, None),
        }
    }

    /// A member that is an object, or missing for a reason.
    pub(super) fn known_object<T>(
        &mut self,
        name: &str,
        value: Known<T>,
        members: impl FnOnce(&mut Object<'_>, T),
    ) {
        match value {
            Known::Is(value) => self.object(name, |object| members(object, value)),
            Known::Pending => self.absent(name, "pending"),
            Known::Missing(reason) => self.absent(name, words::reason(reason)),
        }
    }

    /// A member that is a list of objects.
    pub(super) fn objects<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        members: impl Fn(&mut Object<'_>, T),
    ) {
        self.key(name);
        let length = self.missing.below(name);
        self.out.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            let length = self.missing.below(&index.to_string());
            Object::write(self.out, self.missing, |object| members(object, item));
            self.missing.path.truncate(length);
        }
        self.out.push(b']');
        self.missing.path.truncate(length);
    }

    /// The member `missing`: what was noted so far, and `further` names that have no member of their own.
    /// It stands at the line's root, after every member that can be missing.
    pub(super) fn missing(&mut self, further: &[(&'static str, Reason)]) {
        for (name, reason) in further {
            if !self.missing.entries.iter().any(|(path, _)| path == name) {
                self.missing.add(name, words::reason(*reason));
            }
        }
        let entries = std::mem::take(&mut self.missing.entries);
        self.object("missing", |object| {
            for (path, reason) in &entries {
                object.value(path, reason);
            }
        });
    }
}

/// Writes `value` at the end of `out`, with every character escaped that could drive a terminal.
fn write_value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        // A vector takes every byte, and no value here refuses to be serialized; kept total all the same.
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
    escape_controls(out, start);
}

/// Escapes what JSON lets stand and a terminal obeys or hides, such as DEL and the C1 controls.
fn escape_controls(out: &mut Vec<u8>, start: usize) {
    let Some(written) = out.get(start..) else { return };
    if written.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return;
    }
    let Ok(text) = std::str::from_utf8(written) else { return };
    if !text.contains(is_hidden) {
        return;
    }
    let mut escaped = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        if is_hidden(character) {
            // All of them lie in the basic plane, so that one escape of four digits holds each.
            let number = u32::from(character);
            escaped.push_str("\\u");
            escaped.extend(
                [12, 8, 4, 0].map(|shift| char::from_digit(number >> shift & 0xf, 16).unwrap_or('0')),
            );
        } else {
            escaped.push(character);
        }
    }
    out.truncate(start);
    out.extend_from_slice(escaped.as_bytes());
}
