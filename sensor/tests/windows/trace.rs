//! The trace session of its stand-in, and a sensor that starts it. `advapi32/stand_in.h` tells what the stand-in does.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::windows::io::AsRawHandle as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use memchr::memmem;
use tempfile::TempDir;
use windows::Win32::Foundation::{FILETIME, HANDLE};
use windows::Win32::System::Threading::GetProcessTimes;

use crate::place::stand_in;
use crate::program::PROGRAM;
use crate::sensor::Sensor;

/// The system's library as the sensor imports it, and the stand-in's name, which is as long.
const LIBRARIES: [&[u8]; 2] = [b"advapi32.dll\0", b"advapi_t.dll\0"];

/// The stand-in of trace sessions.
const STAND_IN: &str = "advapi_t.dll";

/// Why there is no stand-in.
pub(crate) fn missing_stand_in() -> Option<&'static str> {
    stand_in(STAND_IN)
        .is_none()
        .then_some("the stand-in of trace sessions is needed, which only `cargo xtask windows-test` builds")
}

/// A provider of the kernel or the system.
#[derive(Clone, Copy)]
pub(crate) enum Provider {
    Registry,
    Process,
    Services,
}

/// What a provider logs.
pub(crate) struct Record {
    provider: Provider,
    number: u16,
    keywords: u64,
    /// Who does what it tells of.
    process: u32,
    payload: Vec<u8>,
}

/// A host with trace sessions, and a copy of the sensor that uses them.
pub(crate) struct Trace {
    folder: TempDir,
}

impl Record {
    /// A process was started.
    pub(crate) fn started(process: u32, image: &str) -> Self {
        Self::started_at(process, [0; 8], image)
    }

    fn started_at(process: u32, created: [u8; 8], image: &str) -> Self {
        let [parent, session, flags] = [4_u32, 0, 0].map(u32::to_le_bytes);
        let payload =
            [&process.to_le_bytes()[..], &created, &parent, &session, &flags, &text(image)].concat();
        Self { provider: Provider::Process, number: 1, keywords: 0x10, process: 4, payload }
    }

    /// A key was created, which the kernel keeps as this object.
    pub(crate) fn key_created(process: u32, object: u64, path: &str) -> Self {
        let (base, none) = (0_u64.to_le_bytes(), 0_u32.to_le_bytes());
        let disposition = 1_u32.to_le_bytes();
        let payload =
            [&base[..], &object.to_le_bytes(), &none, &disposition, &text(""), &text(path)].concat();
        Self { provider: Provider::Registry, number: 1, keywords: 0x1000, process, payload }
    }

    /// A number was written into a value of a key.
    pub(crate) fn number_written(process: u32, object: u64, value: &str, number: u32) -> Self {
        Self::written(process, object, value, 4, &number.to_le_bytes())
    }

    /// A text with names of variables was written into a value of a key.
    pub(crate) fn text_written(process: u32, object: u64, value: &str, content: &str) -> Self {
        Self::written(process, object, value, 2, &text(content))
    }

    fn written(process: u32, object: u64, value: &str, kind: u32, data: &[u8]) -> Self {
        let (none, size) = (0_u32.to_le_bytes(), u16::try_from(data.len()).unwrap());
        let payload = [
            &object.to_le_bytes()[..],
            &none,
            &kind.to_le_bytes(),
            &u32::from(size).to_le_bytes(),
            &text(""),
            &text(value),
            &size.to_le_bytes(),
            data,
            &none,
            &none,
            &0_u16.to_le_bytes(),
        ]
        .concat();
        Self { provider: Provider::Registry, number: 5, keywords: 0x100, process, payload }
    }

    /// A service now runs.
    pub(crate) fn running(service: &str) -> Self {
        let [phase, state, start, process] = [2_u32, 4, 2, 3000].map(u32::to_le_bytes);
        let payload = [&phase[..], &state, &start, &process, &text(service), &text("program.exe")].concat();
        Self { provider: Provider::Services, number: 105, keywords: 0, process: 700, payload }
    }

    /// The same, of which the end is missing.
    pub(crate) fn cut_off(mut self) -> Self {
        self.payload.truncate(3);
        self
    }

    fn line(&self) -> String {
        let Self { provider, number, keywords, process, payload } = self;
        let (id, version) = match provider {
            Provider::Registry => ("70eb4f03-c1de-4f73-a051-33d13d5413bd", 0),
            Provider::Process => ("22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716", 1),
            Provider::Services => ("0063715b-eeda-4007-9429-ad526f62696e", 0),
        };
        format!("{id} {number} {version} {keywords:x} {process} {}\n", hex::encode(payload))
    }
}

/// A process that runs until it is ended.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn new() -> Self {
        // It waits for what is never said.
        Self(Command::new("cmd.exe").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// The record of its start.
    #[expect(unsafe_code, reason = "the library has no call for this")]
    pub(crate) fn record(&self) -> Record {
        let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
        let process = HANDLE(self.0.as_raw_handle());
        let times = [&raw mut created, &raw mut exited, &raw mut kernel, &raw mut user];
        // SAFETY: the process is open, and the four times are taken.
        unsafe { GetProcessTimes(process, times[0], times[1], times[2], times[3]) }.unwrap();
        let created = u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime);
        Record::started_at(
            self.id(),
            created.to_le_bytes(),
            r"\Device\HarddiskVolume3\Windows\System32\cmd.exe",
        )
    }

    pub(crate) fn end(&mut self) {
        // Both fail only where it has ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl Trace {
    /// A host on which no session runs.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [system, own] = LIBRARIES;
        let mut program = fs::read(PROGRAM).unwrap();
        let places: Vec<usize> = memmem::find_iter(&program, system).collect();
        assert!(!places.is_empty());
        for place in places {
            program[place..place + own.len()].copy_from_slice(own);
        }
        fs::write(folder.path().join("svcsensor.exe"), program).unwrap();
        fs::copy(stand_in(STAND_IN).unwrap(), folder.path().join(STAND_IN)).unwrap();
        fs::create_dir(folder.path().join("trace")).unwrap();
        Self { folder }
    }

    /// Starts a sensor on this host.
    pub(crate) fn sensor(&self) -> Sensor {
        let mut command = Command::new(self.folder.path().join("svcsensor.exe"));
        command.env("SVCSENSOR_TEST_TRACE", self.folder.path().join("trace"));
        Sensor::start_as(command)
    }

    /// Logs these records to the session.
    pub(crate) fn log(&self, records: &[Record]) {
        let lines: Vec<String> = records.iter().map(Record::line).collect();
        self.append(&lines.concat());
    }

    /// Logs these records, which stay in a buffer until the session is stopped.
    pub(crate) fn log_into_buffer(&self, records: &[Record]) {
        let lines: Vec<String> = records.iter().map(|record| format!("~{}", record.line())).collect();
        self.append(&lines.concat());
    }

    /// Has the session lose this many records and buffers in all.
    pub(crate) fn lose(&self, records: u32, buffers: u32) {
        fs::write(self.file("lost"), format!("{records} {buffers}")).unwrap();
    }

    /// Has the session lose this many records and buffers in all by the time that it is stopped.
    pub(crate) fn lose_at_the_end(&self, records: u32, buffers: u32) {
        fs::write(self.file("lost-at-end"), format!("{records} {buffers}")).unwrap();
    }

    /// Whether the session runs.
    pub(crate) fn runs(&self) -> bool {
        self.file("session").exists()
    }

    /// Stops the session, as another program may do.
    pub(crate) fn stop(&self) {
        fs::remove_file(self.file("session")).unwrap();
    }

    /// Stops the session, and starts another that gets its handle.
    pub(crate) fn replace(&self) {
        let session = fs::read_to_string(self.file("session")).unwrap();
        let (_, handle) = session.split_once(' ').unwrap();
        self.stop();
        fs::write(self.other(), format!("1 {handle}")).unwrap();
    }

    /// Has the system run as many sessions as it can.
    pub(crate) fn fill(&self) {
        fs::write(self.full(), "").unwrap();
    }

    /// Has the system run further sessions again.
    pub(crate) fn free(&self) {
        fs::remove_file(self.full()).unwrap();
    }

    /// Whether that other session runs.
    pub(crate) fn other_runs(&self) -> bool {
        self.other().exists()
    }

    /// The providers that were enabled, as the stand-in writes them.
    pub(crate) fn enabled(&self) -> Vec<String> {
        fs::read_to_string(self.file("enabled")).unwrap().lines().map(str::to_owned).collect()
    }

    fn append(&self, lines: &str) {
        let mut file: File = OpenOptions::new().append(true).open(self.file("records")).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    fn other(&self) -> PathBuf {
        self.folder.path().join(r"trace\other.session")
    }

    fn full(&self) -> PathBuf {
        self.folder.path().join(r"trace\full.txt")
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.folder.path().join(format!(r"trace\svcsensor.{extension}"))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let path = self.folder.path().join(r"trace\misuse.txt");
        let misuse = fs::read_to_string(path).unwrap_or_default();
        assert!(
            misuse.is_empty() || std::thread::panicking(),
            "event tracing was called as it must not be: {misuse}"
        );
    }
}

fn text(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
