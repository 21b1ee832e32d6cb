//! The dynamic linker run as a program: `ld-linux-x86-64.so.2 --argv0 x /usr/bin/systemctl stop ssh`.
//!
//! The kernel then knows the linker alone; what it loads and runs stands among its arguments (ld.so(8)).

use bstr::{BStr, BString, ByteSlice as _};

/// Its options that take a value.
const VALUED: [&[u8]; 7] = [
    b"--library-path",
    b"--argv0",
    b"--preload",
    b"--audit",
    b"--inhibit-rpath",
    b"--glibc-hwcaps-prepend",
    b"--glibc-hwcaps-mask",
];

/// Whether a path is the dynamic linker's, by its file's name: `ld-linux-x86-64.so.2`, `ld-musl-x86_64.so.1`, `ld.so`.
pub(super) fn is_linker(path: &BStr) -> bool {
    let name = path.rsplit_once_str("/").map_or(path.as_bytes(), |(_directory, name)| name);
    [&b"ld-"[..], b"ld.", b"ld64."].iter().any(|start| name.starts_with(start))
        && name.split_str(".").skip(1).any(|part| part == b"so")
}

/// The program that it is told to run, and that program's arguments; `arguments` are those behind its own name.
pub(super) fn loaded(arguments: &[BString]) -> Option<(&BStr, &[BString])> {
    let mut rest = arguments;
    loop {
        let (word, after) = rest.split_first()?;
        rest = if VALUED.contains(&word.as_bytes()) {
            after.get(1..)?
        } else if word.starts_with(b"--") {
            after
        } else {
            return Some((word.as_ref(), after));
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_linker_by_its_name() {
        for (path, expected) in [
            ("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", true),
            ("/lib/ld-musl-x86_64.so.1", true),
            ("/lib64/ld64.so.2", true),
            ("/usr/bin/ld.so", true),
            ("/usr/bin/ld", false),
            ("/usr/bin/ld.gold", false),
            ("/usr/bin/systemctl", false),
        ] {
            assert_eq!(is_linker(BStr::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn finds_what_it_runs() {
        let check = |words: &[&str], expected: Option<(&str, usize)>| {
            let words: Vec<BString> = words.iter().map(|word| BString::from(*word)).collect();
            let found = loaded(&words).map(|(program, arguments)| (program.to_string(), arguments.len()));
            assert_eq!(found, expected.map(|(program, count)| (program.to_owned(), count)), "{words:?}");
        };
        check(&["/usr/bin/systemctl", "--now", "stop"], Some(("/usr/bin/systemctl", 2)));
        check(&["--argv0", "sshd", "--inhibit-cache", "./q", "stop"], Some(("./q", 1)));
        check(&["--preload=/x", "--library-path", "/y", "q"], Some(("q", 0)));
        check(&["--list"], None);
        check(&["--argv0"], None);
        check(&[], None);
    }
}
