//! How a log is kept: whether it is on, how large it may become, and what happens then.

#![expect(unsafe_code, reason = "the system is called")]

use windows::Win32::Foundation::ERROR_INVALID_DATATYPE;
use windows::Win32::System::EventLog::{
    EVT_CHANNEL_CONFIG_PROPERTY_ID, EVT_HANDLE, EVT_VARIANT, EVT_VARIANT_TYPE, EvtChannelConfigEnabled,
    EvtChannelLoggingConfigMaxSize, EvtChannelLoggingConfigRetention, EvtClose, EvtGetChannelConfigProperty,
    EvtOpenChannelConfig, EvtVarTypeBoolean, EvtVarTypeUInt64,
};
use windows::core::{Error, HSTRING, Result};

use crate::scm::interest::Log;

/// How a log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    /// Whether anything is logged.
    pub(super) enabled: bool,
    /// How large it may become, in bytes.
    pub(super) most_bytes: u64,
    /// Whether a full log takes no more, rather than to overwrite the oldest.
    pub(super) keeps_oldest: bool,
}

struct Config(EVT_HANDLE);

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody else has it.
        let _closed = unsafe { EvtClose(self.0) };
    }
}

/// Looks how a log is kept.
pub(super) fn look(log: Log) -> Result<Channel> {
    // SAFETY: the name ends with a NUL, and this host is asked.
    let config = unsafe { EvtOpenChannelConfig(None, &HSTRING::from(log.channel()), 0) }?;
    if config.0 == 0 {
        return Err(Error::empty());
    }
    let config = Config(config);
    Ok(Channel {
        enabled: number(&config, EvtChannelConfigEnabled)? != 0,
        most_bytes: number(&config, EvtChannelLoggingConfigMaxSize)?,
        keeps_oldest: number(&config, EvtChannelLoggingConfigRetention)? != 0,
    })
}

/// A property that is a number or a truth.
fn number(config: &Config, property: EVT_CHANNEL_CONFIG_PROPERTY_ID) -> Result<u64> {
    let mut value = EVT_VARIANT::default();
    let mut used = 0;
    let size = u32::try_from(size_of::<EVT_VARIANT>()).unwrap_or(0);
    // SAFETY: the configuration is open, and the value is as large as this.
    unsafe { EvtGetChannelConfigProperty(config.0, property, 0, size, Some(&raw mut value), &raw mut used) }?;
    let is = |kind: EVT_VARIANT_TYPE| i32::try_from(value.Type) == Ok(kind.0);
    if is(EvtVarTypeBoolean) {
        // SAFETY: the value has this type; the rest of the union may hold anything.
        Ok(u64::from(unsafe { value.Anonymous.BooleanVal }.as_bool()))
    } else if is(EvtVarTypeUInt64) {
        // SAFETY: the value has this type.
        Ok(unsafe { value.Anonymous.UInt64Val })
    } else {
        Err(ERROR_INVALID_DATATYPE.into())
    }
}
