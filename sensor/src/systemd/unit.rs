//! Unit files: from bytes to assignments, as systemd's `config_parse` reads them. See systemd.syntax(7).
//!
//! Parsing never fails: it gives what can be read, and the problems. Some problems end the reading, since systemd
//! then reads no further either; what stands after such a line has no effect.

use std::fmt;
use std::sync::Arc;

/// How much of a file is read, in bytes. systemd itself has no such limit.
pub const FILE_MAX: usize = 1 << 20;

/// systemd refuses a line, with its continuations, that has as many bytes or more (`LONG_LINE_MAX`).
pub const LINE_MAX: usize = 1 << 20;

/// How many assignments of a file are kept.
const ASSIGNMENTS_MAX: usize = 1 << 16;

/// How many problems of a file are kept.
const PROBLEMS_MAX: usize = 100;

/// What a unit file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFile {
    /// The assignments in the file's order, those of sections that no unit has included.
    pub assignments: Vec<Assignment>,
    /// What is wrong with it, at most a hundred.
    pub problems: Vec<Problem>,
}

/// One `Key=value` of a unit file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The section that it stands in.
    pub section: Arc<str>,
    /// The key.
    pub key: String,
    /// The value, continuation lines joined, without surrounding white space.
    pub value: String,
    /// The line that it begins in, counted from 1.
    pub line: u32,
}

/// Something that systemd does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What is wrong with a line, or with the file from that line on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// Neither a section, nor a comment, nor an assignment: ignored.
    MissingEquals,
    /// Nothing stands before the `=`: ignored.
    MissingKey,
    /// An assignment before the first section: ignored.
    OutsideSection,
    /// A `[` without a `]` at the end. systemd reads no further.
    InvalidSectionHeader,
    /// A line that is not UTF-8. systemd reads no further.
    NotUtf8,
    /// A line of 1 MiB or more. systemd reads no further.
    LineTooLong,
    /// The file has more than 1 MiB: the rest was not looked at, though systemd does.
    FileTooLarge,
    /// The file has more assignments than are kept: the rest was not looked at, though systemd does.
    TooManyAssignments,
}

impl ProblemKind {
    /// Whether systemd stops at such a line: a main file then can't be loaded, a drop-in counts up to there.
    pub fn is_fatal(self) -> bool {
        matches!(self, Self::InvalidSectionHeader | Self::NotUtf8 | Self::LineTooLong)
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingEquals => "a line without `=` is ignored",
            Self::MissingKey => "an assignment without a key is ignored",
            Self::OutsideSection => "an assignment outside of a section is ignored",
            Self::InvalidSectionHeader => "invalid section header: nothing is read from here on",
            Self::NotUtf8 => "not UTF-8: nothing is read from here on",
            Self::LineTooLong => "line too long: nothing is read from here on",
            Self::FileTooLarge => "the file is larger than 1 MiB: the rest was not looked at",
            Self::TooManyAssignments => "too many assignments: the rest was not looked at",
        })
    }
}

impl UnitFile {
    /// Reads a unit file's bytes.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut parser = Parser::default();
        let Some(head) = bytes.get(..FILE_MAX).filter(|head| head.len() < bytes.len()) else {
            parser.run(bytes);
            return parser.file;
        };
        // The last line that is looked at is a whole one.
        let whole = head.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at.saturating_add(1));
        parser.run(head.get(..whole).unwrap_or(head));
        if !parser.file.is_cut_short() {
            let kind = if whole == 0 { ProblemKind::LineTooLong } else { ProblemKind::FileTooLarge };
            parser.problem(parser.line.saturating_add(1), kind);
        }
        parser.file
    }

    /// Whether systemd stops reading before the end.
    pub fn is_cut_short(&self) -> bool {
        self.problems.iter().any(|problem| problem.kind.is_fatal())
    }

    /// The assignments of `key` in `section`, in order, those that reset it included.
    pub fn get<'a>(&'a self, section: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.assignments
            .iter()
            .filter(move |assignment| &*assignment.section == section && assignment.key == key)
            .map(|assignment| assignment.value.as_str())
    }
}

/// The state of reading a file.
#[derive(Default)]
struct Parser {
    file: UnitFile,
    section: Option<Arc<str>>,
    /// The line being read, counted from 1.
    line: u32,
}

/// Whether to go on reading.
type Flow = std::ops::ControlFlow<()>;

impl Parser {
    fn run(&mut self, bytes: &[u8]) {
        let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // The lines joined so far by a trailing backslash, and where they begin.
        let mut joined: Option<(Vec<u8>, u32)> = None;
        while let Some(line) = next_line(&mut rest) {
            self.line = self.line.saturating_add(1);
            if line.len() >= LINE_MAX {
                self.problem(self.line, ProblemKind::LineTooLong);
                return;
            }
            // A comment is left out even between continued lines.
            if matches!(line.trim_ascii_start().first(), Some(b'#' | b';')) {
                continue;
            }
            let (mut text, start) = joined.take().unwrap_or_else(|| (Vec::new(), self.line));
            if text.len().saturating_add(line.len()) > LINE_MAX {
                self.problem(self.line, ProblemKind::LineTooLong);
                return;
            }
            text.extend_from_slice(line);
            if ends_with_backslash(&text) {
                text.pop();
                text.push(b' ');
                joined = Some((text, start));
            } else if self.logical_line(&text, start).is_break() {
                return;
            }
        }
        if let Some((text, start)) = joined {
            // The file's end ends a continuation, so nothing follows that could be stopped.
            let _ = self.logical_line(&text, start);
        }
    }

    /// Takes one line with its continuations.
    fn logical_line(&mut self, text: &[u8], line: u32) -> Flow {
        let Ok(text) = std::str::from_utf8(text) else {
            return self.stop(line, ProblemKind::NotUtf8);
        };
        let text = text.trim_matches(is_space);
        if text.is_empty() {
            return Flow::Continue(());
        }
        if let Some(header) = text.strip_prefix('[') {
            let Some(name) = header.strip_suffix(']') else {
                return self.stop(line, ProblemKind::InvalidSectionHeader);
            };
            self.section = Some(name.into());
            return Flow::Continue(());
        }
        let Some(section) = self.section.clone() else {
            self.problem(line, ProblemKind::OutsideSection);
            return Flow::Continue(());
        };
        let Some((key, value)) = text.split_once('=') else {
            self.problem(line, ProblemKind::MissingEquals);
            return Flow::Continue(());
        };
        let key = key.trim_end_matches(is_space);
        if key.is_empty() {
            self.problem(line, ProblemKind::MissingKey);
            return Flow::Continue(());
        }
        if self.file.assignments.len() >= ASSIGNMENTS_MAX {
            return self.stop(line, ProblemKind::TooManyAssignments);
        }
        let value = value.trim_start_matches(is_space).to_owned();
        self.file.assignments.push(Assignment { section, key: key.to_owned(), value, line });
        Flow::Continue(())
    }

    fn stop(&mut self, line: u32, kind: ProblemKind) -> Flow {
        self.problem(line, kind);
        Flow::Break(())
    }

    fn problem(&mut self, line: u32, kind: ProblemKind) {
        if self.file.problems.len() >= PROBLEMS_MAX {
            // What ends the reading is always told.
            if !kind.is_fatal() {
                return;
            }
            self.file.problems.pop();
        }
        self.file.problems.push(Problem { line, kind });
    }
}

/// What systemd takes for white space around keys and values.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether the last backslash is not itself escaped, so that the line goes on.
fn ends_with_backslash(line: &[u8]) -> bool {
    line.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// Takes the next line off `rest`; `None` at the end.
///
/// systemd ends a line at a line feed, a carriage return or a NUL byte, and takes different ones in a row, such as
/// `\r\n`, for one end (`read_line_full`).
fn next_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0);
    let length = rest.iter().position(is_end).unwrap_or(rest.len());
    let (line, mut after) = rest.split_at_checked(length)?;
    let mut seen: &[u8] = &[];
    let ends = after;
    while let Some((byte, tail)) = after.split_first() {
        if !is_end(byte) || seen.contains(byte) || seen.contains(&0) {
            break;
        }
        after = tail;
        seen = ends.get(..ends.len().saturating_sub(after.len())).unwrap_or_default();
    }
    *rest = after;
    Some(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Checks assignments as `line section.key=value` and problems as `line kind`.
    fn check(bytes: &[u8], assignments: &[&str], problems: &[(u32, ProblemKind)]) {
        let file = UnitFile::parse(bytes);
        let found: Vec<String> = file
            .assignments
            .iter()
            .map(|a| format!("{} {}.{}={}", a.line, a.section, a.key, a.value))
            .collect();
        assert_eq!(found, assignments, "{:?}", bytes.get(..200.min(bytes.len())));
        let found: Vec<_> = file.problems.iter().map(|problem| (problem.line, problem.kind)).collect();
        assert_eq!(found, problems);
    }

    #[test]
    fn assignments_and_white_space() {
        check(b"[Unit]\nDescription=a b\n", &["2 Unit.Description=a b"], &[]);
        check(
            b" [Unit] \n\t Description \t=  spaces  inside  \t\n",
            &["2 Unit.Description=spaces  inside"],
            &[],
        );
        check(b"[S]\nA=b=c\nA=\nA", &["2 S.A=b=c", "3 S.A="], &[(4, ProblemKind::MissingEquals)]);
        check(b"[A]\nx=1\n[B]\nx=2\n[A]\nx=3", &["2 A.x=1", "4 B.x=2", "6 A.x=3"], &[]);
        check(b"", &[], &[]);
        check(b"\n\n", &[], &[]);
    }

    #[test]
    fn comments_are_left_out() {
        check(
            b"# [X]\n; y=1\n[S]\n  # a=b\nA=b # no comment\nB=c;d\n",
            &["5 S.A=b # no comment", "6 S.B=c;d"],
            &[],
        );
    }

    /// The third example of systemd.syntax(7) and what `systemd --user --test` 252 makes of the others.
    #[test]
    fn continuation_lines() {
        check(
            b"[C]\nKeyThree=value 3\\\n# this line is ignored\n; this line is ignored too\n       value 3 continued\nB=1",
            &["2 C.KeyThree=value 3        value 3 continued", "6 C.B=1"],
            &[],
        );
        check(b"[C]\nA=a\\\\\nB=b\\\\\\\nc", &["2 C.A=a\\\\", "3 C.B=b\\\\ c"], &[]);
        check(b"[Unit]\nDescription=abc\\", &["2 Unit.Description=abc"], &[]);
        check(
            b"[Unit]\nDescription=abc\\\n[Service]\nExecStart=/x\n",
            &["2 Unit.Description=abc [Service]", "4 Unit.ExecStart=/x"],
            &[],
        );
        check(b"[A]\\\n\nB=c", &["3 A.B=c"], &[]);
        check(b"[A]\nB=c\\\n\nD=e", &["2 A.B=c", "4 A.D=e"], &[]);
    }

    #[test]
    fn line_ends_are_those_of_systemd() {
        check(b"[S]\r\nA=1\r\n\r\nB=2\r\n", &["2 S.A=1", "4 S.B=2"], &[]);
        // A lone carriage return or a NUL byte ends a line, though few viewers show it.
        check(b"[S]\nA=1\rB=2\nC=3\0D=4\n", &["2 S.A=1", "3 S.B=2", "4 S.C=3", "5 S.D=4"], &[]);
        check(b"[S]\n\rA=1\n\0\n\0B=2", &["2 S.A=1", "4 S.B=2"], &[]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        check(b"\xef\xbb\xbf[S]\nA=1\n", &["2 S.A=1"], &[]);
    }

    #[test]
    fn harmless_problems() {
        check(
            b"A=1\nB\n[S]\nB\n=1\n",
            &[],
            &[
                (1, ProblemKind::OutsideSection),
                (2, ProblemKind::OutsideSection),
                (4, ProblemKind::MissingEquals),
                (5, ProblemKind::MissingKey),
            ],
        );
    }

    #[test]
    fn systemd_stops_at_fatal_problems() {
        check(b"[S]\nA=1\n[Unit\nB=2\n", &["2 S.A=1"], &[(3, ProblemKind::InvalidSectionHeader)]);
        check(b"[S]\nA=1\nB=\xff\nC=3\n", &["2 S.A=1"], &[(3, ProblemKind::NotUtf8)]);
        // A comment may hold anything.
        check(b"[S]\n# \xff\nC=3\n", &["3 S.C=3"], &[]);
    }

    #[test]
    fn sizes_are_bounded() {
        let long = |length: usize| [b"[S]\nA=1\n", "#".repeat(length).as_bytes(), b"\nB=2"].concat();
        check(&long(LINE_MAX - 1 - 20), &["2 S.A=1", "4 S.B=2"], &[]);
        check(&long(LINE_MAX), &["2 S.A=1"], &[(3, ProblemKind::FileTooLarge)]);
        // The cut does not go through a line, so that it makes no letter of two bytes invalid.
        let letters = format!("[S]\n{}", "A\u{e4}=\u{e4}\\\n".repeat(FILE_MAX / 7 + 10));
        assert_eq!(
            UnitFile::parse(letters.as_bytes()).problems.last().unwrap().kind,
            ProblemKind::FileTooLarge
        );
        check("#".repeat(FILE_MAX + 1).as_bytes(), &[], &[(1, ProblemKind::LineTooLong)]);
        let many = format!("[S]\n{}", "a=\n".repeat(ASSIGNMENTS_MAX + 1));
        let file = UnitFile::parse(many.as_bytes());
        assert_eq!(file.assignments.len(), ASSIGNMENTS_MAX);
        assert_eq!(file.problems.last().unwrap().kind, ProblemKind::TooManyAssignments);
        let file = UnitFile::parse(format!("[S]\n{}[", "a\n".repeat(1000)).as_bytes());
        assert_eq!(file.problems.len(), PROBLEMS_MAX);
        assert!(file.is_cut_short());
    }

    #[test]
    fn get_finds_all_assignments_of_a_key() {
        let file = UnitFile::parse(b"[S]\nA=1\nA=\nB=3\n[T]\nA=2\n");
        assert_eq!(file.get("S", "A").collect::<Vec<_>>(), ["1", ""]);
    }

    proptest! {
        #[test]
        fn never_panics_on_bytes(bytes: Vec<u8>) {
            UnitFile::parse(&bytes);
        }

        #[test]
        fn never_panics_on_likely_text(text in r"(\[|\]|=|\\|\n|\r|\x00|#|;| |[a-c]|\xff){0,60}") {
            let file = UnitFile::parse(text.as_bytes());
            prop_assert!(file.assignments.iter().all(|a| !a.key.is_empty() && a.line > 0));
        }

        #[test]
        fn plain_assignments_come_back(pairs in proptest::collection::vec(("[A-Za-z]{1,9}", "[a-z0-9/ -]{0,9}"), 0..9)) {
            let lines: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let file = UnitFile::parse(format!("[S]\n{}\n", lines.join("\n")).as_bytes());
            let found: Vec<_> = file.assignments.iter().map(|a| (a.key.clone(), a.value.clone())).collect();
            let expected: Vec<_> = pairs.into_iter().map(|(key, value)| (key, value.trim().to_owned())).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
