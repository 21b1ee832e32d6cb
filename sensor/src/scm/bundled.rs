//! Services that Windows brings along: they are there before anything is seen of them.

/// A service that Windows brings along.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BundledService {
    /// Its key name.
    pub(crate) key: &'static str,
    /// Its display name in English.
    pub(crate) display: &'static str,
    /// The file name of the program that it runs in.
    pub(crate) program: &'static str,
}

const fn hosted(key: &'static str, display: &'static str) -> BundledService {
    BundledService { key, display, program: "svchost.exe" }
}

const fn own(key: &'static str, display: &'static str, program: &'static str) -> BundledService {
    BundledService { key, display, program }
}

/// Services that Windows brings along.
pub(crate) static BUNDLED: &[BundledService] = &[
    hosted("AppIDSvc", "Application Identity"),
    hosted("Appinfo", "Application Information"),
    hosted("AppMgmt", "Application Management"),
    hosted("AppReadiness", "App Readiness"),
    hosted("AppXSvc", "AppX Deployment Service (AppXSVC)"),
    hosted("AudioEndpointBuilder", "Windows Audio Endpoint Builder"),
    hosted("Audiosrv", "Windows Audio"),
    hosted("BFE", "Base Filtering Engine"),
    hosted("BITS", "Background Intelligent Transfer Service"),
    hosted("BrokerInfrastructure", "Background Tasks Infrastructure Service"),
    hosted("Browser", "Computer Browser"),
    hosted("CertPropSvc", "Certificate Propagation"),
    hosted("ClipSVC", "Client License Service (ClipSVC)"),
    own("COMSysApp", "COM+ System Application", "dllhost.exe"),
    hosted("CryptSvc", "Cryptographic Services"),
    hosted("DcomLaunch", "DCOM Server Process Launcher"),
    hosted("DeviceAssociationService", "Device Association Service"),
    hosted("DeviceInstall", "Device Install Service"),
    hosted("Dhcp", "DHCP Client"),
    hosted("DiagTrack", "Connected User Experiences and Telemetry"),
    hosted("Dnscache", "DNS Client"),
    hosted("DoSvc", "Delivery Optimization"),
    hosted("DPS", "Diagnostic Policy Service"),
    own("EFS", "Encrypting File System (EFS)", "lsass.exe"),
    hosted("EventLog", "Windows Event Log"),
    hosted("EventSystem", "COM+ Event System"),
    own("Fax", "Fax", "fxssvc.exe"),
    hosted("fdPHost", "Function Discovery Provider Host"),
    hosted("FDResPub", "Function Discovery Resource Publication"),
    hosted("FontCache", "Windows Font Cache Service"),
    hosted("gpsvc", "Group Policy Client"),
    hosted("hidserv", "Human Interface Device Service"),
    hosted("IKEEXT", "IKE and AuthIP IPsec Keying Modules"),
    hosted("iphlpsvc", "IP Helper"),
    own("KeyIso", "CNG Key Isolation", "lsass.exe"),
    hosted("KtmRm", "KtmRm for Distributed Transaction Coordinator"),
    hosted("LanmanServer", "Server"),
    hosted("LanmanWorkstation", "Workstation"),
    hosted("lfsvc", "Geolocation Service"),
    hosted("LicenseManager", "Windows License Manager Service"),
    hosted("lmhosts", "TCP/IP NetBIOS Helper"),
    hosted("LSM", "Local Session Manager"),
    hosted("MpsSvc", "Windows Defender Firewall"),
    own("MSDTC", "Distributed Transaction Coordinator", "msdtc.exe"),
    hosted("MSiSCSI", "Microsoft iSCSI Initiator Service"),
    own("msiserver", "Windows Installer", "msiexec.exe"),
    own("Netlogon", "Netlogon", "lsass.exe"),
    hosted("Netman", "Network Connections"),
    hosted("netprofm", "Network List Service"),
    hosted("NlaSvc", "Network Location Awareness"),
    hosted("nsi", "Network Store Interface Service"),
    hosted("PcaSvc", "Program Compatibility Assistant Service"),
    hosted("PlugPlay", "Plug and Play"),
    hosted("PolicyAgent", "IPsec Policy Agent"),
    hosted("Power", "Power"),
    hosted("ProfSvc", "User Profile Service"),
    hosted("RasAuto", "Remote Access Auto Connection Manager"),
    hosted("RasMan", "Remote Access Connection Manager"),
    hosted("RemoteRegistry", "Remote Registry"),
    hosted("RpcEptMapper", "RPC Endpoint Mapper"),
    hosted("RpcSs", "Remote Procedure Call (RPC)"),
    own("SamSs", "Security Accounts Manager", "lsass.exe"),
    hosted("Schedule", "Task Scheduler"),
    hosted("seclogon", "Secondary Logon"),
    own("SecurityHealthService", "Windows Security Service", "SecurityHealthService.exe"),
    hosted("SENS", "System Event Notification Service"),
    hosted("SessionEnv", "Remote Desktop Configuration"),
    hosted("SharedAccess", "Internet Connection Sharing (ICS)"),
    hosted("ShellHWDetection", "Shell Hardware Detection"),
    own("Spooler", "Print Spooler", "spoolsv.exe"),
    own("sppsvc", "Software Protection", "sppsvc.exe"),
    hosted("SSDPSRV", "SSDP Discovery"),
    hosted("StateRepository", "State Repository Service"),
    hosted("StorSvc", "Storage Service"),
    hosted("swprv", "Microsoft Software Shadow Copy Provider"),
    hosted("SysMain", "SysMain"),
    hosted("SystemEventsBroker", "System Events Broker"),
    hosted("TabletInputService", "Touch Keyboard and Handwriting Panel Service"),
    hosted("TermService", "Remote Desktop Services"),
    hosted("Themes", "Themes"),
    hosted("TimeBrokerSvc", "Time Broker"),
    hosted("TrkWks", "Distributed Link Tracking Client"),
    own("TrustedInstaller", "Windows Modules Installer", "TrustedInstaller.exe"),
    hosted("UmRdpService", "Remote Desktop Services UserMode Port Redirector"),
    hosted("upnphost", "UPnP Device Host"),
    hosted("UserManager", "User Manager"),
    hosted("UsoSvc", "Update Orchestrator Service"),
    own("VaultSvc", "Credential Manager", "lsass.exe"),
    own("vds", "Virtual Disk", "vds.exe"),
    own("VSS", "Volume Shadow Copy", "vssvc.exe"),
    hosted("W32Time", "Windows Time"),
    hosted("WaaSMedicSvc", "Windows Update Medic Service"),
    own("wbengine", "Block Level Backup Engine Service", "wbengine.exe"),
    hosted("Wcmsvc", "Windows Connection Manager"),
    hosted("WdiServiceHost", "Diagnostic Service Host"),
    hosted("WdiSystemHost", "Diagnostic System Host"),
    own("WdNisSvc", "Microsoft Defender Antivirus Network Inspection Service", "NisSrv.exe"),
    hosted("Wecsvc", "Windows Event Collector"),
    hosted("WerSvc", "Windows Error Reporting Service"),
    own("WinDefend", "Microsoft Defender Antivirus Service", "MsMpEng.exe"),
    hosted("WinHttpAutoProxySvc", "WinHTTP Web Proxy Auto-Discovery Service"),
    hosted("Winmgmt", "Windows Management Instrumentation"),
    hosted("WinRM", "Windows Remote Management (WS-Management)"),
    hosted("WlanSvc", "WLAN AutoConfig"),
    own("WSearch", "Windows Search", "SearchIndexer.exe"),
    hosted("wscsvc", "Security Center"),
    hosted("wuauserv", "Windows Update"),
];

/// Display names that services had in earlier versions, with their key names.
const EARLIER: &[(&str, &str)] = &[
    ("Windows Defender", "WinDefend"),
    ("Windows Defender Service", "WinDefend"),
    ("Windows Defender Antivirus Service", "WinDefend"),
    ("Windows Defender Antivirus Network Inspection Service", "WdNisSvc"),
    ("Windows Defender Network Inspection Service", "WdNisSvc"),
    ("Windows Firewall", "MpsSvc"),
    ("Windows Firewall/Internet Connection Sharing (ICS)", "SharedAccess"),
    ("Windows Backup", "SDRSVC"),
    ("Event Log", "EventLog"),
    ("Automatic Updates", "wuauserv"),
];

/// The key name of a service by its display name in English; a name that is none stays as it is.
pub(crate) fn key_of(name: &str) -> &str {
    let now = BUNDLED.iter().find(|known| known.display.eq_ignore_ascii_case(name)).map(|known| known.key);
    let earlier = EARLIER.iter().find(|(display, _)| display.eq_ignore_ascii_case(name)).map(|(_, key)| *key);
    now.or(earlier).unwrap_or(name)
}

/// The service that Windows brings along under this key name.
pub(crate) fn find(key: &str) -> Option<&'static BundledService> {
    BUNDLED.iter().find(|known| known.key.eq_ignore_ascii_case(key))
}
