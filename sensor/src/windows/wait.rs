//! Waits of the thread pool: any number of events, told by number, with threads that the system shares out.
//!
//! `WaitForMultipleObjects` takes 64 handles; a host has a thousand keys to wait for.

#![expect(unsafe_code, reason = "the system calls back")]

use std::ffi::c_void;
use std::sync::mpsc::Sender;

use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::Threading::{
    CloseThreadpoolWait, CreateThreadpoolWait, PTP_CALLBACK_INSTANCE, PTP_WAIT, SetThreadpoolWait,
    WaitForThreadpoolWaitCallbacks,
};
use windows::core::Result;

use super::event::{Event, Reset};

/// Tells its number whenever its event is set after it was armed.
#[derive(Debug)]
pub(super) struct Wait {
    event: Event,
    pool: PTP_WAIT,
    /// Owned; the system holds the same address until the wait is closed.
    told: *mut Told,
}

/// What the system calls back with.
#[derive(Debug)]
struct Told {
    number: u64,
    to: Sender<u64>,
}

// SAFETY: the wait's functions may be called from any thread, and `told` is only touched by the callback, through a
// shared reference (a `Sender` may be), and by `drop`, when no callback runs any more.
unsafe impl Send for Wait {}

impl Wait {
    /// A wait that is not armed yet. Each time that it is armed, at most one `number` is sent.
    pub(super) fn new(number: u64, to: Sender<u64>) -> Result<Self> {
        let event = Event::new(Reset::Auto)?;
        let told = Box::into_raw(Box::new(Told { number, to }));
        // SAFETY: `told` stays valid until `drop` has waited for all callbacks.
        match unsafe { CreateThreadpoolWait(Some(tell), Some(told.cast()), None) } {
            Ok(pool) => Ok(Self { event, pool, told }),
            Err(error) => {
                // SAFETY: it comes from a box, and no wait holds it.
                drop(unsafe { Box::from_raw(told) });
                Err(error)
            }
        }
    }

    /// The event that it waits for.
    pub(super) fn event(&self) -> HANDLE {
        self.event.handle()
    }

    /// Waits for the event once.
    pub(super) fn arm(&self) {
        // SAFETY: the wait is open, and so is the event.
        unsafe { SetThreadpoolWait(self.pool, Some(self.event.handle()), None) };
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        // SAFETY: the wait is open; without a handle it waits no longer.
        unsafe { SetThreadpoolWait(self.pool, None, None) };
        // SAFETY: the wait is open; after this no callback runs or will run.
        unsafe { WaitForThreadpoolWaitCallbacks(self.pool, true) };
        // SAFETY: the wait is open, and not used after this.
        unsafe { CloseThreadpoolWait(self.pool) };
        // SAFETY: it comes from a box, and nothing holds it any more.
        drop(unsafe { Box::from_raw(self.told) });
    }
}

/// Called by a thread of the pool.
unsafe extern "system" fn tell(
    _instance: PTP_CALLBACK_INSTANCE,
    context: *mut c_void,
    _wait: PTP_WAIT,
    _result: u32,
) {
    // SAFETY: the context is that of `Wait::new`, which lives until no callback runs any more.
    if let Some(told) = unsafe { context.cast::<Told>().as_ref() } {
        // Nobody listens any more when the run ends.
        let _gone = told.to.send(told.number);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_armed_wait_tells_once_and_can_be_dropped_at_any_time() {
        let (to, told) = channel();
        let waits: Vec<Wait> = (0..200).map(|number| Wait::new(number, to.clone()).unwrap()).collect();
        for wait in &waits {
            wait.arm();
        }
        waits[150].event.set();
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(150));
        waits[150].arm();
        waits[150].event.set();
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(150));
        waits[7].event.set();
        drop(waits);
        drop(to);
        // Whether the seventh still told or not, nothing is left that could tell.
        assert!(told.iter().all(|number| number == 7));
    }
}
