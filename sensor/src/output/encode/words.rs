//! The words by which the output names the values of the model's enumerations.

use crate::model::event::{Action, Mechanism};
use crate::model::finding::{DataComponent, Severity};
use crate::model::known::Reason;
use crate::model::process::Confidence;
use crate::model::service::{Enablement, Manager, Scope, ServiceId};

pub(super) fn action(action: Action) -> &'static str {
    match action {
        Action::Created => "created",
        Action::Modified => "modified",
        Action::Removed => "removed",
        Action::Enabled => "enabled",
        Action::Disabled => "disabled",
        Action::Masked => "masked",
        Action::Unmasked => "unmasked",
        Action::Aliased => "aliased",
        Action::Started => "started",
        Action::Stopped => "stopped",
        Action::Failed => "failed",
        Action::ControlRequested => "control_requested",
    }
}

/// The component of ATT&CK's data source Service by which an event of this kind is seen.
pub(super) fn component(action: Action) -> DataComponent {
    match action {
        Action::Created => DataComponent::Creation,
        Action::Modified
        | Action::Removed
        | Action::Enabled
        | Action::Disabled
        | Action::Masked
        | Action::Unmasked
        | Action::Aliased => DataComponent::Modification,
        Action::Started | Action::Stopped | Action::Failed | Action::ControlRequested => {
            DataComponent::Metadata
        }
    }
}

pub(super) fn mechanism(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::UnitFile => "unit_file",
        Mechanism::DropIn => "drop_in",
        Mechanism::DependencyLink => "dependency_link",
        Mechanism::AliasLink => "alias_link",
        Mechanism::Mask => "mask",
        Mechanism::Transient => "transient",
        Mechanism::Generator => "generator",
        Mechanism::Command => "command",
        Mechanism::InitScript => "init_script",
        Mechanism::ServiceControlManager => "service_control_manager",
        Mechanism::Registry => "registry",
        Mechanism::Executable => "executable",
    }
}

pub(super) fn manager(manager: Manager) -> &'static str {
    match manager {
        Manager::Systemd => "systemd",
        Manager::SysV => "sysv",
        Manager::Scm => "scm",
        Manager::Launchd => "launchd",
    }
}

pub(super) fn scope(scope: Scope) -> String {
    match scope {
        Scope::System => "system".to_owned(),
        Scope::AllUsers => "all_users".to_owned(),
        Scope::User(uid) => format!("user:{uid}"),
    }
}

/// The unit type: the suffix of the unit name (systemd.unit(5)); other managers have none.
pub(super) fn unit_type(service: &ServiceId) -> Option<&str> {
    match service.manager {
        Manager::Systemd => service.name.rsplit_once('.').map(|(_, suffix)| suffix),
        Manager::SysV | Manager::Scm | Manager::Launchd => None,
    }
}

/// As systemctl(1) prints it for `is-enabled`, where it has a word.
pub(super) fn enablement(enablement: Enablement) -> &'static str {
    match enablement {
        Enablement::Enabled => "enabled",
        Enablement::EnabledRuntime => "enabled-runtime",
        Enablement::Disabled => "disabled",
        Enablement::Static => "static",
        Enablement::Masked => "masked",
        Enablement::MaskedRuntime => "masked-runtime",
        Enablement::Alias => "alias",
        Enablement::Linked => "linked",
        Enablement::LinkedRuntime => "linked-runtime",
        Enablement::Indirect => "indirect",
        Enablement::Generated => "generated",
        Enablement::Transient => "transient",
        Enablement::Bad => "bad",
        Enablement::Absent => "not-found",
        Enablement::Boot => "boot",
        Enablement::Manual => "manual",
    }
}

pub(super) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "informational",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

pub(super) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Exited => "exited",
        Reason::Denied => "denied",
        Reason::NotFound => "not_found",
        Reason::TooLarge => "too_large",
        Reason::Raced => "raced",
        Reason::Unsupported => "unsupported",
        Reason::NotRecorded => "not_recorded",
        Reason::Malformed => "malformed",
        Reason::Lost => "lost",
        Reason::Failed => "failed",
        Reason::Pending => "pending",
    }
}
