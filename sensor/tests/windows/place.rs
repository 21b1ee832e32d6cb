//! Where the tests run, and what that allows.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

/// Whether this is Wine and not Windows.
pub(crate) fn is_wine() -> bool {
    let windows = std::env::var_os("SystemRoot").map(PathBuf::from).unwrap_or_default();
    windows.join(r"System32\winecfg.exe").exists()
}

/// Whether this process may create services.
pub(crate) fn is_elevated() -> bool {
    let access = ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE;
    ServiceManager::local_computer(None::<&OsStr>, access).is_ok()
}

/// Says that a test did not run, and why, so that it is counted as skipped.
pub(crate) fn skip(why: &str) {
    println!("skipped: {why}");
}

/// Keeps tests apart that change services: each sees only what it does itself.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}
