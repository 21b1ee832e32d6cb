//! Files that together define units: what each change means, told in full.

use bstr::BString;
use svcsensor::engine::Input;
use svcsensor::host::FileState;
use svcsensor::model::observation::FileObservation;
use svcsensor::model::{FileOperation, Known, ProcessKey, Reason, Timestamp};

use super::host::{self, Tree, regular};
use super::lines;

/// Where the parts of an input come to lie, one after the other.
const NAMES: [&str; 8] = [
    "a@.service",
    "b.service",
    "b.service.d/o.conf",
    "service.d/t.conf",
    "b.service.d/o.conf",
    "multi-user.target.wants/a@x.service",
    "b.service",
    "c.socket",
];
/// Where units lie.
const UNITS: &str = "/etc/systemd/system";

/// Contents of unit files and drop-ins, parted by NULs; one that begins with `@` is a symbolic link to the rest.
pub fn definition(data: &[u8]) {
    let mut tree = Tree::default();
    tree.files
        .insert("/usr/lib/systemd/system/b.service".into(), regular(b"[Service]\nExecStart=/x\nUser=u\n"));
    let mut now = 0;
    let (mut inputs, mut told) = (vec![Input::Start(Box::new(host::start()))], Vec::new());
    let mut engine = svcsensor::engine::Engine::new();
    for (part, name) in data.split(|byte| *byte == 0).zip(NAMES) {
        let path = BString::from(format!("{UNITS}/{name}"));
        let state = match part.strip_prefix(b"@") {
            Some(target) => FileState::Symlink { target: target.into() },
            None => regular(part),
        };
        tree.files.insert(path, state);
        now += 1_000_000_000;
        inputs.push(Input::File(Timestamp(now), Box::new(closed(name))));
        for input in inputs.drain(..) {
            engine.feed(input, &mut tree, &mut told);
        }
    }
    // What went away again is told as gone.
    tree.files.retain(|path, _state| !path.starts_with(UNITS.as_bytes()));
    engine.feed(Input::Rescan(Timestamp(now)), &mut tree, &mut told);
    lines::tell(told);
}

/// A file in the unit directory was written.
fn closed(name: &str) -> FileObservation {
    let (directory, name) = name
        .split_once('/')
        .map_or((UNITS.to_owned(), name), |(between, name)| (format!("{UNITS}/{between}"), name));
    FileObservation {
        operation: FileOperation::Close,
        directory: directory.into(),
        name: name.into(),
        is_directory: false,
        actor: ProcessKey { pid: 7, start_ns: 0 },
        object: Known::Missing(Reason::Unsupported),
        error: 0,
        hook: "fuzz",
    }
}
