//! Services that guard a host: security tools, logging, recovery.

use crate::detect::glob;
use crate::detect::technique;
use crate::detect::text::without_suffix;
use crate::model::finding::Technique;
use crate::model::service::Manager;
use crate::scm::bundled;

/// What a service guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Duty {
    /// It finds or stops attacks: antivirus, detection and response, mandatory access control, integrity checks.
    Protection,
    /// It filters the network.
    Firewall,
    /// It keeps or ships records of what happens.
    Logging,
    /// The kernel's audit trail of Linux.
    Audit,
    /// The event log of Windows.
    EventLog,
    /// It makes recovery possible: snapshots, backups.
    Recovery,
}

/// How much depends on a guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Weight {
    /// A helper, or one whose absence is ordinary.
    Light,
    /// It often gives way to another product or stops when it has nothing to do.
    Replaceable,
    /// Without it the host is blind or bare.
    Heavy,
}

/// A service that guards.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    /// A pattern of its name, in any case of letters, without the suffix of its kind.
    pub(crate) name: &'static str,
    /// What it is, within a sentence.
    pub(crate) what: &'static str,
    /// What it guards.
    pub(crate) duty: Duty,
    /// How much depends on it.
    pub(crate) weight: Weight,
}

impl Duty {
    /// The technique of impairing it, where there is one besides stopping a service.
    pub(crate) fn technique(self) -> &'static Technique {
        match self {
            Self::Protection | Self::Logging => &technique::DISABLE_TOOLS,
            Self::Firewall => &technique::DISABLE_FIREWALL,
            Self::Audit => &technique::DISABLE_AUDIT,
            Self::EventLog => &technique::DISABLE_EVENT_LOG,
            Self::Recovery => &technique::INHIBIT_RECOVERY,
        }
    }
}

/// The guard of this name; on Windows a display name will do, as some records tell no other.
pub(crate) fn find(manager: Manager, name: &str) -> Option<&'static Guard> {
    let (table, name) = match manager {
        Manager::Scm => (WINDOWS, bundled::key_of(name)),
        Manager::Launchd => (MACOS, name),
        Manager::Systemd | Manager::SysV => (LINUX, stem(name)),
    };
    // A request may name services by a pattern of its own: `systemctl stop 'rsys*'`.
    let is_pattern = name.contains(['*', '?', '[']);
    table.iter().find(|guard| {
        glob::matches(guard.name, name) || is_pattern && glob::matches(name, guard.name.trim_end_matches('*'))
    })
}

/// A unit's name without the suffix of its type and without its instance.
fn stem(name: &str) -> &str {
    let name = [".service", ".timer", ".socket", ".path", ".target"]
        .iter()
        .find_map(|suffix| Some(without_suffix(name, suffix)).filter(|stem| stem.len() < name.len()))
        .unwrap_or(name);
    name.split('@').next().unwrap_or(name)
}

const fn guard(name: &'static str, what: &'static str, duty: Duty, weight: Weight) -> Guard {
    Guard { name, what, duty, weight }
}

use Duty::{Audit, EventLog, Firewall, Logging, Protection, Recovery};
use Weight::{Heavy, Light, Replaceable};

/// Guards of Linux, by unit name.
static LINUX: &[Guard] = &[
    guard("auditd", "the audit daemon", Audit, Heavy),
    guard("audit-rules", "the loading of audit rules", Audit, Heavy),
    guard("systemd-journald-audit", "the journal's intake of audit records", Audit, Light),
    guard("laurel", "the translator of audit records", Audit, Heavy),
    guard("go-audit", "an audit daemon", Audit, Heavy),
    guard("rsyslog", "the system log daemon", Logging, Heavy),
    guard("rsyslogd", "the system log daemon", Logging, Heavy),
    guard("syslog", "the system log daemon", Logging, Heavy),
    guard("syslogd", "the system log daemon", Logging, Heavy),
    guard("syslog-ng", "the system log daemon", Logging, Heavy),
    guard("systemd-journald", "the journal", Logging, Heavy),
    guard("systemd-journald-dev-log", "the journal's intake of log messages", Logging, Heavy),
    guard("systemd-journal-upload", "the shipping of the journal", Logging, Heavy),
    guard("systemd-journal-flush", "the saving of the journal to disk", Logging, Light),
    guard("auditbeat", "a shipper of audit records", Logging, Heavy),
    guard("filebeat", "a log shipper", Logging, Heavy),
    guard("journalbeat", "a log shipper", Logging, Heavy),
    guard("winlogbeat", "a log shipper", Logging, Heavy),
    guard("fluentd", "a log shipper", Logging, Heavy),
    guard("fluent-bit", "a log shipper", Logging, Heavy),
    guard("td-agent*", "a log shipper", Logging, Heavy),
    guard("vector", "a log shipper", Logging, Heavy),
    guard("promtail", "a log shipper", Logging, Heavy),
    guard("splunk*", "Splunk's forwarder", Logging, Heavy),
    guard("nxlog", "a log shipper", Logging, Heavy),
    guard("logrotate", "the rotation of logs", Logging, Light),
    guard("process-accounting", "process accounting", Logging, Light),
    guard("psacct", "process accounting", Logging, Light),
    guard("acct", "process accounting", Logging, Light),
    guard("sysstat", "the record of system activity", Logging, Light),
    guard("apparmor", "mandatory access control by AppArmor", Protection, Heavy),
    guard("snapd.apparmor", "AppArmor's profiles of snaps", Protection, Light),
    guard("selinux-*", "mandatory access control by SELinux", Protection, Light),
    guard("setroubleshootd", "the reporting of SELinux denials", Protection, Light),
    guard("fapolicyd", "the allow list of programs", Protection, Heavy),
    guard("usbguard", "the allow list of USB devices", Protection, Heavy),
    guard("fail2ban", "the ban of brute-force clients", Protection, Heavy),
    guard("sshguard", "the ban of brute-force clients", Protection, Heavy),
    guard("crowdsec*", "CrowdSec", Protection, Heavy),
    guard("denyhosts", "the ban of brute-force clients", Protection, Heavy),
    guard("osqueryd", "osquery", Protection, Heavy),
    guard("orbit", "Fleet's osquery", Protection, Heavy),
    guard("falcon-sensor", "CrowdStrike's sensor", Protection, Heavy),
    guard("falco*", "Falco", Protection, Heavy),
    guard("tetragon", "Tetragon", Protection, Heavy),
    guard("tracee*", "Tracee", Protection, Heavy),
    guard("kunai", "Kunai", Protection, Heavy),
    guard("sysmon", "Sysmon", Protection, Heavy),
    guard("svcsensor*", "this sensor", Protection, Heavy),
    guard("clamav-daemon", "the ClamAV antivirus", Protection, Heavy),
    guard("clamav-clamonacc", "ClamAV's on-access scanning", Protection, Heavy),
    guard("clamd*", "the ClamAV antivirus", Protection, Heavy),
    guard("clamonacc", "ClamAV's on-access scanning", Protection, Heavy),
    guard("clamav-freshclam*", "the update of ClamAV's signatures", Protection, Light),
    guard("freshclam", "the update of ClamAV's signatures", Protection, Light),
    guard("maldet", "Linux Malware Detect", Protection, Heavy),
    guard("rkhunter*", "a rootkit check", Protection, Light),
    guard("chkrootkit*", "a rootkit check", Protection, Light),
    guard("lynis*", "a security audit", Protection, Light),
    guard("aide", "the integrity check by AIDE", Protection, Heavy),
    guard("aide-*", "the integrity check by AIDE", Protection, Heavy),
    guard("aidecheck*", "the integrity check by AIDE", Protection, Heavy),
    guard("dailyaidecheck*", "the daily integrity check by AIDE", Protection, Heavy),
    guard("tripwire*", "the integrity check by Tripwire", Protection, Heavy),
    guard("samhain", "the integrity check by Samhain", Protection, Heavy),
    guard("debsums*", "the check of package files", Protection, Light),
    guard("ossec*", "OSSEC", Protection, Heavy),
    guard("wazuh-agent", "the Wazuh agent", Protection, Heavy),
    guard("wazuh*", "Wazuh", Protection, Heavy),
    guard("elastic-agent", "Elastic's agent", Protection, Heavy),
    guard("elasticendpoint", "Elastic's endpoint protection", Protection, Heavy),
    guard("mdatp", "Microsoft Defender", Protection, Heavy),
    guard("sentinelone", "SentinelOne's agent", Protection, Heavy),
    guard("sentinelagent", "SentinelOne's agent", Protection, Heavy),
    guard("cbagentd", "Carbon Black's agent", Protection, Heavy),
    guard("cbdaemon", "Carbon Black's agent", Protection, Heavy),
    guard("cbsensor", "Carbon Black's sensor", Protection, Heavy),
    guard("traps_pmd", "Cortex XDR's agent", Protection, Heavy),
    guard("cortex?xdr*", "Cortex XDR's agent", Protection, Heavy),
    guard("sav-protect", "Sophos' protection", Protection, Heavy),
    guard("sophos*", "Sophos' protection", Protection, Heavy),
    guard("sophos-spl", "Sophos' protection", Protection, Heavy),
    guard("eraagent", "ESET's agent", Protection, Heavy),
    guard("eea", "ESET's antivirus", Protection, Heavy),
    guard("efs", "ESET's file security", Protection, Heavy),
    guard("esets", "ESET's antivirus", Protection, Heavy),
    guard("kesl*", "Kaspersky's protection", Protection, Heavy),
    guard("klnagent*", "Kaspersky's agent", Protection, Heavy),
    guard("ds_agent", "Trend Micro's agent", Protection, Heavy),
    guard("tmxbc", "Trend Micro's agent", Protection, Heavy),
    guard("bdsec*", "Bitdefender's protection", Protection, Heavy),
    guard("mfetpd", "Trellix' protection", Protection, Heavy),
    guard("mfe*", "Trellix' protection", Protection, Heavy),
    guard("isectpd", "Trellix' protection", Protection, Heavy),
    guard("xagt", "Trellix' endpoint agent", Protection, Heavy),
    guard("taniumclient", "Tanium's client", Protection, Heavy),
    guard("qualys-cloud-agent", "Qualys' agent", Protection, Heavy),
    guard("nessusagent", "Nessus' agent", Protection, Heavy),
    guard("ir_agent", "Rapid7's agent", Protection, Heavy),
    guard("datadog-agent*", "Datadog's agent", Protection, Heavy),
    guard("lacework*", "Lacework's agent", Protection, Heavy),
    guard("velociraptor*", "Velociraptor", Protection, Heavy),
    guard("threatdown*", "ThreatDown's agent", Protection, Heavy),
    guard("amazon-guardduty-agent", "GuardDuty's agent", Protection, Heavy),
    guard("aliyun*", "Alibaba Cloud's agent", Protection, Heavy),
    guard("aegis", "Alibaba Cloud's security agent", Protection, Heavy),
    guard("bcm-agent", "Baidu Cloud's agent", Protection, Heavy),
    guard("cloudmonitor", "a cloud monitor", Protection, Heavy),
    guard("suricata*", "Suricata", Protection, Heavy),
    guard("snort*", "Snort", Protection, Heavy),
    guard("zeek", "Zeek", Protection, Heavy),
    guard("unattended-upgrades", "automatic security updates", Protection, Light),
    guard("dnf-automatic*", "automatic updates", Protection, Light),
    guard("apt-daily-upgrade", "automatic security updates", Protection, Light),
    guard("ufw", "the firewall", Firewall, Heavy),
    guard("firewalld", "the firewall", Firewall, Heavy),
    guard("nftables", "the firewall", Firewall, Heavy),
    guard("iptables", "the firewall", Firewall, Heavy),
    guard("ip6tables", "the firewall", Firewall, Heavy),
    guard("netfilter-persistent", "the firewall's saved rules", Firewall, Heavy),
    guard("iptables-persistent", "the firewall's saved rules", Firewall, Heavy),
    guard("ebtables", "the firewall of bridges", Firewall, Light),
    guard("shorewall*", "the firewall", Firewall, Heavy),
    guard("ferm", "the firewall", Firewall, Heavy),
    guard("csf", "the firewall", Firewall, Heavy),
    guard("lfd", "the firewall's login daemon", Firewall, Heavy),
    guard("opensnitch*", "the application firewall", Firewall, Heavy),
    guard("susefirewall2*", "the firewall", Firewall, Heavy),
    guard("snapper-*", "snapshots by snapper", Recovery, Heavy),
    guard("snapperd", "snapshots by snapper", Recovery, Light),
    guard("timeshift*", "snapshots by Timeshift", Recovery, Heavy),
    guard("btrbk", "btrfs snapshots", Recovery, Heavy),
    guard("zfs-auto-snapshot*", "ZFS snapshots", Recovery, Heavy),
    guard("sanoid*", "ZFS snapshots", Recovery, Heavy),
    guard("restic*", "backups by restic", Recovery, Heavy),
    guard("borg*", "backups by Borg", Recovery, Heavy),
    guard("duplicity*", "backups by duplicity", Recovery, Heavy),
    guard("duply*", "backups by duply", Recovery, Heavy),
    guard("kopia*", "backups by Kopia", Recovery, Heavy),
    guard("rsnapshot*", "backups by rsnapshot", Recovery, Heavy),
    guard("bacula-*", "backups by Bacula", Recovery, Heavy),
    guard("bareos-*", "backups by Bareos", Recovery, Heavy),
    guard("amanda*", "backups by Amanda", Recovery, Heavy),
    guard("urbackup*", "backups by UrBackup", Recovery, Heavy),
    guard("proxmox-backup*", "backups by Proxmox", Recovery, Heavy),
    guard("veeamservice", "backups by Veeam", Recovery, Heavy),
    guard("veeam*", "backups by Veeam", Recovery, Heavy),
    guard("acronis*", "backups by Acronis", Recovery, Heavy),
    guard("cvd", "backups by Commvault", Recovery, Heavy),
    guard("dsmc*", "backups by Spectrum Protect", Recovery, Heavy),
    guard("dpkg-db-backup", "the backup of the package database", Recovery, Light),
    guard("*-backup", "backups", Recovery, Heavy),
    guard("backup-*", "backups", Recovery, Heavy),
    guard("backup", "backups", Recovery, Heavy),
];

/// Guards of Windows, by key name.
static WINDOWS: &[Guard] = &[
    guard("EventLog", "the event log", EventLog, Heavy),
    guard("Wecsvc", "the collector of forwarded events", EventLog, Light),
    guard("DiagTrack", "telemetry", Logging, Light),
    guard("Sysmon", "Sysmon", Protection, Heavy),
    guard("Sysmon64", "Sysmon", Protection, Heavy),
    guard("SysmonDrv", "Sysmon's driver", Protection, Heavy),
    guard("WinDefend", "Microsoft Defender Antivirus", Protection, Replaceable),
    guard("WdNisSvc", "Defender's network inspection", Protection, Light),
    guard("WdNisDrv", "Defender's network inspection driver", Protection, Light),
    guard("WdFilter", "Defender's file filter", Protection, Replaceable),
    guard("WdBoot", "Defender's boot driver", Protection, Replaceable),
    guard("MDCoreSvc", "Defender's core service", Protection, Light),
    guard("Sense", "Microsoft Defender for Endpoint", Protection, Replaceable),
    guard("SenseIR", "Defender for Endpoint's response", Protection, Light),
    guard("SecurityHealthService", "Windows Security", Protection, Light),
    guard("wscsvc", "the Security Center", Protection, Light),
    guard("webthreatdefsvc", "Defender's web protection", Protection, Light),
    guard("AppIDSvc", "AppLocker", Protection, Light),
    guard("AppID", "AppLocker's driver", Protection, Light),
    guard("MsSecFlt", "Defender for Endpoint's filter", Protection, Light),
    guard("MsMpSvc", "Microsoft's antimalware", Protection, Replaceable),
    guard("NisSrv", "Microsoft's network inspection", Protection, Light),
    guard("MpsSvc", "the Windows firewall", Firewall, Replaceable),
    guard("BFE", "the base filtering engine", Firewall, Replaceable),
    guard("SharedAccess", "the sharing of connections and the old firewall", Firewall, Light),
    guard("CSFalconService", "CrowdStrike's sensor", Protection, Heavy),
    guard("CSAgent", "CrowdStrike's driver", Protection, Heavy),
    guard("SentinelAgent", "SentinelOne's agent", Protection, Heavy),
    guard("SentinelStaticEngine", "SentinelOne's engine", Protection, Heavy),
    guard("SentinelMonitor", "SentinelOne's driver", Protection, Heavy),
    guard("CbDefense", "Carbon Black's agent", Protection, Heavy),
    guard("CarbonBlack*", "Carbon Black's agent", Protection, Heavy),
    guard("CylanceSvc", "Cylance's agent", Protection, Heavy),
    guard("CyveraService", "Cortex XDR's agent", Protection, Heavy),
    guard("cyserver", "Cortex XDR's agent", Protection, Heavy),
    guard("ElasticEndpoint", "Elastic's endpoint protection", Protection, Heavy),
    guard("Elastic Agent", "Elastic's agent", Protection, Heavy),
    guard("WazuhSvc", "the Wazuh agent", Protection, Heavy),
    guard("OssecSvc", "the Wazuh agent", Protection, Heavy),
    guard("osqueryd", "osquery", Protection, Heavy),
    guard("Velociraptor", "Velociraptor", Protection, Heavy),
    guard("svcsensor", "this sensor", Protection, Heavy),
    guard("ekrn", "ESET's antivirus", Protection, Heavy),
    guard("EraAgentSvc", "ESET's agent", Protection, Heavy),
    guard("AVP*", "Kaspersky's protection", Protection, Heavy),
    guard("klnagent", "Kaspersky's agent", Protection, Heavy),
    guard("SAVService", "Sophos' antivirus", Protection, Heavy),
    guard("SAVAdminService", "Sophos' antivirus", Protection, Heavy),
    guard("Sophos*", "Sophos' protection", Protection, Heavy),
    guard("SntpService", "Sophos' network protection", Protection, Heavy),
    guard("hmpalertsvc", "Sophos' HitmanPro", Protection, Heavy),
    guard("McShield", "Trellix' scanner", Protection, Heavy),
    guard("mfe*", "Trellix' protection", Protection, Heavy),
    guard("masvc", "Trellix' agent", Protection, Heavy),
    guard("macmnsvc", "Trellix' agent", Protection, Heavy),
    guard("McAfee*", "McAfee's protection", Protection, Heavy),
    guard("xagt", "Trellix' endpoint agent", Protection, Heavy),
    guard("SepMasterService", "Symantec's protection", Protection, Heavy),
    guard("ccSettings_*", "Symantec's protection", Protection, Heavy),
    guard("SmcService", "Symantec's protection", Protection, Heavy),
    guard("ntrtscan", "Trend Micro's scanner", Protection, Heavy),
    guard("TmListen", "Trend Micro's agent", Protection, Heavy),
    guard("tmccsf", "Trend Micro's agent", Protection, Heavy),
    guard("ds_agent", "Trend Micro's agent", Protection, Heavy),
    guard("MBAMService", "Malwarebytes' protection", Protection, Heavy),
    guard("MBEndpointAgent", "Malwarebytes' agent", Protection, Heavy),
    guard("avast! Antivirus", "Avast's antivirus", Protection, Heavy),
    guard("AVG Antivirus", "AVG's antivirus", Protection, Heavy),
    guard("AntiVirService", "Avira's antivirus", Protection, Heavy),
    guard("bdredline", "Bitdefender's protection", Protection, Heavy),
    guard("EPSecurityService", "Bitdefender's protection", Protection, Heavy),
    guard("EPProtectedService", "Bitdefender's protection", Protection, Heavy),
    guard("VSSERV", "Bitdefender's protection", Protection, Heavy),
    guard("FSMA", "WithSecure's protection", Protection, Heavy),
    guard("fshoster", "WithSecure's protection", Protection, Heavy),
    guard("PSANHost", "Panda's protection", Protection, Heavy),
    guard("Tanium Client", "Tanium's client", Protection, Heavy),
    guard("QualysAgent", "Qualys' agent", Protection, Heavy),
    guard("ir_agent", "Rapid7's agent", Protection, Heavy),
    guard("HuntressAgent", "Huntress' agent", Protection, Heavy),
    guard("nxlog", "a log shipper", Logging, Heavy),
    guard("winlogbeat", "a log shipper", Logging, Heavy),
    guard("filebeat", "a log shipper", Logging, Heavy),
    guard("SplunkForwarder", "Splunk's forwarder", Logging, Heavy),
    guard("VSS", "volume shadow copies", Recovery, Replaceable),
    guard("swprv", "the shadow copy provider", Recovery, Replaceable),
    guard("SDRSVC", "Windows Backup", Recovery, Replaceable),
    guard("wbengine", "the block-level backup engine", Recovery, Replaceable),
    guard("fhsvc", "File History", Recovery, Replaceable),
    guard("srservice", "System Restore", Recovery, Replaceable),
    guard("Veeam*", "backups by Veeam", Recovery, Heavy),
    guard("BackupExec*", "backups by Backup Exec", Recovery, Heavy),
    guard("Acronis*", "backups by Acronis", Recovery, Heavy),
    guard("AcrSch2Svc", "backups by Acronis", Recovery, Heavy),
    guard("CommVault*", "backups by Commvault", Recovery, Heavy),
    guard("GxCVD*", "backups by Commvault", Recovery, Heavy),
    guard("ShadowProtectSvc", "backups by ShadowProtect", Recovery, Heavy),
    guard("CrashPlan*", "backups by CrashPlan", Recovery, Heavy),
    guard("MSExchangeRepl", "Exchange's replication", Recovery, Light),
];

/// Guards of macOS, by label.
static MACOS: &[Guard] = &[
    guard("com.apple.syslogd", "the system log daemon", Logging, Heavy),
    guard("com.apple.logd", "the log daemon", Logging, Heavy),
    guard("com.apple.auditd", "the audit daemon", Logging, Heavy),
    guard("com.apple.XProtect*", "XProtect", Protection, Heavy),
    guard("com.apple.MRTd", "the malware removal tool", Protection, Heavy),
    guard("com.apple.syspolicyd", "Gatekeeper", Protection, Heavy),
    guard("com.apple.alf*", "the application firewall", Firewall, Heavy),
    guard("com.apple.backupd*", "Time Machine", Recovery, Heavy),
    guard("com.crowdstrike.*", "CrowdStrike's sensor", Protection, Heavy),
    guard("com.sentinelone.*", "SentinelOne's agent", Protection, Heavy),
    guard("com.carbonblack.*", "Carbon Black's agent", Protection, Heavy),
    guard("com.microsoft.wdav*", "Microsoft Defender", Protection, Heavy),
    guard("com.jamf.protect*", "Jamf Protect", Protection, Heavy),
    guard("com.objective-see.*", "an Objective-See tool", Protection, Heavy),
    guard("co.elastic.*", "Elastic's agent", Protection, Heavy),
    guard("com.wazuh.agent", "the Wazuh agent", Protection, Heavy),
    guard("io.osquery.agent", "osquery", Protection, Heavy),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_guard_is_hidden_by_another_ones_pattern() {
        for (manager, table) in
            [(Manager::Systemd, LINUX), (Manager::Scm, WINDOWS), (Manager::Launchd, MACOS)]
        {
            // Those that begin with anything are for what has no name of its own here.
            for guard in table.iter().filter(|guard| !guard.name.starts_with('*')) {
                let name = guard.name.trim_end_matches('*');
                assert_eq!(find(manager, name).map(|found| found.what), Some(guard.what), "{}", guard.name);
            }
        }
    }

    #[test]
    fn finds_guards_by_name() {
        for (manager, name, expected) in [
            (Manager::Systemd, "auditd.service", Some(Audit)),
            (Manager::Systemd, "auditd", Some(Audit)),
            (Manager::Systemd, "syslog.socket", Some(Logging)),
            (Manager::Systemd, "clamd@scan.service", Some(Protection)),
            (Manager::Systemd, "snapper-timeline.timer", Some(Recovery)),
            (Manager::Systemd, "borgmatic.timer", Some(Recovery)),
            (Manager::Systemd, "ufw.service", Some(Firewall)),
            (Manager::Systemd, "nginx.service", None),
            (Manager::Systemd, "auditd-web.service", None),
            (Manager::Systemd, "rsys*", Some(Logging)),
            (Manager::Systemd, "ngin*", None),
            (Manager::SysV, "rsyslog", Some(Logging)),
            (Manager::Scm, "WINDEFEND", Some(Protection)),
            (Manager::Scm, "eventlog", Some(EventLog)),
            (Manager::Scm, "VSS", Some(Recovery)),
            (Manager::Scm, "windows event log", Some(EventLog)),
            (Manager::Scm, "Spooler", None),
            (Manager::Launchd, "com.crowdstrike.falcond", Some(Protection)),
        ] {
            assert_eq!(find(manager, name).map(|guard| guard.duty), expected, "{name}");
        }
    }
}
