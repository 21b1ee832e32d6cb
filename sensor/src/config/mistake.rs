//! A mistake in the configuration, and where it stands.

use std::fmt;
use std::ops::Range;

/// How much of the line with the mistake is shown, in characters.
const SHOWN: usize = 100;

/// A mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
    /// The line's text, cut if it is long; characters that could drive a terminal are replaced.
    pub text: String,
    /// How many characters of it are wrong, from `column` on.
    pub length: usize,
}

impl Mistake {
    /// A mistake at `span` of `source`, in bytes.
    pub(super) fn at(source: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let before = source.get(..span.start).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = source.get(line_start..).unwrap_or_default();
        let text = rest.lines().next().unwrap_or_default();
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let wrong = source.get(span).unwrap_or_default().lines().next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column,
            message: message.into(),
            text: text.chars().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
            length: wrong.chars().count().min(SHOWN.saturating_sub(column - 1)).max(1),
        }
    }
}

/// `LINE:COLUMN: MESSAGE`, then the line's text and a mark below what is wrong.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        if self.column > SHOWN {
            return Ok(());
        }
        write!(
            f,
            "\n    {}\n    {:indent$}{}",
            self.text,
            "",
            "^".repeat(self.length),
            indent = self.column - 1
        )
    }
}
