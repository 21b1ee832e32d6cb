//! Tests of the tools' command lines.

use proptest::prelude::*;

use super::*;

fn request(line: &[&str]) -> Option<ControlRequest> {
    ControlRequest::parse(&line.iter().map(|word| BString::from(*word)).collect::<Vec<_>>())
}

/// Checks action, what is done as well, units and whether it only reads; `line` is split at spaces.
fn check(line: &str, action: ControlAction, units: &[&str], read_only: bool) -> ControlRequest {
    let words: Vec<&str> = line.split(' ').collect();
    let request = request(&words).unwrap_or_else(|| panic!("{line} is a tool's"));
    assert_eq!((request.action, request.read_only), (action, read_only), "{line}");
    assert_eq!(request.units, units, "{line}");
    request
}

#[test]
fn systemctl_verbs() {
    use ControlAction as Action;
    for (line, action, units) in [
        ("systemctl start a", Action::Start, &["a.service"][..]),
        ("/usr/bin/systemctl stop ssh auditd.service", Action::Stop, &["ssh.service", "auditd.service"]),
        ("/bin/systemctl --no-block restart a@b", Action::Restart, &["a@b.service"]),
        ("systemctl try-restart a.socket", Action::Restart, &["a.socket"]),
        ("systemctl reload a", Action::Reload, &["a.service"]),
        ("systemctl kill -s KILL a", Action::Kill, &["a.service"]),
        ("systemctl kill a --signal=9", Action::Kill, &["a.service"]),
        ("systemctl isolate rescue", Action::Isolate, &["rescue.target"]),
        ("systemctl enable a", Action::Enable, &["a.service"]),
        ("systemctl enable /opt/x.service", Action::Enable, &["/opt/x.service"]),
        ("systemctl disable a -f", Action::Disable, &["a.service"]),
        ("systemctl reenable a", Action::Enable, &["a.service"]),
        ("systemctl mask a", Action::Mask, &["a.service"]),
        ("systemctl unmask a", Action::Unmask, &["a.service"]),
        ("systemctl link /opt/x.service", Action::Link, &["/opt/x.service"]),
        ("systemctl revert a", Action::Revert, &["a.service"]),
        ("systemctl edit --full a", Action::Edit, &["a.service"]),
        ("systemctl set-property a CPUQuota=1% MemoryMax=1M", Action::SetProperty, &["a.service"]),
        ("systemctl add-wants multi-user a", Action::AddDependency, &["a.service"]),
        ("systemctl set-default rescue", Action::SetDefault, &["rescue.target"]),
        ("systemctl preset a", Action::Preset, &["a.service"]),
        ("systemctl preset-all", Action::Preset, &[]),
        ("systemctl daemon-reload", Action::DaemonReload, &[]),
        ("systemctl daemon-reexec", Action::DaemonReexec, &[]),
        ("systemctl freeze a", Action::Freeze, &["a.service"]),
        ("systemctl thaw a", Action::Thaw, &["a.service"]),
        ("systemctl clean a", Action::Clean, &["a.service"]),
        ("systemctl reset-failed", Action::ResetFailed, &[]),
        ("systemctl bind a /x", Action::Mount, &["a.service"]),
        ("systemctl set-environment A=1", Action::SetEnvironment, &[]),
        ("systemctl log-level debug", Action::SetManager, &[]),
        ("systemctl reboot", Action::Power, &[]),
        ("systemctl stop ssh*", Action::Stop, &["ssh*"]),
        ("systemctl stop -- a", Action::Stop, &["a.service"]),
        ("systemctl frobnicate a", Action::Other, &[]),
        ("reboot", Action::Power, &[]),
        ("/sbin/shutdown -h now", Action::Power, &[]),
    ] {
        check(line, action, units, false);
    }
}

#[test]
fn systemctl_queries() {
    for line in [
        "systemctl",
        "systemctl --failed",
        "systemctl list-units --type=service",
        "systemctl list-jobs",
        "systemctl get-default",
        "systemctl show-environment",
        "systemctl log-level",
        "systemctl is-system-running",
    ] {
        check(line, ControlAction::Query, &[], true);
    }
    for line in [
        "systemctl status a",
        "systemctl show -p Id a",
        "systemctl cat a",
        "systemctl is-active a",
        "systemctl -n 5 status a",
    ] {
        check(line, ControlAction::Query, &["a.service"], true);
    }
    check("systemctl stop a --help", ControlAction::Stop, &["a.service"], true);
    check("systemctl poweroff --dry-run", ControlAction::Power, &[], true);
}

#[test]
fn systemctl_options() {
    let request = check("systemctl --user enable --now a", ControlAction::Enable, &["a.service"], false);
    assert_eq!((request.addressed, request.also), (Addressed::User, Some(ControlAction::Start)));
    let request = check("systemctl mask a --now --runtime", ControlAction::Mask, &["a.service"], false);
    assert_eq!((request.also, request.options.runtime), (Some(ControlAction::Stop), true));
    let request = check("systemctl --global disable a", ControlAction::Disable, &["a.service"], false);
    assert_eq!((request.addressed, request.also), (Addressed::AllUsers, None));
    for line in
        ["systemctl --root=/mnt enable a", "systemctl --root /mnt enable a", "systemctl enable a --root /mnt"]
    {
        let request = check(line, ControlAction::Enable, &["a.service"], false);
        assert_eq!((request.options.root.as_deref(), request.is_local()), (Some("/mnt"), false), "{line}");
    }
    for line in ["systemctl -H root@x stop a", "systemctl -Hroot@x stop a", "systemctl stop --host=root@x a"]
    {
        let request = check(line, ControlAction::Stop, &["a.service"], false);
        assert_eq!((request.options.host.as_deref(), request.is_local()), (Some("root@x"), false), "{line}");
    }
    let request = check("systemctl --user -M u@.host stop a", ControlAction::Stop, &["a.service"], false);
    assert_eq!((request.options.machine.as_deref(), request.is_local()), (Some("u@.host"), true));
    assert!(!check("systemctl -M box stop a", ControlAction::Stop, &["a.service"], false).is_local());
    let request = check("systemctl kill -s 9 --kill-whom=all a", ControlAction::Kill, &["a.service"], false);
    assert_eq!(request.options.other("signal").collect::<Vec<_>>(), ["9"]);
    let request =
        check("systemctl set-property a CPUQuota=1%", ControlAction::SetProperty, &["a.service"], false);
    assert_eq!(request.operands, ["CPUQuota=1%"]);
}

#[test]
fn systemd_run() {
    let request = check(
        "systemd-run -u x --uid=0 -p Nice=5 -- sh -c id",
        ControlAction::RunTransient,
        &["x.service"],
        false,
    );
    assert_eq!(request.operands, ["sh", "-c", "id"]);
    assert_eq!(request.options.other("property").collect::<Vec<_>>(), ["Nice=5"]);
    // What follows the program is its own.
    let request = check("systemd-run sh --unit=x", ControlAction::RunTransient, &[], false);
    assert_eq!(request.operands, ["sh", "--unit=x"]);
    check("systemd-run --scope --unit=x sleep 1", ControlAction::RunTransient, &["x.scope"], false);
    let request = check(
        "systemd-run --user --unit=x --on-calendar=daily id",
        ControlAction::RunTransient,
        &["x.service", "x.timer"],
        false,
    );
    assert_eq!(
        (request.addressed, request.options.other("on-calendar").next()),
        (Addressed::User, Some("daily"))
    );
    check(
        "systemd-run --unit x.timer --on-active 5 id",
        ControlAction::RunTransient,
        &["x.service", "x.timer"],
        false,
    );
    let request = check("run0 -u bob --unit=y id -u", ControlAction::RunTransient, &["y.service"], false);
    assert_eq!(request.operands, ["id", "-u"]);
    assert_eq!(request.options.other("uid").collect::<Vec<_>>(), ["bob"]);
}

#[test]
fn calls_by_general_bus_tools() {
    use ControlAction as Action;
    let send = "dbus-send --system --print-reply --dest=org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager.";
    let gdbus = "gdbus call --system --dest org.freedesktop.systemd1 --object-path /org/freedesktop/systemd1 --method org.freedesktop.systemd1.Manager.";
    for (line, action, units) in [
        (format!("{send}StopUnit string:x.service string:replace"), Action::Stop, &["x.service"][..]),
        (
            format!("{send}DisableUnitFiles array:string:a.service,b.service boolean:false"),
            Action::Disable,
            &["a.service", "b.service"],
        ),
        (format!("{send}Reload"), Action::DaemonReload, &[]),
        (
            "dbus-send --system --dest=org.freedesktop.systemd1 --type=method_call /org/freedesktop/systemd1/unit/ssh_2eservice org.freedesktop.systemd1.Unit.Stop string:replace".to_owned(),
            Action::Stop,
            &["ssh.service"],
        ),
        (
            "dbus-send --peer=unix:path=/run/systemd/private --print-reply /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager.StopUnit string:x.service string:fail".to_owned(),
            Action::Stop,
            &["x.service"],
        ),
        (format!("{gdbus}StopUnit x.service replace"), Action::Stop, &["x.service"]),
        (format!("{gdbus}StartUnit 'x.service' \"replace\""), Action::Start, &["x.service"]),
        (
            format!("{gdbus}MaskUnitFiles ['a.service','b.service'] false true"),
            Action::Mask,
            &["a.service", "b.service"],
        ),
        (
            "gdbus call -y -d org.freedesktop.systemd1 -o /org/freedesktop/systemd1 -m org.freedesktop.systemd1.Manager.KillUnit x.service all 9".to_owned(),
            Action::Kill,
            &["x.service"],
        ),
    ] {
        let request = check(&line, action, units, false);
        assert_eq!(request.addressed, Addressed::System, "{line}");
    }
    for line in [
        send.replace("--system ", "") + "StopUnit string:x.service string:replace",
        gdbus.replace("--system", "--session") + "StopUnit x.service replace",
    ] {
        assert_eq!(check(&line, Action::Stop, &["x.service"], false).addressed, Addressed::User, "{line}");
    }
    for line in [
        format!("{send}ListUnits"),
        format!("{gdbus}GetUnit x.service"),
        // Without a wish for an answer it is a signal.
        send.replace("--print-reply ", "") + "StopUnit string:x.service string:replace",
        "dbus-send --session --dest=org.freedesktop.Notifications --type=method_call /a org.example.I.StopUnit string:x".to_owned(),
        "dbus-send --system".to_owned(),
        "gdbus monitor --system --dest org.freedesktop.systemd1".to_owned(),
        "gdbus call -e -d org.example -o /a -m org.example.I.M x".to_owned(),
        "gdbus".to_owned(),
    ] {
        check(&line, Action::Query, &[], true);
    }
}

#[test]
fn busctl_calls() {
    use ControlAction as Action;
    let manager = "org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager";
    for (rest, action, units) in [
        ("StopUnit ss x.service replace", Action::Stop, &["x.service"][..]),
        ("StartTransientUnit ssa(sv)a(sa(sv)) x.service fail 0 0", Action::RunTransient, &["x.service"]),
        (
            "EnableUnitFiles asbb 2 a.service b.service false true",
            Action::Enable,
            &["a.service", "b.service"],
        ),
        ("MaskUnitFiles asbb 1 a.service true true", Action::Mask, &["a.service"]),
        ("KillUnit ssi x.service all 9", Action::Kill, &["x.service"]),
        ("SetUnitProperties sba(sv) x.service true 0", Action::SetProperty, &["x.service"]),
        ("Reload", Action::DaemonReload, &[]),
        ("EnableUnitFiles asbb 99999999999999999999 a", Action::Enable, &[]),
    ] {
        check(&format!("busctl call {manager} {rest}"), action, units, false);
    }
    check(&format!("busctl call {manager} GetUnit s x.service"), Action::Query, &[], true);
    check(&format!("busctl --user call {manager} ListUnits"), Action::Query, &[], true);
    check(
        "busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/ssh_2eservice org.freedesktop.systemd1.Unit Stop s replace",
        Action::Stop,
        &["ssh.service"],
        false,
    );
    check(
        "busctl set-property org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/a_40b_2dc_2eservice org.freedesktop.systemd1.Service X s y",
        Action::SetProperty,
        &["a@b-c.service"],
        false,
    );
    // The manager by the number of its connection.
    let numbered = manager.replacen("org.freedesktop.systemd1 ", ":1.0 ", 1);
    check(
        &format!("busctl call {numbered} StopUnit ss x.service replace"),
        Action::Stop,
        &["x.service"],
        false,
    );
    check("busctl call :1.9 /org/example org.example.I StopUnit s x.service", Action::Other, &[], false);
    check("busctl call org.example /a org.example.I M", Action::Other, &[], false);
    for line in ["busctl", "busctl list", "busctl tree org.freedesktop.systemd1", "busctl monitor"] {
        check(line, Action::Query, &[], true);
    }
}

#[test]
fn varlinkctl_calls() {
    let words = [
        "varlinkctl",
        "call",
        "/run/systemd/io.systemd.Manager",
        "io.systemd.Unit.StartTransient",
        r#"{"context":{"ID":1,"id":"x.service"}}"#,
    ];
    let found = request(&words).unwrap();
    assert_eq!(
        (found.action, found.units, found.read_only),
        (ControlAction::RunTransient, vec!["x.service".to_owned()], false)
    );
    check("varlinkctl introspect /x", ControlAction::Query, &[], true);
    check(
        "varlinkctl call /run/systemd/io.systemd.Manager io.systemd.Manager.Reload {}",
        ControlAction::DaemonReload,
        &[],
        false,
    );
}

#[test]
fn init_script_tools() {
    use ControlAction as Action;
    for (line, action, units, read_only) in [
        ("service ssh stop", Action::Stop, &["ssh.service"][..], false),
        ("/usr/sbin/service ssh.sh start", Action::Start, &["ssh.service"], false),
        ("sh /usr/sbin/service ssh restart", Action::Restart, &["ssh.service"], false),
        ("service ssh status", Action::Query, &["ssh.service"], true),
        ("service --status-all", Action::Query, &[], true),
        ("service ssh --full-restart", Action::Restart, &["ssh.service"], false),
        ("service x force-stop", Action::Stop, &["x.service"], false),
        ("service x checkpoint", Action::Other, &["x.service"], false),
        ("invoke-rc.d --quiet ssh stop", Action::Stop, &["ssh.service"], false),
        ("invoke-rc.d --query ssh stop", Action::Stop, &["ssh.service"], true),
        ("update-rc.d ssh defaults", Action::Enable, &["ssh.service"], false),
        ("update-rc.d -f ssh remove", Action::Disable, &["ssh.service"], false),
        ("perl /usr/sbin/update-rc.d ssh disable 2 3", Action::Disable, &["ssh.service"], false),
        ("update-rc.d -n ssh disable", Action::Disable, &["ssh.service"], true),
        ("chkconfig --level 35 ssh off", Action::Disable, &["ssh.service"], false),
        ("chkconfig ssh on", Action::Enable, &["ssh.service"], false),
        ("chkconfig --add ssh", Action::Enable, &["ssh.service"], false),
        ("chkconfig --del ssh", Action::Disable, &["ssh.service"], false),
        ("chkconfig --list", Action::Query, &[], true),
        ("chkconfig --list ssh", Action::Query, &["ssh.service"], true),
        ("chkconfig ssh", Action::Query, &["ssh.service"], true),
        ("rc-service sshd stop", Action::Stop, &["sshd"], false),
        ("rc-service -e sshd", Action::Query, &["sshd"], true),
        ("rc-update add sshd default", Action::Enable, &["sshd"], false),
        ("rc-update del sshd", Action::Disable, &["sshd"], false),
        ("rc-update -d sshd", Action::Disable, &["sshd"], false),
        ("rc-update show", Action::Query, &[], true),
    ] {
        check(line, action, units, read_only);
    }
}

#[test]
fn sessions_machines_and_images() {
    use ControlAction as Action;
    let linger = check("loginctl enable-linger bob", Action::Enable, &["user@.service"], false);
    assert_eq!(linger.operands, ["bob"]);
    check("loginctl terminate-user bob", Action::EndSession, &[], false);
    check("loginctl", Action::Query, &[], true);
    check("machinectl start box", Action::Start, &["systemd-nspawn@box.service"], false);
    check("machinectl enable --now box", Action::Enable, &["systemd-nspawn@box.service"], false);
    check("machinectl list", Action::Query, &[], true);
    let attach = check("portablectl attach --now --enable ./x.raw", Action::Attach, &[], false);
    assert_eq!((attach.also, attach.operands), (Some(Action::Start), vec!["./x.raw".to_owned()]));
    check("portablectl inspect x", Action::Query, &[], true);
}

#[test]
fn other_programs_are_no_tools() {
    for line in [
        &["ls"][..],
        &["vim", "systemctl"],
        &["sh", "-c", "systemctl stop a"],
        &["sh"],
        &[],
        &["systemctl2", "stop", "a"],
    ] {
        assert_eq!(request(line), None, "{line:?}");
    }
}

#[test]
fn a_tool_may_go_by_another_name() {
    let arguments = [BString::from("stop"), BString::from("a")];
    let request = ControlRequest::parse_as(Tool::Systemctl, BStr::new("/tmp/x"), &arguments);
    assert_eq!((request.action, request.units), (ControlAction::Stop, vec!["a.service".to_owned()]));
}

proptest! {
    #[test]
    fn never_panics(
        tool in prop::sample::select(vec![
            "systemctl", "systemd-run", "run0", "busctl", "dbus-send", "gdbus", "varlinkctl", "loginctl", "machinectl", "portablectl", "service",
            "invoke-rc.d", "update-rc.d", "chkconfig", "rc-service", "rc-update", "shutdown",
        ]),
        arguments in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..8),
                "(-{0,2}[a-z=]{0,9}|call|start|--root|-H|/dev/x|org.freedesktop.systemd1|\\{\"name\":1\\})".prop_map(String::into_bytes),
            ],
            0..9,
        ),
    ) {
        let argv: Vec<BString> = std::iter::once(BString::from(tool)).chain(arguments.into_iter().map(BString::from)).collect();
        let request = ControlRequest::parse(&argv);
        prop_assert!(request.is_some());
    }
}
