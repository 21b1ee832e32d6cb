//! The layouts of the events that are taken from live sessions, as the providers' manifests give them.

/// Microsoft-Windows-Kernel-Registry.
pub const KERNEL_REGISTRY: &str = "70eb4f03-c1de-4f73-a051-33d13d5413bd";
/// Microsoft-Windows-Kernel-Process.
pub const KERNEL_PROCESS: &str = "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716";
/// Microsoft-Windows-Services.
pub const SERVICES: &str = "0063715b-eeda-4007-9429-ad526f62696e";
/// Microsoft-Windows-RPC.
pub const RPC: &str = "6ad52b32-d609-4be9-ae07-ce8dae937e39";

/// The type of a field (`win:…` in manifests).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As large as the session's pointers.
    Pointer,
    U16,
    U32,
    U64,
    FileTime,
    Guid,
    /// UTF-16 up to a NUL, or to the end.
    Text,
    /// A security id.
    Sid,
    /// As many bytes as the field before says.
    Binary,
}

/// A field's name and type.
pub(super) type Field = (&'static str, Kind);

use Kind::{Binary, FileTime, Guid, Pointer, Sid, Text, U16, U32, U64};

const OPEN_KEY: &[Field] = &[
    ("BaseObject", Pointer),
    ("KeyObject", Pointer),
    ("Status", U32),
    ("Disposition", U32),
    ("BaseName", Text),
    ("RelativeName", Text),
];
const KEY: &[Field] = &[("KeyObject", Pointer), ("Status", U32), ("KeyName", Text)];
const SET_VALUE: &[Field] = &[
    ("KeyObject", Pointer),
    ("Status", U32),
    ("Type", U32),
    ("DataSize", U32),
    ("KeyName", Text),
    ("ValueName", Text),
    ("CapturedDataSize", U16),
    ("CapturedData", Binary),
    ("PreviousDataType", U32),
    ("PreviousDataSize", U32),
    ("PreviousDataCapturedSize", U16),
    ("PreviousData", Binary),
];
const DELETE_VALUE: &[Field] =
    &[("KeyObject", Pointer), ("Status", U32), ("KeyName", Text), ("ValueName", Text)];

const PROCESS_V0: &[Field] = &[
    ("ProcessID", U32),
    ("CreateTime", FileTime),
    ("ParentProcessID", U32),
    ("SessionID", U32),
    ("ImageName", Text),
];
const PROCESS_V1: &[Field] = &[
    ("ProcessID", U32),
    ("CreateTime", FileTime),
    ("ParentProcessID", U32),
    ("SessionID", U32),
    ("Flags", U32),
    ("ImageName", Text),
];
const PROCESS_V3: &[Field] = &[
    ("ProcessID", U32),
    ("ProcessSequenceNumber", U64),
    ("CreateTime", FileTime),
    ("ParentProcessID", U32),
    ("ParentProcessSequenceNumber", U64),
    ("SessionID", U32),
    ("Flags", U32),
    ("ProcessTokenElevationType", U32),
    ("ProcessTokenIsElevated", U32),
    ("MandatoryLabel", Sid),
    ("ImageName", Text),
];

const STATUS_CHANGE: &[Field] = &[
    ("ExecutionPhase", U32),
    ("CurrentState", U32),
    ("StartType", U32),
    ("PID", U32),
    ("ServiceName", Text),
    ("ImageName", Text),
];
// The SCM's events from 200 on are known by their lists of fields only, from builds that have them; no captured payload of
// them was at hand.

const SEND_CONTROL: &[Field] = &[
    ("ServiceName", Text),
    ("DisplayName", Text),
    ("ControlCode", U32),
    ("ClientProcessStartKey", U64),
    ("ClientProcessId", U32),
    ("ParentProcessId", U32),
];

const START_TYPE_CHANGE: &[Field] = &[
    ("ServiceName", Text),
    ("NewStartType", U32),
    ("ClientProcessStartKey", U64),
    ("ClientProcessId", U32),
    ("ParentProcessId", U32),
];

const CONFIGURATION_CHANGE: &[Field] = &[
    ("ServiceName", Text),
    ("NewValueName", Text),
    ("ClientProcessStartKey", U64),
    ("ClientProcessId", U32),
    ("ParentProcessId", U32),
];

const START: &[Field] = &[
    ("ServiceName", Text),
    ("ServiceHostName", Text),
    ("ClientProcessStartKey", U64),
    ("ClientProcessId", U32),
    ("ParentProcessId", U32),
];

/// A truth of a manifest is as long as the `BOOL` of Windows: four bytes (`TDH_INTYPE_BOOLEAN`).
const START_DETAILED: &[Field] = &[
    ("ServiceName", Text),
    ("LoadOrderGroup", Text),
    ("SvchostGroup", Text),
    ("IsCritical", U32),
    ("IsUserService", U32),
    ("IsOwnProcess", U32),
    ("ClientProcessStartKey", U64),
    ("ClientProcessId", U32),
    ("ParentProcessId", U32),
];

const CALL: &[Field] = &[
    ("InterfaceUuid", Guid),
    ("ProcNum", U32),
    ("Protocol", U32),
    ("NetworkAddress", Text),
    ("Endpoint", Text),
    ("Options", Text),
    ("AuthenticationLevel", U32),
    ("AuthenticationService", U32),
    ("ImpersonationLevel", U32),
];

/// The provider's name and the fields of an event.
pub(super) fn find(provider: &str, id: u16, version: u8) -> Option<(&'static str, &'static [Field])> {
    match (provider, id, version) {
        (KERNEL_REGISTRY, 1 | 2, _) => Some(("Microsoft-Windows-Kernel-Registry", OPEN_KEY)),
        (KERNEL_REGISTRY, 3 | 13 | 15, _) => Some(("Microsoft-Windows-Kernel-Registry", KEY)),
        (KERNEL_REGISTRY, 5, _) => Some(("Microsoft-Windows-Kernel-Registry", SET_VALUE)),
        (KERNEL_REGISTRY, 6, _) => Some(("Microsoft-Windows-Kernel-Registry", DELETE_VALUE)),
        (KERNEL_PROCESS, 1, 0) => Some(("Microsoft-Windows-Kernel-Process", PROCESS_V0)),
        (KERNEL_PROCESS, 1, 1 | 2) => Some(("Microsoft-Windows-Kernel-Process", PROCESS_V1)),
        // Version 4 adds a field at the end.
        (KERNEL_PROCESS, 1, 3..) => Some(("Microsoft-Windows-Kernel-Process", PROCESS_V3)),
        (SERVICES, 105, _) => Some(("Microsoft-Windows-Services", STATUS_CHANGE)),
        (SERVICES, 200, _) => Some(("Microsoft-Windows-Services", SEND_CONTROL)),
        (SERVICES, 201, _) => Some(("Microsoft-Windows-Services", START_TYPE_CHANGE)),
        (SERVICES, 202 | 203, _) => Some(("Microsoft-Windows-Services", CONFIGURATION_CHANGE)),
        (SERVICES, 204, _) => Some(("Microsoft-Windows-Services", START)),
        (SERVICES, 205, _) => Some(("Microsoft-Windows-Services", START_DETAILED)),
        (RPC, 5 | 6, _) => Some(("Microsoft-Windows-RPC", CALL)),
        _ => None,
    }
}
