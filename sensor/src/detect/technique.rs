//! The techniques of MITRE ATT&CK that findings point to, with their ids in v17, v18 and v19.
//!
//! ATT&CK v19 retired the tactic Defense Evasion and with it T1562: T1562.001 became T1685, T1562.002 T1685.001,
//! T1562.004 T1686 and T1562.012 T1685.004. The ids of ATT&CK for ICS are the same in all three.

use crate::model::finding::Technique;
use crate::model::service::{Manager, Scope, ServiceId};

/// A technique whose id never changed.
const fn steady(id: &'static str, name: &'static str) -> Technique {
    Technique { name, v17: id, v18: id, v19: id }
}

/// A technique that v19 renumbered.
const fn renumbered(old: &'static str, new: &'static str, name: &'static str) -> Technique {
    Technique { name, v17: old, v18: old, v19: new }
}

/// T1021.002.
pub static ADMIN_SHARES: Technique = steady("T1021.002", "Remote Services: SMB/Windows Admin Shares");
/// T1021.006.
pub static REMOTE_MANAGEMENT: Technique = steady("T1021.006", "Remote Services: Windows Remote Management");
/// T1027.
pub static OBFUSCATION: Technique = steady("T1027", "Obfuscated Files or Information");
/// T1036.004.
pub static MASQUERADE: Technique = steady("T1036.004", "Masquerading: Masquerade Task or Service");
/// T1059.
pub static INTERPRETER: Technique = steady("T1059", "Command and Scripting Interpreter");
/// T1059.001.
pub static POWERSHELL: Technique = steady("T1059.001", "Command and Scripting Interpreter: PowerShell");
/// T1059.003.
pub static WINDOWS_SHELL: Technique =
    steady("T1059.003", "Command and Scripting Interpreter: Windows Command Shell");
/// T1059.004.
pub static UNIX_SHELL: Technique = steady("T1059.004", "Command and Scripting Interpreter: Unix Shell");
/// T1059.005.
pub static VISUAL_BASIC: Technique = steady("T1059.005", "Command and Scripting Interpreter: Visual Basic");
/// T1059.006.
pub static PYTHON: Technique = steady("T1059.006", "Command and Scripting Interpreter: Python");
/// T1059.007.
pub static JAVASCRIPT: Technique = steady("T1059.007", "Command and Scripting Interpreter: JavaScript");
/// T1059.011.
pub static LUA: Technique = steady("T1059.011", "Command and Scripting Interpreter: Lua");
/// T1105.
pub static TOOL_TRANSFER: Technique = steady("T1105", "Ingress Tool Transfer");
/// T1197.
pub static BITS_JOBS: Technique = steady("T1197", "BITS Jobs");
/// T1489.
pub static SERVICE_STOP: Technique = steady("T1489", "Service Stop");
/// T1490.
pub static INHIBIT_RECOVERY: Technique = steady("T1490", "Inhibit System Recovery");
/// T1543.
pub static SYSTEM_PROCESS: Technique = steady("T1543", "Create or Modify System Process");
/// T1543.001.
pub static LAUNCH_AGENT: Technique = steady("T1543.001", "Create or Modify System Process: Launch Agent");
/// T1543.002.
pub static SYSTEMD_SERVICE: Technique =
    steady("T1543.002", "Create or Modify System Process: Systemd Service");
/// T1543.003.
pub static WINDOWS_SERVICE: Technique =
    steady("T1543.003", "Create or Modify System Process: Windows Service");
/// T1543.004.
pub static LAUNCH_DAEMON: Technique = steady("T1543.004", "Create or Modify System Process: Launch Daemon");
/// T1557.001.
pub static SMB_RELAY: Technique =
    steady("T1557.001", "Adversary-in-the-Middle: Name Resolution Poisoning and SMB Relay");
/// T1562.001, from v19 on T1685.
pub static DISABLE_TOOLS: Technique = renumbered("T1562.001", "T1685", "Disable or Modify Tools");
/// T1562.002, from v19 on T1685.001.
pub static DISABLE_EVENT_LOG: Technique =
    renumbered("T1562.002", "T1685.001", "Disable or Modify Tools: Disable or Modify Windows Event Log");
/// T1562.004, from v19 on T1686.
pub static DISABLE_FIREWALL: Technique =
    renumbered("T1562.004", "T1686", "Disable or Modify System Firewall");
/// T1562.012, from v19 on T1685.004.
pub static DISABLE_AUDIT: Technique =
    renumbered("T1562.012", "T1685.004", "Disable or Modify Tools: Disable or Modify Linux Audit System Log");
/// T1564.
pub static HIDE_ARTIFACTS: Technique = steady("T1564", "Hide Artifacts");
/// T1564.006.
pub static VIRTUAL_INSTANCE: Technique = steady("T1564.006", "Hide Artifacts: Run Virtual Instance");
/// T1569.
pub static SYSTEM_SERVICES: Technique = steady("T1569", "System Services");
/// T1569.001.
pub static LAUNCHCTL: Technique = steady("T1569.001", "System Services: Launchctl");
/// T1569.002.
pub static SERVICE_EXECUTION: Technique = steady("T1569.002", "System Services: Service Execution");
/// T1569.003.
pub static SYSTEMCTL: Technique = steady("T1569.003", "System Services: Systemctl");
/// T1574.
pub static HIJACK_FLOW: Technique = steady("T1574", "Hijack Execution Flow");
/// T1574.006.
pub static LINKER_HIJACK: Technique = steady("T1574.006", "Hijack Execution Flow: Dynamic Linker Hijacking");
/// T1574.010.
pub static FILE_PERMISSIONS: Technique =
    steady("T1574.010", "Hijack Execution Flow: Services File Permissions Weakness");
/// T1574.011.
pub static REGISTRY_PERMISSIONS: Technique =
    steady("T1574.011", "Hijack Execution Flow: Services Registry Permissions Weakness");
/// ATT&CK for ICS, T0830.
pub static ICS_IN_THE_MIDDLE: Technique = steady("T0830", "Adversary-in-the-Middle (ICS)");
/// ATT&CK for ICS, T0849.
pub static ICS_MASQUERADING: Technique = steady("T0849", "Masquerading (ICS)");
/// ATT&CK for ICS, T0881.
pub static ICS_SERVICE_STOP: Technique = steady("T0881", "Service Stop (ICS)");

/// Every technique above, in the order of their ids in v18.
pub static ALL: &[&Technique] = &[
    &ICS_IN_THE_MIDDLE,
    &ICS_MASQUERADING,
    &ICS_SERVICE_STOP,
    &ADMIN_SHARES,
    &REMOTE_MANAGEMENT,
    &OBFUSCATION,
    &MASQUERADE,
    &INTERPRETER,
    &POWERSHELL,
    &WINDOWS_SHELL,
    &UNIX_SHELL,
    &VISUAL_BASIC,
    &PYTHON,
    &JAVASCRIPT,
    &LUA,
    &TOOL_TRANSFER,
    &BITS_JOBS,
    &SERVICE_STOP,
    &INHIBIT_RECOVERY,
    &SYSTEM_PROCESS,
    &LAUNCH_AGENT,
    &SYSTEMD_SERVICE,
    &WINDOWS_SERVICE,
    &LAUNCH_DAEMON,
    &SMB_RELAY,
    &DISABLE_TOOLS,
    &DISABLE_EVENT_LOG,
    &DISABLE_FIREWALL,
    &DISABLE_AUDIT,
    &HIDE_ARTIFACTS,
    &VIRTUAL_INSTANCE,
    &SYSTEM_SERVICES,
    &LAUNCHCTL,
    &SERVICE_EXECUTION,
    &SYSTEMCTL,
    &HIJACK_FLOW,
    &LINKER_HIJACK,
    &FILE_PERMISSIONS,
    &REGISTRY_PERMISSIONS,
];

/// The technique of making or changing a service of this manager: the sub-technique of T1543.
///
/// System V init scripts have none of their own.
pub fn persistence(service: &ServiceId) -> &'static Technique {
    match (service.manager, service.scope) {
        (Manager::Systemd, _) => &SYSTEMD_SERVICE,
        (Manager::SysV, _) => &SYSTEM_PROCESS,
        (Manager::Scm, _) => &WINDOWS_SERVICE,
        (Manager::Launchd, Scope::System) => &LAUNCH_DAEMON,
        (Manager::Launchd, Scope::AllUsers | Scope::User(_)) => &LAUNCH_AGENT,
    }
}

/// The technique of running something by way of this manager: the sub-technique of T1569.
pub fn execution(manager: Manager) -> &'static Technique {
    match manager {
        Manager::Systemd => &SYSTEMCTL,
        Manager::SysV => &SYSTEM_SERVICES,
        Manager::Scm => &SERVICE_EXECUTION,
        Manager::Launchd => &LAUNCHCTL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::AttackVersion;

    #[test]
    fn ids_are_well_formed_unique_and_sorted() {
        for version in [AttackVersion::V17, AttackVersion::V18, AttackVersion::V19] {
            let ids: Vec<&str> = ALL.iter().map(|technique| technique.id(version)).collect();
            for id in &ids {
                let digits = id.strip_prefix('T').expect("begins with T");
                assert!(digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{id}");
            }
            let mut unique = ids.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), ids.len());
        }
        assert!(ALL.is_sorted_by_key(|technique| technique.v18));
    }

    #[test]
    fn impaired_defenses_are_renumbered_in_v19() {
        for (technique, old, new) in [
            (&DISABLE_TOOLS, "T1562.001", "T1685"),
            (&DISABLE_EVENT_LOG, "T1562.002", "T1685.001"),
            (&DISABLE_FIREWALL, "T1562.004", "T1686"),
            (&DISABLE_AUDIT, "T1562.012", "T1685.004"),
        ] {
            assert_eq!(technique.id(AttackVersion::V17), old);
            assert_eq!(technique.id(AttackVersion::V18), old);
            assert_eq!(technique.id(AttackVersion::V19), new);
        }
        assert!(ALL.iter().all(|technique| !technique.v19.starts_with("T1562")));
    }
}
