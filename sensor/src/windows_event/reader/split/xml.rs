//! Finding `<Event>` elements in XML, whether they stand alone or within `<Events>`.

use memchr::memmem;

use super::{Cut, Cutter};

const OPEN: &[u8] = b"<Event";
const CLOSE: &[u8] = b"</Event>";

/// Cuts XML into `<Event>` elements. What stands between them (a declaration, `<Events>`) is passed over.
#[derive(Default)]
pub(in crate::windows_event::reader) struct XmlCutter {
    /// How far the element that is open was searched already.
    searched: usize,
}

impl Cutter for XmlCutter {
    fn cut(&mut self, text: &[u8], at_end: bool) -> Cut {
        let Some(start) = find_open(text, 0) else {
            self.searched = 0;
            // The name may be cut in two; the byte behind it is needed as well.
            return Cut::More { skip: text.len().saturating_sub(OPEN.len()) };
        };
        if start > 0 {
            self.searched = 0;
            return Cut::Junk { end: start, count: 0 };
        }
        let from = self.searched.max(OPEN.len()).min(text.len());
        let close = text.get(from..).and_then(|rest| memmem::find(rest, CLOSE)).map(|found| from + found);
        let next =
            close.or(at_end.then_some(text.len())).and_then(|end| find_open(text.get(..end)?, OPEN.len()));
        if let Some(next) = next {
            self.searched = 0;
            return Cut::Damaged { end: next, reason: "an Event element has no end" };
        }
        match close {
            Some(close) => {
                self.searched = 0;
                Cut::Record { start: 0, end: close + CLOSE.len() }
            }
            None if at_end => {
                self.searched = 0;
                Cut::Damaged { end: text.len(), reason: "the last Event element has no end" }
            }
            None => {
                self.searched = text.len().saturating_sub(CLOSE.len());
                Cut::More { skip: 0 }
            }
        }
    }

    fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Where `<Event` begins at or after `from`, with nothing behind that makes it another name (`<Events>`, `<EventData>`).
fn find_open(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    memmem::find_iter(rest, OPEN).map(|found| from + found).find(|start| {
        text.get(start + OPEN.len()).is_some_and(|byte| matches!(byte, b'>' | b' ' | b'\t' | b'\r' | b'\n'))
    })
}
