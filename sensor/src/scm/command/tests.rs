//! Command lines and what they ask for.

use proptest::prelude::*;

use super::*;

/// Verb, service, and settings as text.
fn asked(image: &str, command_line: &str) -> Vec<String> {
    parse(image, command_line)
        .into_iter()
        .map(|request| {
            let mut words = vec![request.verb.word().to_owned(), request.service];
            words.extend(request.host.map(|host| format!("on {host}")));
            words.extend(
                request
                    .settings
                    .into_iter()
                    .map(|(setting, value)| format!("{setting}={}", value.as_deref().unwrap_or("(removed)"))),
            );
            words.join(" ")
        })
        .collect()
}

#[test]
fn commands_are_understood() {
    let powershell = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
    for (image, command_line, expected) in [
        (
            r"C:\Windows\System32\sc.exe",
            r#"sc create Evil binPath= "C:\a b\x.exe -s" start= auto type= own"#,
            vec![r"create Evil ImagePath=C:\a b\x.exe -s Start=auto start Type=user mode service"],
        ),
        ("sc.exe", r"sc \\HOST config Evil start=disabled", vec!["change Evil on HOST Start=disabled"]),
        ("sc.exe", "sc.exe stop WinDefend", vec!["stop WinDefend"]),
        ("sc.exe", "sc delete Evil", vec!["delete Evil"]),
        (
            "sc.exe",
            r#"sc failure Evil reset= 0 actions= run/0 command= "x.exe""#,
            vec!["change Evil FailureActions=run/0 FailureCommand=x.exe"],
        ),
        (
            "sc.exe",
            "sc sdset Evil D:(D;;DCLCWPDTSD;;;IU)",
            vec!["change Evil Security=D:(D;;DCLCWPDTSD;;;IU)"],
        ),
        ("sc.exe", "sc query Evil", vec![]),
        ("net.exe", r#"net stop "Print Spooler" /y"#, vec!["stop Print Spooler"]),
        ("net1.exe", r"C:\Windows\system32\net1 start Evil", vec!["start Evil"]),
        ("net.exe", "net start", vec![]),
        ("net.exe", "net user x", vec![]),
        (
            "reg.exe",
            r"REG  ADD HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\EventLog /t REG_DWORD /v Start /d 4",
            vec!["change EventLog Start=disabled"],
        ),
        (
            "reg.exe",
            r"reg add \\H\HKLM\SYSTEM\CurrentControlSet\Services\X\Parameters /v ServiceDll /d C:\x.dll /f",
            vec![r"change X on H ServiceDll=C:\x.dll"],
        ),
        ("reg.exe", r"reg delete HKLM\SYSTEM\CurrentControlSet\Services\X /f", vec!["delete X"]),
        (
            "reg.exe",
            r"reg delete HKLM\SYSTEM\CurrentControlSet\Services\X /v DependOnService /f",
            vec!["change X DependOnService=(removed)"],
        ),
        ("reg.exe", r"reg add HKLM\SOFTWARE\X /v Start /d 4", vec![]),
        ("reg.exe", r"reg query HKLM\SYSTEM\CurrentControlSet\Services\X", vec![]),
        (
            powershell,
            r#"powershell -c "New-Service -Name Evil -BinaryPathName 'C:\x.exe' -StartupType Automatic""#,
            vec![r"create Evil ImagePath=C:\x.exe Start=auto start"],
        ),
        (powershell, "powershell Stop-Service -Name WinDefend -Force", vec!["stop WinDefend"]),
        (powershell, "powershell.exe Get-Service Spooler | Stop-Service", vec!["stop Spooler"]),
        (
            powershell,
            r#"powershell "Set-Service 'A','B' -StartupType Disabled""#,
            vec!["change A Start=disabled", "change B Start=disabled"],
        ),
        (
            powershell,
            r"powershell Set-ItemProperty -Path HKLM:\SYSTEM\CurrentControlSet\Services\X -Name Start -Value 4",
            vec!["change X Start=disabled"],
        ),
        // Stop-Service X
        (powershell, "powershell -nop -enc UwB0AG8AcAAtAFMAZQByAHYAaQBjAGUAIABYAA==", vec!["stop X"]),
        (powershell, "powershell Get-Process", vec![]),
        ("wmic.exe", r#"wmic service where name="WinDefend" call stopservice"#, vec!["stop WinDefend"]),
        (
            "wmic.exe",
            r#"wmic /node:H service where "name='X'" call changestartmode "disabled""#,
            vec!["change X on H Start=disabled"],
        ),
        (
            "wmic.exe",
            r#"wmic service where "caption like '%Print Sp%'" call stopservice"#,
            vec!["stop Print Sp"],
        ),
        ("wmic.exe", r#"wmic service where name="My Svc" call stopservice"#, vec!["stop My Svc"]),
        ("wmic.exe", "wmic service X call delete", vec!["delete X"]),
        ("wmic.exe", "wmic service get name", vec![]),
        ("cmd.exe", "cmd /c sc stop X", vec![]),
    ] {
        assert_eq!(asked(image, command_line), expected, "{command_line}");
    }
}

#[test]
fn methods_of_services_are_understood() {
    let powershell = "powershell.exe";
    for (image, command_line, expected) in [
        (powershell, "powershell (Get-Service -Name WinDefend).Stop()", vec!["stop WinDefend"]),
        (
            powershell,
            r#"powershell "Get-CimInstance Win32_Service -Filter \"Name='X'\" | Invoke-CimMethod -MethodName StopService""#,
            vec!["stop X"],
        ),
        (
            powershell,
            r#"powershell "gwmi Win32_Service -Filter \"name='X'\" | % { $_.ChangeStartMode('Disabled') }""#,
            vec!["change X Start=disabled"],
        ),
        (
            powershell,
            r#"powershell "(gwmi -Class win32_service -Filter \"name='X'\").Delete()""#,
            vec!["delete X"],
        ),
        (powershell, r#"powershell "(gwmi Win32_Process -Filter \"name='X'\").Delete()""#, vec![]),
        (powershell, "powershell Get-Service Stop | Select-Object Name", vec![]),
    ] {
        assert_eq!(asked(image, command_line), expected, "{command_line}");
    }
}

#[test]
fn nssm_is_understood() {
    for (image, command_line, expected) in [
        ("nssm.exe", "nssm install Evil", vec!["create Evil"]),
        (
            r"C:\tools\nssm.exe",
            r#"nssm install "My Evil" "C:\a b\x.exe" -p 1"#,
            vec![r"create My Evil Application=C:\a b\x.exe AppParameters=-p 1"],
        ),
        ("nssm.exe", "nssm set Evil Start SERVICE_DISABLED", vec!["change Evil Start=disabled"]),
        ("nssm.exe", "nssm set Evil Start SERVICE_DELAYED_AUTO_START", vec!["change Evil Start=auto start"]),
        ("nssm.exe", "nssm remove Evil confirm", vec!["delete Evil"]),
        ("nssm.exe", "nssm status Evil", vec![]),
    ] {
        assert_eq!(asked(image, command_line), expected, "{command_line}");
    }
}

proptest! {
    #[test]
    fn any_command_line_is_read(
        tool in prop::sample::select(vec!["sc", "net", "reg", "powershell.exe", "wmic", "nssm"]),
        line in "(sc|net|reg|powershell|wmic|nssm|install|set|service|call|-enc|where|name=|\\||;|'|\"|[a-zé ]{0,6}){0,12}",
    ) {
        let requests = parse(tool, &line);
        prop_assert!(requests.iter().all(|request| !request.service.is_empty()));
    }
}
