//! Tests of command lines; expectations are what `systemd --user --test` 252 prints for the same units.

use proptest::prelude::*;

use super::*;
use crate::systemd::name::UnitName;
use crate::systemd::specifier::ManagerFacts;

fn parse_line(value: &str) -> Commands {
    let unit = UnitName::parse("a.service").unwrap();
    let manager = ManagerFacts::system();
    parse("ExecStart", value, &SpecifierContext { unit: &unit, fragment: None, manager: &manager })
}

/// Checks each command as `path: [argv]`.
fn check(value: &str, expected: &[(&str, &[&str])]) {
    let found = parse_line(value);
    let commands: Vec<(&str, Vec<&str>)> = found
        .commands
        .iter()
        .map(|command| (command.path.as_str(), command.argv.iter().map(String::as_str).collect()))
        .collect();
    let expected: Vec<(&str, Vec<&str>)> =
        expected.iter().map(|(path, argv)| (*path, argv.to_vec())).collect();
    assert_eq!(commands, expected, "{value}");
    assert_eq!(found.error, None, "{value}");
}

fn check_error(value: &str, error: &CommandError, tolerated: bool) {
    let found = parse_line(value);
    assert_eq!((found.error.as_ref(), found.tolerated), (Some(error), tolerated), "{value}");
}

#[test]
fn quoting() {
    check(r#"/bin/echo a"b c"d 'e f'g"#, &[("/bin/echo", &["/bin/echo", "ab cd", "e fg"])]);
    check(r#"/bin/echo "" '' x"#, &[("/bin/echo", &["/bin/echo", "", "", "x"])]);
    check(r"/bin/echo \x41\101\u00e4\t|\s|", &[("/bin/echo", &["/bin/echo", "AA\u{e4}\t| |"])]);
    check(r"/bin/echo trailingbs\\", &[("/bin/echo", &["/bin/echo", r"trailingbs\"])]);
    check(r#""/bin/my prog" x"#, &[("/bin/my prog", &["/bin/my prog", "x"])]);
    check(r"/bin/echo a\ b", &[("/bin/echo", &["/bin/echo", r"a\ b"])]);
    check(r"echo bad\qescape trail", &[("echo", &["echo", r"bad\qescape", "trail"])]);
    check(r"/bin/echo \777\18\0 x", &[("/bin/echo", &["/bin/echo", r"\777\18\0", "x"])]);
    check("/bin/echo \"a\tb\"\tc", &[("/bin/echo", &["/bin/echo", "a\tb", "c"])]);
}

#[test]
fn semicolons() {
    check(
        r#"/bin/echo one ; /bin/echo "two two" \; x \\; "\;" ; ; @/bin/sh mysh -c 'x'"#,
        &[
            ("/bin/echo", &["/bin/echo", "one"]),
            ("/bin/echo", &["/bin/echo", "two two", ";", "x", r"\;", r"\;"]),
            ("/bin/sh", &["mysh", "-c", "x"]),
        ],
    );
    check("/bin/echo a;b ;c d;", &[("/bin/echo", &["/bin/echo", "a;b", ";c", "d;"])]);
    check("/bin/echo -- ;", &[("/bin/echo", &["/bin/echo", "--"])]);
    check("; /bin/echo s", &[("/bin/echo", &["/bin/echo", "s"])]);
    check("/bin/echo ; ; /bin/echo 2", &[("/bin/echo", &["/bin/echo"]), ("/bin/echo", &["/bin/echo", "2"])]);
    // The last example of the manual.
    check(r"echo / >/dev/null & \;  ls", &[("echo", &["echo", "/", ">/dev/null", "&", ";", "ls"])]);
}

#[test]
fn prefixes_say_how_to_run() {
    let flags = |value: &str| parse_line(value).commands.first().map(|command| command.flags.to_string());
    for (value, expected) in [
        ("/x", ""),
        ("-/x", "-"),
        ("@/x y", "@"),
        ("-@:+/x y", "@-:+"),
        ("!/x", "!"),
        ("!!/x", "!!"),
        ("+/x", "+"),
        ("!-/x", "-!"),
        ("'-/x'", "-"),
        ("|echo x", "|"),
    ] {
        assert_eq!(flags(value).as_deref(), Some(expected), "{value}");
    }
    check("-@:+/bin//echo/./x zero one", &[("/bin/echo/x", &["zero", "one"])]);
    check("'-/bin/echo' 'quoted prefix'", &[("/bin/echo", &["/bin/echo", "quoted prefix"])]);
    check("-!/bin/echo +!x", &[("/bin/echo", &["/bin/echo", "+!x"])]);
}

#[test]
fn the_shell_prefix_gives_one_line_to_the_shell() {
    check("|echo 'a  b' | tac", &[("/bin/sh", &["sh", "-c", "echo a  b | tac"])]);
    check("@|exec x", &[("/bin/sh", &["-sh", "-c", "exec x"])]);
    check_error("|", &CommandError::NoProgram, false);
}

#[test]
fn specifiers_and_variables() {
    check("/bin/%p.sh %n %i %%", &[("/bin/a.sh", &["/bin/a.sh", "a.service", "", "%"])]);
    check("%n x", &[("a.service", &["a.service", "x"])]);
    check("/bin/a%%b x", &[("/bin/a%b", &["/bin/a%b", "x"])]);
    check("$FOO x", &[("$FOO", &["$FOO", "x"])]);
    let found = parse_line("/bin/echo $A ${B} x${C}y$$D ${E:-x} $F-g $A");
    assert_eq!(found.commands[0].variables(), ["A", "B", "C", "E"]);
    let found = parse_line(":/bin/echo $A");
    assert!(found.commands[0].variables().is_empty());
}

#[test]
fn plain_names_are_looked_for() {
    let found = parse_line("echo x");
    assert_eq!(
        found.commands[0].candidates(),
        [
            "/usr/local/sbin/echo",
            "/usr/local/bin/echo",
            "/usr/sbin/echo",
            "/usr/bin/echo",
            "/sbin/echo",
            "/bin/echo"
        ]
    );
    assert_eq!(parse_line("/bin/echo x").commands[0].candidates(), ["/bin/echo"]);
}

#[test]
fn what_systemd_refuses() {
    check_error("-", &CommandError::NoProgram, true);
    check_error("@", &CommandError::NoProgram, false);
    check_error("- /bin/echo", &CommandError::NoProgram, true);
    check_error("/bin/dir/ x", &CommandError::Directory, false);
    check_error("-/bin/dir/ x", &CommandError::Directory, true);
    check_error("./rel x", &CommandError::Relative, false);
    check_error("-../rel x", &CommandError::Relative, true);
    check_error("--/bin/echo y", &CommandError::Relative, true);
    check_error("-+!/bin/echo bad", &CommandError::Relative, true);
    check_error(r"-/bin/a\nb x", &CommandError::UnsafePath, true);
    check_error("@/bin/echo", &CommandError::NoName, false);
    check_error("-@echo", &CommandError::NoName, true);
    check_error("/bin/echo \"x", &CommandError::Word(WordError::Unbalanced), false);
    check_error("-/bin/echo \"x", &CommandError::Word(WordError::Unbalanced), true);
    check_error("\"/bin/echo", &CommandError::Word(WordError::Unbalanced), true);
}

#[test]
fn commands_before_a_refused_one_count() {
    let found = parse_line("/bin/a ; /bin/b 'x");
    assert_eq!(found.commands.len(), 1);
    assert_eq!(found.commands[0].raw, "/bin/a");
}

#[test]
fn raw_is_the_text_of_one_command() {
    let found = parse_line("-/bin/a  'x y' ; @/bin/b c ;  /d");
    let raw: Vec<&str> = found.commands.iter().map(|command| command.raw.as_str()).collect();
    assert_eq!(raw, ["-/bin/a  'x y'", "@/bin/b c", "/d"]);
}

proptest! {
    #[test]
    fn never_panics(value: String) {
        parse_line(&value);
    }

    #[test]
    fn never_panics_on_likely_lines(value in r#"([-@:+!|;%$'"\\{} a/.x]|\\;| ; ){0,40}"#) {
        let found = parse_line(&value);
        prop_assert!(found.commands.iter().all(|command| !command.argv.is_empty() && !command.path.is_empty()));
    }
}
