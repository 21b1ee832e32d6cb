//! The configuration.

use std::io::Write as _;

use svcsensor::config;
use svcsensor::model::Timestamp;

/// The text of a configuration file.
pub fn configuration(data: &[u8]) {
    let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
    if file.write_all(data).is_err() {
        return;
    }
    match config::check(file.path(), &["short-lived-service"], Timestamp(0)) {
        Ok(report) => assert!(report.to_string().contains("valid"), "a valid configuration is not called so"),
        Err(error) => assert!(!error.to_string().is_empty(), "a mistake has no reason"),
    }
}
