use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, PipeReader};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};

use super::*;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn options() -> Options {
    Options {
        queue_bytes: 1 << 20,
        on_full: OnFull::Drop,
        retry: Duration::from_millis(1),
        rotation: None,
        loss_line: Box::new(|count| format!("lost {count}\n").into_bytes()),
        on_closed: Box::new(|| {}),
    }
}

fn line(number: u64) -> Vec<u8> {
    format!("line {number}\n").into_bytes()
}

fn piped(options: Options) -> (Writer, PipeReader) {
    let (reader, writer) = io::pipe().unwrap();
    (Writer::start(Target::Stream(Box::new(writer)), options).unwrap(), reader)
}

/// Waits until `condition` holds.
fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "what was waited for did not come");
        std::thread::yield_now();
    }
}

/// A target in memory that takes a few bytes at a time and fails when its script says so.
#[derive(Clone)]
struct Scripted {
    script: Arc<Mutex<Vec<io::Result<usize>>>>,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Scripted {
    fn new(script: Vec<io::Result<usize>>) -> Self {
        Self { script: Arc::new(Mutex::new(script)), taken: Arc::default() }
    }

    fn taken(&self) -> String {
        String::from_utf8(self.taken.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = self.script.lock().unwrap().pop().unwrap_or(Ok(3))?.min(bytes.len());
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..most]);
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_arrive_whole_and_in_order() {
    let target = Scripted::new(vec![]);
    let writer = Writer::start(Target::Stream(Box::new(target.clone())), options()).unwrap();
    for number in 0..500 {
        writer.send(line(number)).unwrap();
    }
    let stats = writer.close(PATIENCE);
    let expected: Vec<u8> = (0..500).flat_map(line).collect();
    assert_eq!(target.taken().into_bytes(), expected);
    assert_eq!((stats.accepted, stats.written, stats.dropped, stats.errors), (500, 500, 0, 0));
    assert_eq!(stats.written_bytes, expected.len() as u64);
}

#[test]
fn errors_are_counted_and_tried_again() {
    let full = || Err(ErrorKind::StorageFull.into());
    let target = Scripted::new(vec![full(), full(), Ok(2), Err(ErrorKind::Interrupted.into())]);
    let writer = Writer::start(Target::Stream(Box::new(target.clone())), options()).unwrap();
    writer.send(line(1)).unwrap();
    let stats = writer.close(PATIENCE);
    assert_eq!(target.taken(), "line 1\n");
    assert_eq!((stats.written, stats.errors, stats.closed), (1, 2, false));
}

#[cfg(target_os = "linux")]
#[test]
fn a_target_that_never_recovers_does_not_hold_up_the_end() {
    let target = fs::File::options().write(true).open("/dev/full").unwrap();
    let writer = Writer::start(Target::Stream(Box::new(target)), options()).unwrap();
    writer.send(line(1)).unwrap();
    let end = Instant::now() + PATIENCE;
    while writer.stats().errors == 0 && Instant::now() < end {
        std::thread::yield_now();
    }
    let stats = writer.close(Duration::from_millis(20));
    assert_eq!((stats.written, stats.dropped), (0, 1));
    assert!(stats.errors > 0);
}

#[test]
fn what_a_slow_reader_misses_is_counted_and_told_in_its_place() {
    let (writer, reader) = piped(Options { queue_bytes: 4096, ..options() });
    let mut expected = Vec::new();
    let mut gap = 0;
    let mut accepted = 0;
    let mut sent = 0;
    // More than the pipe and the queue hold, and the last one dropped: the writer may come by once more until then.
    while sent < 50_000 || gap == 0 {
        let number = sent;
        sent += 1;
        match writer.send(line(number)) {
            Ok(()) => {
                if gap > 0 {
                    expected.push(format!("lost {gap}"));
                }
                gap = 0;
                accepted += 1;
                expected.push(format!("line {number}"));
            }
            Err(error) => {
                assert_eq!(error, SendError::Full);
                gap += 1;
            }
        }
    }
    expected.push(format!("lost {gap}"));
    let (tell, told) = mpsc::channel();
    let reading = std::thread::spawn(move || {
        for line in BufReader::new(reader).lines() {
            tell.send(line.unwrap()).unwrap();
        }
    });
    // The last gap is told without a further line.
    for expected in expected {
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), expected);
    }
    writer.send(b"after\n".to_vec()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "after");
    let stats = writer.close(PATIENCE);
    reading.join().unwrap();
    assert_eq!((stats.accepted, stats.written, stats.dropped), (accepted + 1, accepted + 1, sent - accepted));
}

#[test]
fn a_reader_that_left_is_told_at_once() {
    let (tell, told) = mpsc::channel();
    let on_closed = Box::new(move || tell.send(()).unwrap());
    let (writer, reader) = piped(Options { on_closed, ..options() });
    drop(reader);
    writer.send(line(1)).unwrap();
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(writer.send(line(2)), Err(SendError::Closed));
    let stats = writer.close(PATIENCE);
    assert_eq!((stats.closed, stats.written, stats.dropped), (true, 0, 1));
}

#[test]
fn a_reader_that_does_not_read_does_not_hold_up_the_end() {
    let (writer, _reader) = piped(options());
    let long = vec![b'x'; 200_000];
    writer.send(long).unwrap();
    let stats = writer.close(Duration::from_millis(20));
    assert_eq!((stats.accepted, stats.written, stats.dropped), (1, 0, 1));
}

#[test]
fn a_sender_may_wait_for_room() {
    let (writer, reader) = piped(Options { queue_bytes: 64, on_full: OnFull::Wait, ..options() });
    let reading = std::thread::spawn(move || BufReader::new(reader).lines().count());
    for number in 0..20_000 {
        writer.send(line(number)).unwrap();
    }
    assert_eq!(writer.send(vec![b'x'; 65]), Err(SendError::Full));
    let stats = writer.close(PATIENCE);
    // One more line tells of the one that could never fit.
    assert_eq!(reading.join().unwrap(), 20_001);
    assert_eq!((stats.written, stats.dropped), (20_000, 1));
}

#[test]
fn a_moved_file_is_opened_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (path, moved) = (directory.path().join("lines"), directory.path().join("lines.1"));
    let writer = Writer::start(Target::File(path.clone()), options()).unwrap();
    writer.send(line(1)).unwrap();
    until(|| writer.stats().written == 1);
    fs::rename(&path, &moved).unwrap();
    writer.send(line(2)).unwrap();
    until(|| writer.stats().written == 2);
    writer.reopen();
    writer.send(line(3)).unwrap();
    writer.close(PATIENCE);
    assert_eq!(fs::read_to_string(&moved).unwrap(), "line 1\nline 2\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "line 3\n");
}

#[test]
fn a_file_that_cannot_be_opened_anew_stays() {
    let directory = tempfile::tempdir().unwrap();
    let (path, moved) = (directory.path().join("lines"), directory.path().join("lines.1"));
    let writer = Writer::start(Target::File(path.clone()), options()).unwrap();
    fs::rename(&path, &moved).unwrap();
    fs::create_dir(&path).unwrap();
    writer.reopen();
    writer.send(line(1)).unwrap();
    let stats = writer.close(PATIENCE);
    assert_eq!(fs::read_to_string(&moved).unwrap(), "line 1\n");
    assert_eq!((stats.written, stats.errors), (1, 1));
}

#[cfg(unix)]
mod files {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
    use std::path::Path;

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refusal(path: &Path) -> String {
        let error = file::open(path).map(|_| ()).unwrap_err();
        error.to_string().replace(&path.display().to_string(), "FILE")
    }

    #[test]
    fn a_new_file_is_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines");
        drop(file::open(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_torn_line_is_ended() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines");
        for (before, after) in [("", "new\n"), ("old\n", "old\nnew\n"), ("to", "to\nnew\n")] {
            fs::write(&path, before).unwrap();
            file::open(&path).unwrap().write_all(b"new\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }

    #[test]
    fn files_that_others_could_misuse_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("target"), "").unwrap();
        symlink(path("target"), path("symlink")).unwrap();
        assert_eq!(refusal(&path("symlink")), "cannot open FILE");
        fs::create_dir(path("directory")).unwrap();
        assert_eq!(refusal(&path("directory")), "cannot open FILE");
        assert_eq!(refusal(Path::new("/dev/null")), "FILE is not a regular file");
        fs::write(path("writable"), "").unwrap();
        mode(&path("writable"), 0o620);
        assert_eq!(refusal(&path("writable")), "FILE is writable for others (mode 0620)");
        fs::hard_link(path("target"), path("second")).unwrap();
        assert_eq!(refusal(&path("second")), "FILE has 2 names");
        mode(&path("directory"), 0o777);
        assert!(refusal(&path("directory/lines")).starts_with("everybody may replace files in "));
        mode(&path("directory"), 0o1777);
        assert!(file::open(&path("directory/lines")).is_ok());
        fs::write(path("foreign"), "").unwrap();
        // Giving files away needs privileges; without them the case can't come about here.
        if chown(path("foreign"), Some(4242), None).is_ok() {
            assert_eq!(refusal(&path("foreign")), "FILE belongs to user 4242");
        }
    }
}

#[test]
fn a_file_that_has_become_large_becomes_an_older_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lines");
    let rotation = Some(Rotation { bytes: 64, files: 2 });
    let writer = Writer::start(Target::File(path.clone()), Options { rotation, ..options() }).unwrap();
    for number in 0..100 {
        writer.send(line(number)).unwrap();
        // One at a time, so that each file holds as few as it may.
        until(|| writer.stats().written == number + 1);
    }
    assert_eq!(writer.close(PATIENCE).errors, 0);
    let content = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    let lines = [content("lines.2"), content("lines.1"), content("lines")].concat();
    let first = lines.lines().next().unwrap().trim_start_matches("line ").parse().unwrap();
    assert!(first > 50, "older ones are gone: {first}");
    assert_eq!(lines.into_bytes(), (first..100).flat_map(line).collect::<Vec<u8>>());
    assert!(content("lines.1").len() < 80 && content("lines.2").len() >= 64);
    assert!(!directory.path().join("lines.3").exists());
}
