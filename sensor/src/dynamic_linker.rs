//! The dynamic linker run as a program: `ld-linux-x86-64.so.2 --argv0 x /usr/bin/systemctl stop ssh`.
//!
//! The kernel then knows the linker alone; what it loads and runs stands among its arguments (ld.so(8); musl's has
//! some of the same options).

use bstr::{BStr, BString, ByteSlice as _};

/// Its options that take a value, which stands behind them or after `=`.
pub(crate) const OPTIONS_WITH_VALUE: [&str; 7] = [
    "--library-path",
    "--argv0",
    "--preload",
    "--audit",
    "--inhibit-rpath",
    "--glibc-hwcaps-prepend",
    "--glibc-hwcaps-mask",
];

/// Whether a file's name is the dynamic linker's, which differs by architecture: `ld-linux-x86-64.so.2`, `ld64.so.2`,
/// `ld-musl-x86_64.so.1`, `ld-2.31.so`, `ld.so`.
pub(crate) fn is_dynamic_linker(name: &BStr) -> bool {
    [&b"ld-"[..], b"ld.", b"ld64."].iter().any(|start| name.starts_with(start))
        && name.split_str(".").skip(1).any(|part| part == b"so")
}

/// The program that it is told to run, and that program's arguments; `arguments` are those behind its own name.
pub(crate) fn loaded(arguments: &[BString]) -> Option<(&BStr, &[BString])> {
    let mut rest = arguments;
    loop {
        let (word, after) = rest.split_first()?;
        rest = if OPTIONS_WITH_VALUE.iter().any(|option| word == option) {
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
        for (name, expected) in [
            ("ld-linux-x86-64.so.2", true),
            ("ld-musl-x86_64.so.1", true),
            ("ld-2.31.so", true),
            ("ld64.so.2", true),
            ("ld.so", true),
            ("ld", false),
            ("ld.gold", false),
            ("systemctl", false),
        ] {
            assert_eq!(is_dynamic_linker(BStr::new(name)), expected, "{name}");
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
