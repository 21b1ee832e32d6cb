//! Facts about the host that decide what can be seen.

use std::fs;
use std::path::Path;

/// A fact about the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name, in snake case.
    pub name: &'static str,
    /// What is the case, in words.
    pub value: String,
}

/// The facts that decide what can be seen.
pub fn facts() -> Vec<Fact> {
    let fact =
        |name, value: Option<String>| Fact { name, value: value.unwrap_or_else(|| "unknown".to_owned()) };
    let uname = rustix::system::uname();
    vec![
        fact("kernel", Some(uname.release().to_string_lossy().into_owned())),
        fact("kernel_types", Some(yes("/sys/kernel/btf/vmlinux"))),
        fact("lockdown", Some(lockdown())),
        fact("security_modules", read("/sys/kernel/security/lsm")),
        fact("capabilities", capabilities()),
        fact("init", read("/proc/1/comm")),
        fact("systemd_manager", Some(yes("/run/systemd/system"))),
        fact("fanotify_queue", read("/proc/sys/fs/fanotify/max_queued_events")),
        fact("fanotify_marks", read("/proc/sys/fs/fanotify/max_user_marks")),
    ]
}

fn yes(path: &str) -> String {
    if Path::new(path).exists() { "yes" } else { "no" }.to_owned()
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// `none [integrity] confidentiality`: the one in brackets is in force.
fn lockdown() -> String {
    match read("/sys/kernel/security/lockdown") {
        Some(text) => text
            .split_once('[')
            .and_then(|(_, rest)| rest.split_once(']'))
            .map_or(text.clone(), |(state, _)| state.to_owned()),
        None => "not told".to_owned(),
    }
}

/// The effective capabilities that matter, by name.
fn capabilities() -> Option<String> {
    const NAMES: [(u32, &str); 6] = [
        (2, "CAP_DAC_READ_SEARCH"),
        (19, "CAP_SYS_PTRACE"),
        (21, "CAP_SYS_ADMIN"),
        (37, "CAP_AUDIT_READ"),
        (38, "CAP_PERFMON"),
        (39, "CAP_BPF"),
    ];
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    let held: Vec<&str> =
        NAMES.iter().filter(|(bit, _)| mask & (1 << bit) != 0).map(|(_, name)| *name).collect();
    Some(if held.is_empty() { "none of those needed".to_owned() } else { held.join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_value() {
        let facts = facts();
        assert!(facts.iter().all(|fact| !fact.value.is_empty()));
        assert!(facts.iter().any(|fact| fact.name == "kernel" && fact.value.contains('.')));
    }
}
