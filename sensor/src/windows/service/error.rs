//! What can go wrong with the service, in words of what to do about it.

use std::io;
use std::time::Duration;

/// Why the service could not be installed, removed or controlled.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It takes an administrator.
    #[error("{what}: access is denied; run it from a prompt that runs as administrator")]
    NotElevated {
        /// What was tried.
        what: &'static str,
    },
    /// It is there.
    #[error("the service is already installed; `svcsensor service uninstall` removes it")]
    Installed,
    /// It is not there.
    #[error("the service is not installed; `svcsensor service install` installs it")]
    NotInstalled,
    /// It was removed, and something still holds it open.
    #[error(
        "the service goes once the last program that holds it open is closed, such as the console of services"
    )]
    Leaving,
    /// It runs.
    #[error("the service already runs")]
    Running,
    /// It does not run.
    #[error("the service does not run")]
    NotRunning,
    /// It ended while it was to start.
    #[error("the service stopped instead of starting ({exit}); the Application log says why")]
    Ended {
        /// Its exit code.
        exit: String,
    },
    /// It neither failed nor came to an end.
    #[error("the service did not {what} within {} s", patience.as_secs())]
    Slow {
        /// What it was to do.
        what: &'static str,
        /// How long it was waited for.
        patience: Duration,
    },
    /// The system refused otherwise.
    #[error("{what}")]
    Failed {
        /// What was tried.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

// Winerror.h.
const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_SERVICE_ALREADY_RUNNING: i32 = 1056;
const ERROR_SERVICE_DOES_NOT_EXIST: i32 = 1060;
const ERROR_SERVICE_NOT_ACTIVE: i32 = 1062;
const ERROR_SERVICE_MARKED_FOR_DELETE: i32 = 1072;
const ERROR_SERVICE_EXISTS: i32 = 1073;

impl ServiceError {
    /// What an error of the system means for one who tried `what`.
    pub(super) fn of_system(what: &'static str, source: io::Error) -> Self {
        match source.raw_os_error().map(win32) {
            Some(ERROR_ACCESS_DENIED) => Self::NotElevated { what },
            Some(ERROR_SERVICE_ALREADY_RUNNING) => Self::Running,
            Some(ERROR_SERVICE_DOES_NOT_EXIST) => Self::NotInstalled,
            Some(ERROR_SERVICE_NOT_ACTIVE) => Self::NotRunning,
            Some(ERROR_SERVICE_MARKED_FOR_DELETE) => Self::Leaving,
            Some(ERROR_SERVICE_EXISTS) => Self::Installed,
            _ => Self::Failed { what, source },
        }
    }

    /// As [`Self::of_system`], of the library's own errors.
    pub(super) fn of_library(what: &'static str, error: windows_service::Error) -> Self {
        match error {
            windows_service::Error::Winapi(source) => Self::of_system(what, source),
            other => Self::Failed { what, source: io::Error::other(other) },
        }
    }
}

/// An error of the system within an HRESULT, which its COM-like calls give (`HRESULT_FROM_WIN32`).
fn win32(code: i32) -> i32 {
    const FACILITY_WIN32: i32 = 0x8007_0000_u32.cast_signed();
    if code & !0xffff == FACILITY_WIN32 { code & 0xffff } else { code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_to_do() {
        for (code, expected) in [
            (5, "installing: access is denied; run it from a prompt that runs as administrator"),
            (1060, "the service is not installed; `svcsensor service install` installs it"),
            (1073, "the service is already installed; `svcsensor service uninstall` removes it"),
            (
                0x8007_0005_u32.cast_signed(),
                "installing: access is denied; run it from a prompt that runs as administrator",
            ),
            (87, "installing"),
        ] {
            let error = ServiceError::of_system("installing", io::Error::from_raw_os_error(code));
            assert_eq!(error.to_string(), expected);
        }
    }
}
