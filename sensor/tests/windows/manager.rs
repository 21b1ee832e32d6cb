//! Services that tests make and change, by the Service Control Manager and behind its back.

use std::ffi::{OsStr, OsString};

use windows::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_ALL_ACCESS, REG_OPTION_NON_VOLATILE, RegCreateKeyExW, RegDeleteTreeW,
};
use windows::Win32::System::Services::{
    ControlService, SC_HANDLE, SERVICE_CONTROL_PARAMCHANGE, SERVICE_STATUS,
};
use windows::core::HSTRING;
use windows_registry::{Key, LOCAL_MACHINE};
use windows_service::service::{
    Service, ServiceAccess, ServiceErrorControl, ServiceInfo, ServiceStartType, ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

const SERVICES: &str = r"SYSTEM\CurrentControlSet\Services";

/// A service that is gone when this value is.
pub(crate) struct Made {
    name: String,
    _removal: Removal,
}

/// Removes a service, whoever makes it, when this value goes.
pub(crate) struct Removal(String);

impl Removal {
    /// Removes it now, as an earlier run may have left it, and in the end.
    pub(crate) fn of(name: &str) -> Self {
        remove(name);
        Self(name.to_owned())
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

impl Made {
    /// Makes a service by `CreateServiceW`.
    pub(crate) fn by_manager(name: &str, program: &str) -> Self {
        let removal = Removal::of(name);
        manager(ServiceManagerAccess::CREATE_SERVICE)
            .create_service(&info(name, program, ServiceStartType::OnDemand), ServiceAccess::QUERY_STATUS)
            .unwrap();
        Self { name: name.to_owned(), _removal: removal }
    }

    /// Makes a service by writing its key.
    pub(crate) fn by_registry(name: &str, program: &str) -> Self {
        let made = Self { name: name.to_owned(), _removal: Removal::of(name) };
        write(&made.key(), program);
        made
    }

    /// Changes its program and its start by `ChangeServiceConfigW`.
    pub(crate) fn change(&self, program: &str, start: ServiceStartType) {
        self.open(ServiceAccess::CHANGE_CONFIG).change_config(&info(&self.name, program, start)).unwrap();
    }

    /// Deletes it by `DeleteService`.
    pub(crate) fn delete(&self) {
        self.open(ServiceAccess::DELETE).delete().unwrap();
    }

    /// Its key in the registry, which is made where it is missing.
    pub(crate) fn key(&self) -> Key {
        LOCAL_MACHINE.create(format!(r"{SERVICES}\{}", self.name)).unwrap()
    }

    fn open(&self, access: ServiceAccess) -> Service {
        manager(ServiceManagerAccess::CONNECT).open_service(&self.name, access).unwrap()
    }
}

/// A service's key whose name is no Unicode: half of a pair of surrogates follows what can be read of it. It is gone when this
/// value is.
pub(crate) struct HalfNamed {
    path: HSTRING,
    key: Key,
}

#[expect(unsafe_code, reason = "the library takes no such names")]
impl HalfNamed {
    /// Makes such a service by writing its key.
    pub(crate) fn by_registry(readable: &str, program: &str) -> Self {
        let path: Vec<u16> = format!(r"{SERVICES}\{readable}").encode_utf16().chain([0xd83d]).collect();
        let path = HSTRING::from_wide(&path);
        let mut key = HKEY::default();
        // SAFETY: the path ends with a NUL, and `key` takes the handle.
        unsafe {
            RegCreateKeyExW(
                HKEY_LOCAL_MACHINE,
                &path,
                None,
                None,
                REG_OPTION_NON_VOLATILE,
                KEY_ALL_ACCESS,
                None,
                &raw mut key,
                None,
            )
        }
        .ok()
        .unwrap();
        // SAFETY: the handle is open, and nobody else has it.
        let made = Self { path, key: unsafe { Key::from_raw(key.0) } };
        write(&made.key, program);
        made
    }

    /// Its key in the registry.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }
}

impl Drop for HalfNamed {
    #[expect(unsafe_code, reason = "the library takes no such names")]
    fn drop(&mut self) {
        // SAFETY: the path ends with a NUL.
        let _removed = unsafe { RegDeleteTreeW(HKEY_LOCAL_MACHINE, &self.path) };
    }
}

/// Writes what makes a key a service.
fn write(key: &Key, program: &str) {
    key.set_u32("Type", 16).unwrap();
    key.set_u32("Start", 3).unwrap();
    key.set_u32("ErrorControl", 1).unwrap();
    key.set_expand_string("ImagePath", program).unwrap();
}

/// Sends a service the control by which `sc control NAME paramchange` tells it that its parameters have changed.
#[expect(unsafe_code, reason = "the library has no call for this control")]
pub(crate) fn tell_of_changed_parameters(name: &str) {
    let manager = manager(ServiceManagerAccess::CONNECT);
    let service = manager.open_service(name, ServiceAccess::PAUSE_CONTINUE).unwrap();
    let handle = SC_HANDLE(service.raw_handle());
    let mut status = SERVICE_STATUS::default();
    // SAFETY: the handle is open, and the status outlives the call.
    unsafe { ControlService(handle, SERVICE_CONTROL_PARAMCHANGE, &raw mut status) }.unwrap();
}

/// Has the manager start a service, and does not wait until it runs.
pub(crate) fn start_and_leave(name: &str) {
    let service = manager(ServiceManagerAccess::CONNECT).open_service(name, ServiceAccess::START).unwrap();
    service.start(&[] as &[&OsStr]).unwrap();
}

/// Removes a service that may be there, from the manager and from the registry.
fn remove(name: &str) {
    if let Ok(service) = manager(ServiceManagerAccess::CONNECT).open_service(name, ServiceAccess::DELETE) {
        drop(service.delete());
    }
    let services = LOCAL_MACHINE.options().read().write().open(SERVICES).unwrap();
    // It is missing where the service was deleted as it should be.
    drop(services.remove_tree(name));
}

fn manager(access: ServiceManagerAccess) -> ServiceManager {
    ServiceManager::local_computer(None::<&OsStr>, access | ServiceManagerAccess::CONNECT).unwrap()
}

fn info(name: &str, program: &str, start_type: ServiceStartType) -> ServiceInfo {
    ServiceInfo {
        name: name.into(),
        display_name: OsString::from(format!("{name} for people")),
        service_type: ServiceType::OWN_PROCESS,
        start_type,
        error_control: ServiceErrorControl::Normal,
        executable_path: program.into(),
        launch_arguments: Vec::new(),
        dependencies: Vec::new(),
        account_name: None,
        account_password: None,
    }
}
