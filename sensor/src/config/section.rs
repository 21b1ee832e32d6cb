//! A section of the configuration that is being read: its keys with their types, bounds and mistakes.

use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;

/// How many mistakes are told.
const MOST: usize = 20;

/// All that goes wrong while a file is read.
pub(super) struct Mistakes<'s> {
    source: &'s str,
    pub(super) list: Vec<Mistake>,
}

impl<'s> Mistakes<'s> {
    pub(super) fn of(source: &'s str) -> Self {
        Self { source, list: Vec::new() }
    }

    /// Further mistakes than anybody reads at once are left out: each takes a look at the whole file for its line.
    pub(super) fn add(&mut self, span: Range<usize>, message: impl Into<String>) {
        if self.list.len() < MOST {
            self.list.push(Mistake::at(self.source, span, message));
        }
    }
}

/// A table whose keys are taken one by one. What nobody asked for is a mistake.
pub(super) struct Section<'t, 'i> {
    /// Its name as it stands in the file; empty for the whole file.
    name: &'static str,
    table: Option<&'t DeTable<'i>>,
    /// Where it stands.
    span: Range<usize>,
    asked: Vec<&'static str>,
}

impl<'t, 'i> Section<'t, 'i> {
    /// The whole file.
    pub(super) fn root(table: &'t Spanned<DeTable<'i>>) -> Self {
        Self { name: "", table: Some(table.get_ref()), span: table.span(), asked: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.asked.push(key);
        self.table?.get(key)
    }

    /// A table below this one; one without keys when it isn't there.
    pub(super) fn section(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Self {
        let value = self.take(key);
        let table = value.and_then(|value| expect(value, DeValue::as_table, "a section", mistakes));
        Self { name: key, table, span: value.map_or(0..0, Spanned::span), asked: Vec::new() }
    }

    /// The tables of a list, such as `[[detect.allow]]`.
    pub(super) fn sections(
        &mut self,
        key: &'static str,
        name: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> Vec<Self> {
        let list =
            self.take(key).and_then(|value| expect(value, DeValue::as_array, "a list of sections", mistakes));
        let items = list.into_iter().flat_map(|list| list.iter());
        items
            .filter_map(|value| {
                let table = expect(value, DeValue::as_table, "a section", mistakes)?;
                Some(Self { name, table: Some(table), span: value.span(), asked: Vec::new() })
            })
            .collect()
    }

    pub(super) fn boolean(&mut self, key: &'static str, default: bool, mistakes: &mut Mistakes<'_>) -> bool {
        let value = self.take(key);
        value.and_then(|value| expect(value, DeValue::as_bool, "true or false", mistakes)).unwrap_or(default)
    }

    /// A whole number within `bounds`.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<u64>,
        default: u64,
        mistakes: &mut Mistakes<'_>,
    ) -> u64 {
        self.optional_number(key, bounds, mistakes).unwrap_or(default)
    }

    /// The same, where it is there.
    pub(super) fn optional_number(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<u64>,
        mistakes: &mut Mistakes<'_>,
    ) -> Option<u64> {
        let value = self.take(key)?;
        let digits = expect(value, DeValue::as_integer, "a whole number", mistakes)?;
        let number = i128::from_str_radix(digits.as_str(), digits.radix());
        let number = number.ok().and_then(|number| u64::try_from(number).ok());
        let bounded = number.filter(|number| bounds.contains(number));
        if bounded.is_none() {
            let (low, high) = bounds.into_inner();
            mistakes.add(value.span(), format!("{key} must be between {low} and {high}"));
        }
        bounded
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        default: T,
        mistakes: &mut Mistakes<'_>,
    ) -> T {
        let Some(value) = self.take(key) else { return default };
        let Some(word) = expect(value, DeValue::as_str, "a string", mistakes) else { return default };
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let listed: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
            let hint = hint(word, &names);
            mistakes.add(value.span(), format!("{key} must be one of {}{hint}", listed.join(", ")));
        }
        found.map_or(default, |(_, choice)| *choice)
    }

    pub(super) fn text(
        &mut self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> Option<(String, Range<usize>)> {
        let value = self.take(key)?;
        let text = expect(value, DeValue::as_str, "a string", mistakes)?;
        Some((text.to_owned(), value.span()))
    }

    /// A text that must be there and say something.
    pub(super) fn required(
        &mut self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> (String, Range<usize>) {
        let is_there = self.table.is_some_and(|table| table.contains_key(key));
        if !is_there {
            mistakes.add(self.span.clone(), format!("{} needs {key}", self.name));
        }
        let (text, span) = self.text(key, mistakes).unwrap_or_default();
        if is_there && text.trim().is_empty() && !span.is_empty() {
            mistakes.add(span.clone(), format!("{key} must not be empty"));
        }
        (text, span)
    }

    /// An absolute path.
    pub(super) fn path(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Option<PathBuf> {
        let (text, span) = self.text(key, mistakes)?;
        absolute(text, span, mistakes)
    }

    pub(super) fn texts(
        &mut self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> Vec<(String, Range<usize>)> {
        let list =
            self.take(key).and_then(|value| expect(value, DeValue::as_array, "a list of strings", mistakes));
        let items = list.into_iter().flat_map(|list| list.iter());
        items
            .filter_map(|value| {
                let text = expect(value, DeValue::as_str, "a string", mistakes)?;
                Some((text.to_owned(), value.span()))
            })
            .collect()
    }

    pub(super) fn paths(&mut self, key: &'static str, mistakes: &mut Mistakes<'_>) -> Vec<PathBuf> {
        let texts = self.texts(key, mistakes);
        texts.into_iter().filter_map(|(text, span)| absolute(text, span, mistakes)).collect()
    }

    /// A date without a time, and where it stands.
    pub(super) fn date(
        &mut self,
        key: &'static str,
        mistakes: &mut Mistakes<'_>,
    ) -> Option<(jiff::civil::Date, Range<usize>)> {
        const EXPECTED: &str = "a date without quotes, such as 2027-01-31";
        let value = self.take(key)?;
        let moment = expect(value, DeValue::as_datetime, EXPECTED, mistakes)?;
        // The parser knows the calendar; what it lets pass with a time has none of the form below.
        let date = moment.to_string().parse().ok().filter(|_| moment.time.is_none());
        if date.is_none() {
            mistakes.add(value.span(), format!("{key} must be {EXPECTED}"));
        }
        Some((date?, value.span()))
    }

    /// Every key that nobody asked for is a mistake.
    pub(super) fn finish(self, mistakes: &mut Mistakes<'_>) {
        let place = if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
        let keys = self.table.into_iter().flat_map(|table| table.keys());
        for key in keys.filter(|key| !self.asked.contains(&key.get_ref().as_ref())).take(MOST) {
            let hint = hint(key.get_ref(), &self.asked);
            mistakes.add(key.span(), format!("unknown key{place}{hint}"));
        }
    }
}

/// The value as `convert` gives it, or the mistake that it has another type.
fn expect<'v, 'i, T>(
    value: &'v Spanned<DeValue<'i>>,
    convert: impl Fn(&'v DeValue<'i>) -> Option<T>,
    expected: &str,
    mistakes: &mut Mistakes<'_>,
) -> Option<T> {
    let converted = convert(value.get_ref());
    if converted.is_none() {
        mistakes.add(value.span(), format!("expected {expected}, found {}", kind(value.get_ref())));
    }
    converted
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

fn absolute(text: String, span: Range<usize>, mistakes: &mut Mistakes<'_>) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    let is_absolute = path.is_absolute();
    if !is_absolute {
        mistakes.add(
            span,
            "the path must be absolute, since the sensor's working directory is nobody's business",
        );
    }
    is_absolute.then_some(path)
}

/// `; did you mean …?`, where one of `names` is near to `name`.
pub(super) fn hint(name: &str, names: &[&str]) -> String {
    // A longer text is no misspelt key, and the comparison takes time with the product of both lengths.
    let near =
        |known: &&&str| name.len() <= 64 && strsim::damerau_levenshtein(name, known) <= 1 + known.len() / 4;
    let nearest = names.iter().filter(near).min_by_key(|known| strsim::damerau_levenshtein(name, known));
    nearest.map_or_else(String::new, |known| format!("; did you mean {known}?"))
}
