//! What systemd refuses of a unit as a whole, though it takes each setting.

use super::EffectiveUnit;
use crate::systemd::name::UnitType;

/// Why systemd would refuse a unit as a whole, though it takes each setting; `None` when it does not
/// (`service_verify` and its like).
pub(super) fn refused(unit: &EffectiveUnit) -> Option<&'static str> {
    let has = |section: &str, names: &dyn Fn(&str) -> bool| {
        unit.settings.iter().any(|setting| setting.section == section && names(&setting.name))
    };
    match unit.name.unit_type() {
        UnitType::Service => refused_service(unit),
        UnitType::Socket if !has("Socket", &|name| name.starts_with("Listen")) => {
            Some("the socket has no Listen setting")
        }
        UnitType::Timer if !has("Timer", &|name| name.starts_with("On")) => {
            Some("the timer has no time to elapse")
        }
        UnitType::Path if !has("Path", &|name| name.starts_with("Path") || name == "DirectoryNotEmpty") => {
            Some("the path unit has no path to watch")
        }
        _ => None,
    }
}

/// The same for services.
fn refused_service(unit: &EffectiveUnit) -> Option<&'static str> {
    let count = |setting: &str| unit.commands.iter().filter(|command| command.setting == setting).count();
    let (start, stop) = (count("ExecStart"), count("ExecStop"));
    let action = unit.value("Unit", "SuccessAction").is_some_and(|action| action != "none");
    let default_type = if unit.value("Service", "BusName").is_some() { "dbus" } else { "simple" };
    let service_type =
        unit.value("Service", "Type").unwrap_or(if start == 0 { "oneshot" } else { default_type });
    let remains = unit.value("Service", "RemainAfterExit").is_some_and(is_yes);
    if start == 0 && stop == 0 && !action {
        Some("the service has neither ExecStart= nor ExecStop= nor SuccessAction=")
    } else if service_type != "oneshot" && start == 0 {
        Some("the service has no ExecStart=, which only Type=oneshot may lack")
    } else if start == 0 && !remains && !action {
        Some("the service has no ExecStart= and no RemainAfterExit=yes")
    } else if service_type != "oneshot" && start > 1 {
        Some("the service has more than one ExecStart=, which only Type=oneshot may have")
    } else {
        None
    }
}

/// Whether a boolean setting's value means yes.
pub(super) fn is_yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "yes" | "y" | "true" | "t" | "on")
}
