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

/// What is missing to change services here.
pub(crate) fn missing_rights() -> Option<&'static str> {
    let access = ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE;
    let may = ServiceManager::local_computer(None::<&OsStr>, access).is_ok();
    (!may).then_some("this process may not create services")
}

/// Where a file lies that only `cargo xtask windows-test` makes, if it was made.
pub(crate) fn stand_in(name: &str) -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("SVCSENSOR_STAND_INS")?).join(name))
}

/// Lets a test run apart from the others, since each sees only what it does itself. Where something is `missing`, it is to
/// end: that it did not run is said, with the reason, so that it is counted as skipped.
pub(crate) fn alone_unless(missing: Option<&str>) -> Option<MutexGuard<'static, ()>> {
    static ONE: Mutex<()> = Mutex::new(());
    if let Some(why) = missing {
        println!("skipped: {why}");
        return None;
    }
    Some(ONE.lock().unwrap_or_else(PoisonError::into_inner))
}
