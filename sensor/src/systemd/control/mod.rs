//! What commands ask of a service manager: `systemctl stop ssh`, `service ssh stop`, `busctl call … StopUnit`.
//!
//! A command line only tells what was asked for; whether it was done, the manager and the file system tell.

mod bus;
mod container;
mod dbus;
mod login;
mod mangle;
mod openrc;
mod options;
mod systemctl;
mod systemd_run;
mod sysv;
#[cfg(test)]
mod tests;

use bstr::{BStr, BString, ByteSlice as _};

use super::words::printable;

pub use mangle::unit_name;

/// How many arguments of a command are looked at.
const ARGUMENTS_MAX: usize = 4096;

/// A program that controls services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// systemctl(1)
    Systemctl,
    /// systemd-run(1)
    SystemdRun,
    /// run0(1), which is systemd-run under another name
    Run0,
    /// busctl(1)
    Busctl,
    /// dbus-send(1)
    DbusSend,
    /// gdbus(1)
    Gdbus,
    /// varlinkctl(1)
    Varlinkctl,
    /// loginctl(1)
    Loginctl,
    /// machinectl(1)
    Machinectl,
    /// portablectl(1)
    Portablectl,
    /// service(8)
    Service,
    /// invoke-rc.d(8)
    InvokeRcD,
    /// update-rc.d(8)
    UpdateRcD,
    /// chkconfig(8)
    Chkconfig,
    /// rc-service(8) of OpenRC
    RcService,
    /// rc-update(8) of OpenRC
    RcUpdate,
}

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRequest {
    /// The program.
    pub tool: Tool,
    /// The verb as the tool knows it: `stop`, `StopUnit`, `remove`; empty where it has none.
    pub verb: String,
    /// What that comes to.
    pub action: ControlAction,
    /// What it does as well: `enable --now` also starts.
    pub also: Option<ControlAction>,
    /// The units, named as the tool would name them; patterns and paths stay.
    pub units: Vec<String>,
    /// Whose manager is addressed.
    pub addressed: Addressed,
    /// Options that matter.
    pub options: ControlOptions,
    /// Further operands: properties, the command of systemd-run, users, images.
    pub operands: Vec<String>,
    /// Whether it only asks for information or only says what it would do.
    pub read_only: bool,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ControlAction {
    /// Information.
    Query,
    /// Run it.
    Start,
    /// End it.
    Stop,
    /// End it and run it again.
    Restart,
    /// Have it read its configuration again.
    Reload,
    /// Send it a signal.
    Kill,
    /// Start one unit and stop all others.
    Isolate,
    /// Halt its processes where they are.
    Freeze,
    /// Let them go on.
    Thaw,
    /// Remove its files: state, cache, logs.
    Clean,
    /// Forget that it failed.
    ResetFailed,
    /// Have it started by itself.
    Enable,
    /// Have it no longer started by itself.
    Disable,
    /// Enable or disable as the distribution says.
    Preset,
    /// Make it impossible to start.
    Mask,
    /// Undo that.
    Unmask,
    /// Make a file from elsewhere a unit.
    Link,
    /// Remove what was changed about it.
    Revert,
    /// Have another unit pull it in.
    AddDependency,
    /// Change its files in an editor.
    Edit,
    /// Change its settings while it runs.
    SetProperty,
    /// Choose what is started at boot.
    SetDefault,
    /// Mount something into its namespace.
    Mount,
    /// Run a program in a unit made for it.
    RunTransient,
    /// Drop a job that waits.
    CancelJob,
    /// Change the manager's environment variables.
    SetEnvironment,
    /// Change the manager's own settings, such as its log level.
    SetManager,
    /// Have the manager read all units again.
    DaemonReload,
    /// Have the manager replace itself.
    DaemonReexec,
    /// Shut down, sleep, or change the run level.
    Power,
    /// Attach a portable service.
    Attach,
    /// Detach one.
    Detach,
    /// End a login session or all of a user's.
    EndSession,
    /// Something else that is not known to change a service.
    Other,
}

impl ControlAction {
    /// Its name in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::Kill => "kill",
            Self::Isolate => "isolate",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::Clean => "clean",
            Self::ResetFailed => "reset_failed",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Preset => "preset",
            Self::Mask => "mask",
            Self::Unmask => "unmask",
            Self::Link => "link",
            Self::Revert => "revert",
            Self::AddDependency => "add_dependency",
            Self::Edit => "edit",
            Self::SetProperty => "set_property",
            Self::SetDefault => "set_default",
            Self::Mount => "mount",
            Self::RunTransient => "run_transient",
            Self::CancelJob => "cancel_job",
            Self::SetEnvironment => "set_environment",
            Self::SetManager => "set_manager",
            Self::DaemonReload => "daemon_reload",
            Self::DaemonReexec => "daemon_reexec",
            Self::Power => "power",
            Self::Attach => "attach",
            Self::Detach => "detach",
            Self::EndSession => "end_session",
            Self::Other => "other",
        }
    }
}

/// Whose manager is addressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Addressed {
    /// The system manager.
    #[default]
    System,
    /// The manager of the user who runs the command.
    User,
    /// What all users' managers share (`--global`).
    AllUsers,
}

/// Options that matter to what a command does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct ControlOptions {
    /// `--now`
    pub now: bool,
    /// `--runtime`
    pub runtime: bool,
    /// `--force`
    pub force: bool,
    /// `--no-reload`
    pub no_reload: bool,
    /// `--dry-run`
    pub dry_run: bool,
    /// `--root=`: the command works on files of another tree and talks to no manager.
    pub root: Option<String>,
    /// `--image=`: the same with an image.
    pub image: Option<String>,
    /// `--host=`: the manager of another host.
    pub host: Option<String>,
    /// `--machine=`: the manager of a container, or of another user (`user@.host`).
    pub machine: Option<String>,
    /// Other options with their values, as the tool names them: `signal`, `property`, `on-calendar`.
    pub others: Vec<(&'static str, String)>,
}

impl ControlOptions {
    /// The user of this host whose manager is meant: `--machine=user@.host`, or `user@`.
    pub fn user_of_host(&self) -> Option<&str> {
        let (user, host) = self.machine.as_deref()?.split_once('@')?;
        (!user.is_empty() && matches!(host, "" | ".host")).then_some(user)
    }
}

impl Tool {
    /// The tool that a program's name or path stands for.
    pub fn from_program(program: &BStr) -> Option<Self> {
        let name = program.rsplit_once_str("/").map_or(program.as_bytes(), |(_, name)| name);
        Some(match name {
            b"systemctl" | b"halt" | b"poweroff" | b"reboot" | b"shutdown" | b"telinit" | b"runlevel" => {
                Self::Systemctl
            }
            b"systemd-run" => Self::SystemdRun,
            b"run0" | b"uid0" => Self::Run0,
            b"busctl" => Self::Busctl,
            b"dbus-send" => Self::DbusSend,
            b"gdbus" => Self::Gdbus,
            b"varlinkctl" => Self::Varlinkctl,
            b"loginctl" => Self::Loginctl,
            b"machinectl" => Self::Machinectl,
            b"portablectl" => Self::Portablectl,
            b"service" => Self::Service,
            b"invoke-rc.d" => Self::InvokeRcD,
            b"update-rc.d" => Self::UpdateRcD,
            b"chkconfig" => Self::Chkconfig,
            b"rc-service" => Self::RcService,
            b"rc-update" => Self::RcUpdate,
            _ => return None,
        })
    }

    /// The program's usual name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Systemctl => "systemctl",
            Self::SystemdRun => "systemd-run",
            Self::Run0 => "run0",
            Self::Busctl => "busctl",
            Self::DbusSend => "dbus-send",
            Self::Gdbus => "gdbus",
            Self::Varlinkctl => "varlinkctl",
            Self::Loginctl => "loginctl",
            Self::Machinectl => "machinectl",
            Self::Portablectl => "portablectl",
            Self::Service => "service",
            Self::InvokeRcD => "invoke-rc.d",
            Self::UpdateRcD => "update-rc.d",
            Self::Chkconfig => "chkconfig",
            Self::RcService => "rc-service",
            Self::RcUpdate => "rc-update",
        }
    }
}

impl ControlRequest {
    /// Reads a command line whose first argument, or its last path component, names the tool.
    ///
    /// A script's interpreter is passed over: `sh /usr/sbin/service ssh stop` is a run of service.
    pub fn parse(argv: &[BString]) -> Option<Self> {
        let (program, arguments) = argv.split_first()?;
        if let Some(tool) = Tool::from_program(program.as_bstr()) {
            return Some(Self::parse_as(tool, program.as_bstr(), arguments));
        }
        let is_shell = [&b"sh"[..], b"dash", b"bash", b"ash", b"busybox", b"perl", b"env"]
            .contains(&program.rsplit_once_str("/").map_or(program.as_bytes(), |(_, name)| name));
        let (script, arguments) = arguments.split_first().filter(|_| is_shell)?;
        Tool::from_program(script.as_bstr()).map(|tool| Self::parse_as(tool, script.as_bstr(), arguments))
    }

    /// Reads the arguments of a run of `tool`, which was called by the name `program`.
    pub fn parse_as(tool: Tool, program: &BStr, arguments: &[BString]) -> Self {
        let arguments: Vec<String> =
            arguments.iter().take(ARGUMENTS_MAX).map(|text| printable(text)).collect();
        let name = program.rsplit_once_str("/").map_or(program.as_bytes(), |(_, name)| name);
        match tool {
            Tool::Systemctl
                if name != b"systemctl" && Tool::from_program(program) == Some(Tool::Systemctl) =>
            {
                systemctl::by_other_name(&printable(name), &arguments)
            }
            Tool::Systemctl => systemctl::parse(&arguments),
            Tool::SystemdRun => systemd_run::parse(&arguments),
            Tool::Run0 => systemd_run::parse_run0(&arguments),
            Tool::Busctl => bus::parse_busctl(&arguments),
            Tool::DbusSend => dbus::parse_dbus_send(&arguments),
            Tool::Gdbus => dbus::parse_gdbus(&arguments),
            Tool::Varlinkctl => bus::parse_varlinkctl(&arguments),
            Tool::Loginctl => login::parse(&arguments),
            Tool::Machinectl => container::parse_machinectl(&arguments),
            Tool::Portablectl => container::parse_portablectl(&arguments),
            Tool::Service => sysv::parse_service(&arguments),
            Tool::InvokeRcD => sysv::parse_invoke_rc_d(&arguments),
            Tool::UpdateRcD => sysv::parse_update_rc_d(&arguments),
            Tool::Chkconfig => sysv::parse_chkconfig(&arguments),
            Tool::RcService => openrc::parse_rc_service(&arguments),
            Tool::RcUpdate => openrc::parse_rc_update(&arguments),
        }
    }

    /// A request of `tool` that nothing is known of yet but its verb.
    fn new(tool: Tool, verb: &str, action: ControlAction) -> Self {
        Self {
            tool,
            verb: verb.to_owned(),
            action,
            also: None,
            units: Vec::new(),
            addressed: Addressed::System,
            options: ControlOptions::default(),
            operands: Vec::new(),
            read_only: action == ControlAction::Query,
        }
    }

    /// Whether it is meant for this host's own manager or files, not for another host, container or tree.
    pub fn is_local(&self) -> bool {
        let options = &self.options;
        let other_user =
            options.machine.as_deref().is_some_and(|machine| machine == ".host" || machine == "@.host")
                || options.user_of_host().is_some();
        options.root.is_none()
            && options.image.is_none()
            && options.host.is_none()
            && (options.machine.is_none() || other_user)
    }
}
