//! Registry paths of services.

/// A registry path below the key of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePath<'path> {
    /// The service's key name.
    pub service: &'path str,
    /// What follows below it: keys, and the value's name where the path has one.
    pub below: Vec<&'path str>,
    /// The control set's number, where the path names one of `ControlSet001` and so on.
    pub control_set: Option<u16>,
}

/// Roots of the machine's registry as kernel, Sysmon, `reg` and PowerShell write them.
const ROOTS: [&str; 8] = [
    r"\REGISTRY\MACHINE\",
    r"REGISTRY\MACHINE\",
    r"HKLM\",
    r"HKLM:\",
    r"HKEY_LOCAL_MACHINE\",
    r"Registry::HKEY_LOCAL_MACHINE\",
    r"Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE\",
    r"MACHINE\",
];

/// Reads a path below `…\SYSTEM\CurrentControlSet\Services` or a numbered control set; `None` for any other path.
pub fn parse(path: &str) -> Option<ServicePath<'_>> {
    let path = path.trim().trim_matches('"');
    let path = local(path);
    let path =
        ROOTS.iter().find_map(|root| strip(path, root)).or_else(|| path.strip_prefix('\\')).unwrap_or(path);
    let path = strip(path, r"SYSTEM\")?;
    let (set, path) = path.split_once('\\')?;
    let control_set = control_set(set)?;
    let path = strip(path, r"Services\")?;
    let mut parts = path.split('\\').filter(|part| !part.is_empty());
    let service = parts.next()?;
    Some(ServicePath { service, below: parts.collect(), control_set })
}

/// Without the name of another computer, `\\HOST\HKLM\…`, as `reg` writes it.
fn local(path: &str) -> &str {
    match path.strip_prefix(r"\\").and_then(|rest| rest.split_once('\\')) {
        Some((_, rest)) => rest,
        None => path,
    }
}

/// `None` for anything but a control set; `Some(None)` for the current one.
#[expect(clippy::option_option, reason = "no control set, the current one, or a numbered one")]
fn control_set(name: &str) -> Option<Option<u16>> {
    if name.eq_ignore_ascii_case("CurrentControlSet") {
        return Some(None);
    }
    let digits = strip(name, "ControlSet")?;
    digits.parse().ok().map(Some)
}

/// Strips `prefix` without regard to ASCII case.
fn strip<'text>(text: &'text str, prefix: &str) -> Option<&'text str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The template of a per-user service's instance: `CDPUserSvc` of `CDPUserSvc_1a2b3c`.
///
/// The SCM adds the session's LUID in hexadecimal (Microsoft, "Per-user services in Windows").
pub fn user_service_template(name: &str) -> Option<&str> {
    let (template, luid) = name.rsplit_once('_')?;
    let hexadecimal = luid.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    (!template.is_empty() && (4..=8).contains(&luid.len()) && hexadecimal).then_some(template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_the_root_is_read() {
        for path in [
            r"HKLM\System\CurrentControlSet\Services\Spooler\Start",
            r"\REGISTRY\MACHINE\SYSTEM\CurrentControlSet\Services\Spooler\Start",
            r"HKEY_LOCAL_MACHINE\system\currentcontrolset\services\Spooler\Start",
            r"HKLM:\SYSTEM\CurrentControlSet\Services\Spooler\Start",
            r"\\FILES\HKLM\SYSTEM\CurrentControlSet\Services\Spooler\Start",
            r"Registry::HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Spooler\Start",
            r#""HKLM\SYSTEM\CurrentControlSet\Services\Spooler\Start""#,
            r"SYSTEM\CurrentControlSet\Services\\Spooler\Start",
        ] {
            let parsed = parse(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((parsed.service, parsed.below.as_slice()), ("Spooler", &["Start"][..]), "{path}");
            assert_eq!(parsed.control_set, None);
        }
    }

    #[test]
    fn numbered_control_sets_are_told_and_other_keys_are_not_services() {
        let numbered = r"\REGISTRY\MACHINE\SYSTEM\ControlSet001\Services\EventLog";
        assert_eq!(parse(numbered).map(|path| (path.service, path.control_set)), Some(("EventLog", Some(1))));
        for path in [
            r"HKLM\System\CurrentControlSet\Control\NetworkSetup2\Services",
            r"HKLM\System\CurrentControlSet\Services",
            r"HKLM\System\CurrentControlSet\Services\",
            r"HKLM\SOFTWARE\Services\X\Start",
            r"HKU\S-1-5-18\System\CurrentControlSet\Services\X",
            r"HKLM\System\ControlSetX\Services\X",
            "",
            "é",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }

    #[test]
    fn instances_of_user_services_name_their_template() {
        for (name, template) in [
            ("CDPUserSvc_1a2b3c", Some("CDPUserSvc")),
            ("OneSyncSvc_41c53", Some("OneSyncSvc")),
            ("nt_service", None),
            ("Svc_XYZ12", None),
            ("_1a2b3c", None),
            ("Spooler", None),
        ] {
            assert_eq!(user_service_template(name), template, "{name}");
        }
    }
}
