//! Text that can't drive the terminal, and colours that may.

use std::borrow::Cow;
use std::fmt;

use anstyle::{AnsiColor, Style};

use super::Color;
use crate::output::encode::hidden::is_hidden;

/// How many characters of a value are shown.
const LONGEST: usize = 200;

/// Text from the host: every character that could drive the terminal is shown escaped, and a long one is cut.
pub(super) struct Plain<'a>(Cow<'a, str>);

impl<'a> Plain<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Bytes that are text as a rule.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(String::from_utf8_lossy(bytes))
    }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(LONGEST) {
            if is_hidden(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        if characters.next().is_some() { f.write_str("…") } else { Ok(()) }
    }
}

/// Gives text its colour, or leaves it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    color: Color,
}

/// Text with its colour.
pub(super) struct Painted {
    text: String,
    style: Style,
}

impl Paint {
    pub(super) fn new(color: Color) -> Self {
        Self { color }
    }

    pub(super) fn dim(self, text: &str) -> Painted {
        self.paint(text, Style::new().dimmed())
    }

    pub(super) fn strong(self, text: &str) -> Painted {
        self.paint(text, Style::new().bold())
    }

    pub(super) fn added(self, text: &str) -> Painted {
        self.paint(text, AnsiColor::Green.on_default())
    }

    pub(super) fn removed(self, text: &str) -> Painted {
        self.paint(text, AnsiColor::Red.on_default())
    }

    pub(super) fn warning(self, text: &str) -> Painted {
        self.paint(text, AnsiColor::Yellow.on_default())
    }

    pub(super) fn alarm(self, text: &str) -> Painted {
        self.paint(text, AnsiColor::Red.on_default().bold())
    }

    fn paint(self, text: &str, style: Style) -> Painted {
        let style = if self.color == Color::On { style } else { Style::new() };
        Painted { text: text.to_owned(), style }
    }
}

/// Honours a width, which colours don't take from.
impl fmt::Display for Painted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.style)?;
        f.pad(&self.text)?;
        write!(f, "{:#}", self.style)
    }
}
