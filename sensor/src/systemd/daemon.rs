//! What the manager and its generators do by themselves at start and at `daemon-reload`, so that it can be told apart
//! from what others do. See systemd.generator(7).

use bstr::{BStr, ByteSlice as _};

use super::search_path::{GeneratorDirectory, GeneratorKind, Role};
use crate::model::Scope;

/// The paths that a manager's program may have.
pub const MANAGER_PROGRAMS: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/// The name that the manager gives the process that runs its generators, and the pool that it runs them from.
const GENERATOR_PROCESSES: [&[u8]; 2] = [b"(sd-executor)", b"(sd-gens)"];

/// Whether `program` is the true path of a manager's program.
pub fn is_manager(program: &BStr) -> bool {
    MANAGER_PROGRAMS.iter().any(|known| program == *known)
}

/// Whether a process of this name (`comm`) is the manager's own child that runs generators or services, before it
/// became one of them. The kernel cuts names at 15 bytes.
pub fn is_generator_runner(comm: &BStr) -> bool {
    GENERATOR_PROCESSES.iter().any(|name| name.get(..15).unwrap_or(name) == comm.as_bytes())
}

/// The directory of generators that `program` lies directly in, if it is one of them.
pub fn generator(program: &BStr) -> Option<&'static GeneratorDirectory> {
    let (directory, name) = program.rsplit_once_str("/")?;
    if name.is_empty() {
        return None;
    }
    // /lib may be another name of /usr/lib.
    let directory = directory
        .strip_prefix(b"/lib/")
        .map_or_else(|| directory.to_vec(), |rest| [&b"/usr/lib/"[..], rest].concat());
    GeneratorDirectory::ALL.iter().find(|known| known.path.as_bytes() == directory)
}

/// Whether `program` is a generator of unit files.
pub fn is_unit_generator(program: &BStr) -> bool {
    generator(program).is_some_and(|directory| directory.kind == GeneratorKind::Unit)
}

/// Whether `path` lies in the output of the system manager's generators or of a user manager's, or is such a
/// directory; managers empty and fill them at each reload.
pub fn is_generator_output(path: &BStr) -> bool {
    generator_output(path).is_some()
}

/// Whose generators' output `path` lies in, and with which priority.
pub fn generator_output(path: &BStr) -> Option<(Scope, Role)> {
    let (scope, rest) = if let Some(rest) = path.strip_prefix(b"/run/systemd/") {
        (Scope::System, rest)
    } else {
        let rest = path.strip_prefix(b"/run/user/")?;
        let (uid, rest) = rest.split_once_str("/")?;
        (Scope::User(uid.to_str().ok()?.parse().ok()?), rest.strip_prefix(b"systemd/")?)
    };
    let first = rest.split_str("/").next()?;
    let role = match first {
        b"generator" => Role::Generator,
        b"generator.early" => Role::GeneratorEarly,
        b"generator.late" => Role::GeneratorLate,
        _ => return None,
    };
    Some((scope, role))
}

/// The manager that runs a generator of unit files with these arguments, the program's name first: they are three
/// output directories of one manager. `None` for any other call: whoever tries a generator by hand gives other directories.
pub fn managers_call(kind: GeneratorKind, argv: &[impl AsRef<[u8]>]) -> Option<Scope> {
    let (_program, arguments) = argv.split_first().filter(|_| kind == GeneratorKind::Unit)?;
    let outputs: Vec<_> =
        arguments.iter().map_while(|argument| generator_output(argument.as_ref().as_bstr())).collect();
    let (scope, _role) = *outputs.first()?;
    let usual = [Role::Generator, Role::GeneratorEarly, Role::GeneratorLate].map(|role| (scope, role));
    (arguments.len() == usual.len() && outputs == usual).then_some(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers() {
        for (program, expected) in [
            ("/usr/lib/systemd/systemd", true),
            ("/lib/systemd/systemd", true),
            ("/usr/bin/systemctl", false),
            ("/tmp/lib/systemd/systemd", false),
            ("/usr/lib/systemd/systemd-journald", false),
        ] {
            assert_eq!(is_manager(BStr::new(program)), expected, "{program}");
        }
        assert!(is_generator_runner(BStr::new("(sd-executor)")));
        assert!(!is_generator_runner(BStr::new("sh")));
    }

    #[test]
    fn generators() {
        for (program, expected) in [
            (
                "/usr/lib/systemd/system-generators/systemd-fstab-generator",
                Some((GeneratorKind::Unit, Scope::System)),
            ),
            ("/lib/systemd/system-generators/x", Some((GeneratorKind::Unit, Scope::System))),
            ("/etc/systemd/user-generators/x", Some((GeneratorKind::Unit, Scope::AllUsers))),
            (
                "/usr/lib/systemd/user-environment-generators/30-x",
                Some((GeneratorKind::Environment, Scope::AllUsers)),
            ),
            ("/usr/lib/systemd/system-generators/", None),
            ("/usr/lib/systemd/system-generators/a/b", None),
            ("/opt/systemd/system-generators/x", None),
            ("x", None),
        ] {
            let found = generator(BStr::new(program)).map(|directory| (directory.kind, directory.scope));
            assert_eq!(found, expected, "{program}");
        }
        assert!(!is_unit_generator(BStr::new("/usr/lib/systemd/user-environment-generators/30-x")));
    }

    #[test]
    fn output() {
        for (path, expected) in [
            ("/run/systemd/generator/a.mount", Some((Scope::System, Role::Generator))),
            ("/run/systemd/generator.early", Some((Scope::System, Role::GeneratorEarly))),
            ("/run/systemd/generator.late/x.target.wants/a", Some((Scope::System, Role::GeneratorLate))),
            ("/run/user/1000/systemd/generator/a.service", Some((Scope::User(1000), Role::Generator))),
            ("/run/systemd/generators/a", None),
            ("/run/systemd/system/a.service", None),
            ("/run/user/x/systemd/generator/a", None),
            ("/run/user/1000", None),
        ] {
            assert_eq!(generator_output(BStr::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn calls() {
        let system =
            ["x", "/run/systemd/generator", "/run/systemd/generator.early", "/run/systemd/generator.late"];
        let user = [
            "x",
            "/run/user/7/systemd/generator",
            "/run/user/7/systemd/generator.early",
            "/run/user/7/systemd/generator.late",
        ];
        let mixed = [system[0], system[1], user[2], system[3]];
        for (argv, expected) in [
            (&system[..], Some(Scope::System)),
            (&user[..], Some(Scope::User(7))),
            (&system[..3], None),
            (&system[1..], None),
            (&["x", "/tmp", "/tmp", "/tmp"], None),
            (&mixed, None),
            (&[], None),
        ] {
            assert_eq!(managers_call(GeneratorKind::Unit, argv), expected, "{argv:?}");
        }
        assert_eq!(managers_call(GeneratorKind::Environment, &system), None);
    }
}
