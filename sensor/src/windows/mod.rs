//! What touches a Windows host: its event logs, traces, registry and SCM. What can be done without calls of the system
//! stands elsewhere and is portable.

mod account;
mod audit_policy;
mod bookmarks;
mod channel;
pub mod clock;
pub mod console;
pub mod doctor;
mod enrich;
mod event;
mod event_log;
mod evt;
mod examiner;
mod facts;
mod fault;
pub mod folder;
mod inventory;
pub mod live;
mod machine;
mod privileges;
mod processes;
mod registry;
mod registry_watch;
mod scm;
pub mod security;
pub mod service;
mod session;
mod signature;
mod sources;
mod state_file;
mod status_watch;
mod subscription;
mod trace;
mod trace_control;
mod version;
mod volumes;
mod wait;
