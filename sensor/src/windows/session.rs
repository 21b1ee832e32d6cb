//! The trace session: the kernel's registry and process providers, the SCM's and the RPC runtime's.
//!
//! ferrisetw starts it. What it leaves out is done here: a session that a killed run left behind is taken over, losses are
//! asked for, the end of the trace is waited for before its callbacks go, and a panic in one of them is a loss, not the end.

#![expect(unsafe_code, reason = "the system is called, and the bytes of its records are taken")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use ferrisetw::native::EvntraceNativeError;
use ferrisetw::provider::{EventFilter, Provider};
use ferrisetw::trace::{
    LoggingMode, TraceError, TraceProperties, TraceTrait as _, UserTrace, stop_trace_by_name,
};
use ferrisetw::{EventRecord, GUID};
use windows::Win32::Foundation::WIN32_ERROR;
use windows::Win32::System::Diagnostics::Etw::{
    CloseTrace, EVENT_HEADER_FLAG_32_BIT_HEADER, EVENT_RECORD, PROCESSTRACE_HANDLE,
};
use windows::core::{Error, HRESULT};

use super::processes::Account;
use super::sources::Input;
use super::trace_control::Lost;
use super::volumes::Volumes;
use super::{clock, fault, processes, trace_control};
use crate::model::Loss;
use crate::scm::svcctl;
use crate::windows_event::etw::{self, Header, KERNEL_PROCESS, KERNEL_REGISTRY, RPC, SERVICES};
use crate::windows_event::{Field, Value, WindowsEvent};

/// The session's name in a run. It never changes, so that the next run finds what a killed one left behind.
pub(super) const RUN: &str = "svcsensor";
/// Its name while it is only tried: that of a run is not to be ended by it.
pub(super) const TRIAL: &str = "svcsensor-doctor";
/// Kernel-Registry's keywords: `CreateKey` 0x1000, `SetValueKey` 0x100, `DeleteValueKey` 0x200, `DeleteKey` 0x4000,
/// `SetSecurityKey` 0x4. `OpenKey`, which would name every key, comes tens of thousands of times a second.
const REGISTRY_KEYWORDS: u64 = 0x5304;
/// Kernel-Process's keyword for processes, without threads and images.
const PROCESS_KEYWORDS: u64 = 0x10;
/// Size of a buffer in KiB, and how many there are: a burst of 8 MiB fits while the callback is held up.
const BUFFER_KIB: u32 = 64;
const FEWEST_BUFFERS: u32 = 32;
const MOST_BUFFERS: u32 = 128;
/// How long records stay in a buffer that isn't full.
const FLUSH: Duration = Duration::from_secs(1);

/// A provider, and what of it is taken.
struct Wanted {
    id: &'static str,
    keywords: u64,
    events: &'static [u16],
}

const REGISTRY: Wanted =
    Wanted { id: KERNEL_REGISTRY, keywords: REGISTRY_KEYWORDS, events: &[1, 3, 5, 6, 15] };

const WANTED: [Wanted; 4] = [
    REGISTRY,
    Wanted { id: KERNEL_PROCESS, keywords: PROCESS_KEYWORDS, events: &[1] },
    Wanted { id: SERVICES, keywords: 0, events: &[105, 200, 201, 202, 203, 204, 205] },
    Wanted { id: RPC, keywords: 0, events: &[5, 6] },
];

/// The running session.
pub(super) struct Session {
    name: &'static str,
    trace: UserTrace,
    /// The handle by which the session's records are taken.
    consumer: u64,
    thread: JoinHandle<()>,
    /// Where callbacks hand records over, as long as the session lives: they may outlive it.
    _to: Arc<SyncSender<Input>>,
    counts: Arc<Counts>,
    told: Told,
}

/// What callbacks count.
#[derive(Debug, Default)]
struct Counts {
    /// Records that nobody had room for.
    dropped: AtomicU64,
    /// Records that could not be read.
    undecodable: AtomicU64,
    /// Records on which a callback failed.
    panicked: AtomicU64,
}

/// Losses that were told already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told {
    system: Lost,
    dropped: u64,
    undecodable: u64,
    panicked: u64,
}

impl Session {
    /// Starts the session of this name, and takes over one that is left.
    ///
    /// # Errors
    /// When the system refuses it, and why.
    pub(super) fn start(name: &'static str, to: &SyncSender<Input>) -> Result<Self, String> {
        // Most often there is none; what else is wrong is told by the start.
        drop(stop_trace_by_name(name));
        let counts = Arc::new(Counts::default());
        let to = Arc::new(to.clone());
        let properties = TraceProperties {
            buffer_size: BUFFER_KIB,
            min_buffer: FEWEST_BUFFERS,
            max_buffer: MOST_BUFFERS,
            flush_timer: FLUSH,
            log_file_mode: LoggingMode::EVENT_TRACE_REAL_TIME_MODE,
        };
        let mut builder = UserTrace::new().named(name.to_owned()).set_trace_properties(properties);
        for wanted in WANTED {
            builder = builder.enable(provider(&wanted, Arc::downgrade(&to), Arc::clone(&counts)));
        }
        let (trace, handle) = builder.start().map_err(|error| {
            // It may have failed after the session was made.
            drop(stop_trace_by_name(name));
            words(error)
        })?;
        let captured = trace_control::capture_values(name, REGISTRY.id, REGISTRY.keywords, REGISTRY.events);
        if let Err(error) = captured {
            tracing::warn!("the trace tells no data of the registry's values: {}", fault::words(&error));
        }
        let consumer = handle.Value;
        let thread = std::thread::Builder::new().name("trace".to_owned()).spawn(move || {
            if let Err(error) = UserTrace::process_from_handle(handle) {
                tracing::error!("the trace ended: {}", words(error));
            }
        });
        match thread {
            Ok(thread) => Ok(Self { name, trace, consumer, thread, _to: to, counts, told: Told::default() }),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What was lost since the last call.
    pub(super) fn losses(&mut self) -> Vec<Loss> {
        let system = trace_control::lost(self.name).unwrap_or(self.told.system);
        let now = self.counts.now(system);
        differences(std::mem::replace(&mut self.told, now), now)
    }

    /// Whether it was ended by somebody else.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Ends the session, with all that its buffers hold, and gives what was lost to the end.
    pub(super) fn stop(mut self) -> Vec<Loss> {
        let mut losses = self.losses();
        // The system writes out the buffers and then ends the trace's thread. Closing the trace first, as dropping it does,
        // would throw away what the thread has not taken yet.
        let (has_ended, system) = match trace_control::stop(self.name) {
            Ok(lost) => (true, lost),
            Err(error) => {
                tracing::warn!("the trace can't be ended in order: {}", fault::words(&error));
                (self.has_ended(), self.told.system)
            }
        };
        if has_ended && self.thread.join().is_err() {
            tracing::error!("the trace ended by a fault of its own");
        }
        losses.extend(differences(self.told, self.counts.now(system)));
        if has_ended {
            leave(self.trace, self.consumer);
        } else {
            drop(self.trace);
        }
        losses
    }

    /// Leaves a session that somebody else has ended.
    pub(super) fn leave(self) {
        leave(self.trace, self.consumer);
    }
}

/// Closes what is left of a session that has ended. The session's handle may be that of another one by now, which the trace
/// would stop when it is dropped: it is given up instead, with its callbacks, which nobody calls any more.
fn leave(trace: UserTrace, consumer: u64) {
    std::mem::forget(trace);
    // SAFETY: the handle is open, and it is closed only here.
    let _closed = unsafe { CloseTrace(PROCESSTRACE_HANDLE { Value: consumer }) };
}

impl Counts {
    fn now(&self, system: Lost) -> Told {
        Told {
            system,
            dropped: self.dropped.load(Ordering::Relaxed),
            undecodable: self.undecodable.load(Ordering::Relaxed),
            panicked: self.panicked.load(Ordering::Relaxed),
        }
    }
}

/// What was lost between two looks.
fn differences(before: Told, now: Told) -> Vec<Loss> {
    let system = |now: u32, before: u32| u64::from(now.wrapping_sub(before));
    let own = |now: u64, before: u64| now.saturating_sub(before);
    let buffers = system(now.system.buffers, before.system.buffers);
    let told = |reason: &str, count| Loss {
        time: clock::now(),
        source: "trace session".to_owned(),
        reason: reason.to_owned(),
        count,
        consequence: "writers, clients and processes of changes may be unknown".to_owned(),
    };
    let mut losses: Vec<Loss> = [
        (system(now.system.events, before.system.events), "the system had no buffer left for records"),
        (own(now.dropped, before.dropped), "records came faster than they were worked on"),
        (own(now.undecodable, before.undecodable), "records have another layout than is known"),
        (own(now.panicked, before.panicked), "reading records failed by a fault of the sensor"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, reason)| told(reason, Some(count)))
    .collect();
    if buffers > 0 {
        // How many records they held is not told.
        losses.push(told(&format!("{buffers} buffers of records were not taken in time"), None));
    }
    losses
}

/// A provider whose records of the wanted events are read and handed over.
fn provider(wanted: &Wanted, to: Weak<SyncSender<Input>>, counts: Arc<Counts>) -> Provider {
    let id = wanted.id;
    let computer: Arc<str> = Arc::from("");
    let mut volumes = Volumes::default();
    Provider::by_guid(id)
        .any(wanted.keywords)
        .add_filter(EventFilter::ByEventIds(wanted.events.to_vec()))
        .add_callback(move |record, _| {
            // A panic that reached ferrisetw would end the process.
            let taken = catch_unwind(AssertUnwindSafe(|| take(id, record, &computer, &mut volumes)));
            match taken {
                Ok(Ok(None)) => {}
                Ok(Ok(Some(input))) => {
                    // The callback must not wait: the system's buffers would run full.
                    if to.upgrade().is_none_or(|to| to.try_send(input).is_err()) {
                        counts.dropped.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Ok(Err(error)) => {
                    tracing::debug!("{error}");
                    counts.undecodable.fetch_add(1, Ordering::Relaxed);
                }
                Err(_) => {
                    counts.panicked.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
        .build()
}

/// Reads a record; `None` when it tells of other things.
fn take(
    provider: &str,
    record: &EventRecord,
    computer: &Arc<str>,
    volumes: &mut Volumes,
) -> Result<Option<Input>, etw::EtwError> {
    let payload = payload(record);
    if provider == RPC && !etw::is_call_of(&svcctl::INTERFACE_BYTES, payload) {
        return Ok(None);
    }
    let is_32_bit = u32::from(record.event_flags()) & EVENT_HEADER_FLAG_32_BIT_HEADER != 0;
    let activity = record.activity_id();
    let activity_id = (activity != GUID::default()).then(|| format!("{activity:?}").to_ascii_lowercase());
    let header = Header {
        provider: provider.to_owned(),
        id: record.event_id(),
        version: record.version(),
        filetime: record.raw_timestamp().cast_unsigned(),
        process_id: record.process_id(),
        thread_id: record.thread_id(),
        activity_id,
        pointer_bytes: if is_32_bit { 4 } else { 8 },
        computer: Arc::clone(computer),
    };
    let mut event = etw::decode(&header, payload)?;
    // As the other sources write it: else what they tell of one process can't be put together.
    for field in event.fields.iter_mut().filter(|field| field.name == "ImageName") {
        if let Value::Text(path) = &mut field.value {
            *path = volumes.path(path);
        }
    }
    if provider == KERNEL_PROCESS {
        name_account(&mut event);
    }
    Ok(Some(Input::Event(Box::new(event))))
}

/// Adds to the start of a process as whom it runs, which the record leaves out, if it still does.
fn name_account(event: &mut WindowsEvent) {
    let (Some(pid), Some(created)) = (event.process("ProcessID"), event.integer("CreateTime")) else {
        return;
    };
    let Account { sid, logon_id } = processes::account_of(pid, created);
    let fields = [
        sid.map(|sid| (etw::USER_SID, Value::Text(sid))),
        logon_id.map(|id| (etw::LOGON_ID, Value::Unsigned(id))),
    ];
    event
        .fields
        .extend(fields.into_iter().flatten().map(|(name, value)| Field { name: name.to_owned(), value }));
}

/// The bytes of a record's payload, which ferrisetw only shows through schemas that it asks the system for.
fn payload(record: &EventRecord) -> &[u8] {
    let raw: *const EVENT_RECORD = std::ptr::from_ref(record).cast();
    // SAFETY: `EventRecord` is declared `#[repr(transparent)]` over the same structure of evntcons.h, of which every version
    // of the bindings has one layout; it lives as long as the reference.
    let raw = unsafe { &*raw };
    if raw.UserData.is_null() {
        return &[];
    }
    // SAFETY: the system gives the payload's start and its length, for as long as the callback runs.
    unsafe { std::slice::from_raw_parts(raw.UserData.cast(), usize::from(raw.UserDataLength)) }
}

fn words(error: TraceError) -> String {
    match error {
        TraceError::InvalidTraceName => "the session's name is refused".to_owned(),
        TraceError::EtwNativeError(EvntraceNativeError::InvalidHandle) => {
            "the system gave no session".to_owned()
        }
        TraceError::EtwNativeError(EvntraceNativeError::AlreadyExist) => {
            "another session of this name runs and can't be taken over".to_owned()
        }
        TraceError::EtwNativeError(EvntraceNativeError::IoError(error)) => {
            // Some of its calls give the error's number, others the `HRESULT` that wraps it.
            let code = error.raw_os_error().unwrap_or_default();
            let code = match u32::try_from(code) {
                Ok(number) => WIN32_ERROR(number).to_hresult(),
                Err(_) => HRESULT(code),
            };
            fault::words(&Error::from_hresult(code))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_once_each() {
        let before =
            Told { system: Lost { events: u32::MAX, buffers: 2 }, dropped: 3, undecodable: 0, panicked: 1 };
        let now = Told { system: Lost { events: 1, buffers: 4 }, dropped: 3, undecodable: 5, panicked: 1 };
        let told: Vec<_> =
            differences(before, now).into_iter().map(|loss| (loss.reason, loss.count)).collect();
        assert_eq!(
            told,
            [
                ("the system had no buffer left for records".to_owned(), Some(2)),
                ("records have another layout than is known".to_owned(), Some(5)),
                ("2 buffers of records were not taken in time".to_owned(), None),
            ]
        );
        assert_eq!(differences(now, now), []);
    }
}
