//! The console that the program runs in: whether it shows colours, and when it asks the program to end: by Ctrl-C or
//! Ctrl-Break, or since the window is closed, the user logs off or the system shuts down (Microsoft, "`HandlerRoutine`
//! callback function").

#![expect(unsafe_code, reason = "the system calls back")]

use std::sync::OnceLock;
use std::thread;

use std::os::windows::io::{AsHandle, AsRawHandle as _};

use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::Console::{
    CONSOLE_MODE, CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT,
    ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode, SetConsoleCtrlHandler, SetConsoleMode,
};
use windows::core::{BOOL, Result};

/// Who is told why the program is to end.
type Listener = Box<dyn Fn(&'static str) + Send + Sync>;

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// Calls `listener` with the reason whenever the console asks the program to end; of several listeners the first. Whoever
/// ends the program has five seconds for it once its window is closed.
///
/// # Errors
/// When the system refuses.
pub fn listen(listener: impl Fn(&'static str) + Send + Sync + 'static) -> Result<()> {
    LISTENER.get_or_init(|| Box::new(listener));
    // SAFETY: the routine is there as long as the program, and does what the system asks of one.
    unsafe { SetConsoleCtrlHandler(Some(asked), true) }
}

/// Has a console show colours, and not the sequences that stand for them; whether it does. What is no console does not.
pub fn show_colors(console: &impl AsHandle) -> bool {
    let handle = HANDLE(console.as_handle().as_raw_handle());
    let mut mode = CONSOLE_MODE::default();
    // SAFETY: the handle is borrowed, and the mode outlives the call.
    if unsafe { GetConsoleMode(handle, &raw mut mode) }.is_err() {
        return false;
    }
    // SAFETY: the handle is borrowed.
    unsafe { SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) }.is_ok()
}

/// Called by the system, each time in a thread of its own.
unsafe extern "system" fn asked(event: u32) -> BOOL {
    let reason = match event {
        CTRL_C_EVENT | CTRL_BREAK_EVENT => "the console asked for it",
        CTRL_CLOSE_EVENT => "the console was closed",
        CTRL_LOGOFF_EVENT => "the user logs off",
        _ => "the system shuts down",
    };
    if let Some(listener) = LISTENER.get() {
        listener(reason);
    }
    if matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) {
        return true.into();
    }
    // The others are orders: as soon as this returns the system ends the program, whatever it still has to do.
    loop {
        thread::park();
    }
}
