//! Operations of the SCM's remote protocol (MS-SCMR, interface 367abb81-9844-35f1-ad32-98f038001003, version 2.0).

/// The interface's id.
pub const INTERFACE: &str = "367abb81-9844-35f1-ad32-98f038001003";

/// The same as it is stored: the first three groups low byte first.
pub const INTERFACE_BYTES: [u8; 16] =
    [0x81, 0xbb, 0x7a, 0x36, 0x44, 0x98, 0xf1, 0x35, 0xad, 0x32, 0x98, 0xf0, 0x38, 0x00, 0x10, 0x03];

/// What an operation does to services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It creates one.
    Create,
    /// It changes the configuration of one.
    Change,
    /// It changes who may do what with one.
    ChangeSecurity,
    /// It deletes one.
    Delete,
    /// It starts one.
    Start,
    /// It sends one a control.
    Control,
    /// It only looks, opens or closes.
    Look,
    /// It locks or unlocks the whole database.
    Lock,
    /// It is for services themselves.
    Own,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The method's name.
    pub name: &'static str,
    /// What it does.
    pub effect: Effect,
}

/// The operation of number `opnum`; `None` for numbers that are not used on the wire (MS-SCMR 3.1.4).
pub fn operation(opnum: u32) -> Option<Operation> {
    use Effect::{Change, ChangeSecurity, Control, Create, Delete, Lock, Look, Own, Start};
    let (name, effect) = match opnum {
        0 => ("RCloseServiceHandle", Look),
        1 => ("RControlService", Control),
        2 => ("RDeleteService", Delete),
        3 => ("RLockServiceDatabase", Lock),
        4 => ("RQueryServiceObjectSecurity", Look),
        5 => ("RSetServiceObjectSecurity", ChangeSecurity),
        6 => ("RQueryServiceStatus", Look),
        7 => ("RSetServiceStatus", Own),
        8 => ("RUnlockServiceDatabase", Lock),
        9 => ("RNotifyBootConfigStatus", Own),
        11 => ("RChangeServiceConfigW", Change),
        12 => ("RCreateServiceW", Create),
        13 => ("REnumDependentServicesW", Look),
        14 => ("REnumServicesStatusW", Look),
        15 => ("ROpenSCManagerW", Look),
        16 => ("ROpenServiceW", Look),
        17 => ("RQueryServiceConfigW", Look),
        18 => ("RQueryServiceLockStatusW", Look),
        19 => ("RStartServiceW", Start),
        20 => ("RGetServiceDisplayNameW", Look),
        21 => ("RGetServiceKeyNameW", Look),
        23 => ("RChangeServiceConfigA", Change),
        24 => ("RCreateServiceA", Create),
        25 => ("REnumDependentServicesA", Look),
        26 => ("REnumServicesStatusA", Look),
        27 => ("ROpenSCManagerA", Look),
        28 => ("ROpenServiceA", Look),
        29 => ("RQueryServiceConfigA", Look),
        30 => ("RQueryServiceLockStatusA", Look),
        31 => ("RStartServiceA", Start),
        32 => ("RGetServiceDisplayNameA", Look),
        33 => ("RGetServiceKeyNameA", Look),
        35 => ("REnumServiceGroupW", Look),
        36 => ("RChangeServiceConfig2A", Change),
        37 => ("RChangeServiceConfig2W", Change),
        38 => ("RQueryServiceConfig2A", Look),
        39 => ("RQueryServiceConfig2W", Look),
        40 => ("RQueryServiceStatusEx", Look),
        41 => ("REnumServicesStatusExA", Look),
        42 => ("REnumServicesStatusExW", Look),
        44 => ("RCreateServiceWOW64A", Create),
        45 => ("RCreateServiceWOW64W", Create),
        47 => ("RNotifyServiceStatusChange", Look),
        48 => ("RGetNotifyResults", Look),
        49 => ("RCloseNotifyHandle", Look),
        50 => ("RControlServiceExA", Control),
        51 => ("RControlServiceExW", Control),
        56 => ("RQueryServiceConfigEx", Look),
        60 => ("RCreateWowService", Create),
        64 => ("ROpenSCManager2", Look),
        _ => return None,
    };
    Some(Operation { name, effect })
}

/// Over which transport an RPC call came (`Protocol` of Microsoft-Windows-RPC events 5 and 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// A named pipe.
    NamedPipe,
    /// On the host itself.
    Local,
    /// HTTP.
    Http,
    /// Another one.
    Other(u32),
}

impl Transport {
    /// From its number.
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Tcp,
            2 => Self::NamedPipe,
            3 => Self::Local,
            4 => Self::Http,
            other => Self::Other(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operations_that_write_are_all_there() {
        let writes: Vec<u32> = (0..=70)
            .filter(|opnum| {
                operation(*opnum).is_some_and(|operation| {
                    !matches!(operation.effect, Effect::Look | Effect::Lock | Effect::Own)
                })
            })
            .collect();
        assert_eq!(writes, [1, 2, 5, 11, 12, 19, 23, 24, 31, 36, 37, 44, 45, 50, 51, 60]);
        for unused in [10, 22, 34, 43, 46, 52, 53, 54, 55, 57, 58, 59, 61, 62, 63, 65] {
            assert_eq!(operation(unused), None, "{unused}");
        }
    }
}
