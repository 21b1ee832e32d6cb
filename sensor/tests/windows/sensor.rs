//! A running sensor, and the lines that it tells.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::windows::io::AsRawHandle as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use serde_json::Value;
use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_CLOSE_EVENT};
use windows::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows::Win32::System::Threading::{CreateRemoteThread, LPTHREAD_START_ROUTINE, WaitForSingleObject};
use windows::core::{Owned, s, w};

use crate::program::{PATIENCE, PROGRAM};

/// Whether a line is an event of this service with this action.
pub(crate) fn is_event(line: &Value, service: &str, action: &str) -> bool {
    line["type"] == "event" && line["service"]["name"] == service && line["action"] == action
}

/// What a change of this setting was before and after, in an event.
pub(crate) fn change<'a>(event: &'a Value, setting: &str) -> Option<(&'a Value, &'a Value)> {
    let changes = event["changes"].as_array()?;
    let change = changes.iter().find(|change| change["setting"] == setting)?;
    Some((&change["before"][0], &change["after"][0]))
}

/// A sensor that runs in this process's console.
pub(crate) struct Sensor {
    child: Child,
    lines: Receiver<String>,
    /// Its first line.
    pub(crate) started: Value,
    /// All lines that were taken of it so far.
    told: Vec<Value>,
}

impl Sensor {
    /// Starts one and waits until it watches.
    pub(crate) fn start() -> Self {
        Self::start_as(Command::new(PROGRAM))
    }

    /// Starts one by this command and waits until it watches.
    pub(crate) fn start_as(mut command: Command) -> Self {
        let mut child = command
            .args(["run", "--format", "json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if line.is_err() || line.is_ok_and(|line| sender.send(line).is_err()) {
                    break;
                }
            }
        });
        let mut sensor = Self { child, lines, started: Value::Null, told: Vec::new() };
        sensor.started = sensor.until(|line| line["type"] == "started");
        sensor
    }

    /// The first line that is as wanted, of those to come.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        let first = self.told.len();
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let line: Value = serde_json::from_str(&line).unwrap();
                    self.told.push(line.clone());
                    if wanted(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no such line, but {}", Value::from(self.told.split_off(first)))
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().unwrap();
                    let mut log = String::new();
                    self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
                    panic!("it ended with {status}: {log}");
                }
            }
        }
    }

    /// Ends it in order, as Ctrl-Break in its console does, and gives all lines that it told.
    pub(crate) fn stop(mut self) -> Vec<Value> {
        drop(self.ask(CTRL_BREAK_EVENT));
        self.until(|line| line["type"] == "stopped");
        let told = self.rest();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        told
    }

    /// Closes the window of its console, as it were, and gives all lines that it told. The system lets a program answer, and
    /// ends it once it has.
    #[expect(unsafe_code, reason = "the library has no call for this")]
    pub(crate) fn close(self) -> Vec<Value> {
        let answer = self.ask(CTRL_CLOSE_EVENT);
        let patience = u32::try_from(PATIENCE.as_millis()).unwrap();
        // SAFETY: the thread's handle is open.
        unsafe { WaitForSingleObject(*answer, patience) };
        self.kill()
    }

    /// Asks it for something as a console does, and gives the thread in which it answers.
    ///
    /// Without a terminal Wine gives it no console that could be asked for that. What a console does is to start a thread in
    /// the program, in a routine of the system that lies at the same place in all programs.
    #[expect(unsafe_code, reason = "the library has no call for this")]
    fn ask(&self, event: u32) -> Owned<HANDLE> {
        // SAFETY: the system's library is never unloaded.
        let library = unsafe { GetModuleHandleW(w!("kernelbase.dll")) }.unwrap();
        // SAFETY: the library is loaded.
        let routine = unsafe { GetProcAddress(library, s!("CtrlRoutine")) };
        assert!(routine.is_some());
        // SAFETY: both are pointers to functions, or none; the routine takes the number of an event as its argument.
        let routine: LPTHREAD_START_ROUTINE = unsafe { std::mem::transmute(routine) };
        let process = HANDLE(self.child.as_raw_handle());
        let event = std::ptr::without_provenance(event as usize);
        // SAFETY: the process is open, and the routine is the system's own.
        let thread = unsafe { CreateRemoteThread(process, None, 0, routine, Some(event), 0, None) }.unwrap();
        // SAFETY: the handle was just made, and nobody else has it.
        unsafe { Owned::new(thread) }
    }

    /// Ends it in the midst of what it does, and gives all lines that it told.
    pub(crate) fn kill(mut self) -> Vec<Value> {
        // It fails where it has ended by itself.
        drop(self.child.kill());
        self.rest()
    }

    /// All lines, once its output has ended.
    fn rest(&mut self) -> Vec<Value> {
        let mut told = std::mem::take(&mut self.told);
        // Only the last line of one that was killed may be cut off.
        told.extend(self.lines.iter().filter_map(|line| serde_json::from_str(&line).ok()));
        told
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
