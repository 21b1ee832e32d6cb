//! The values that flow through the sensor. They touch nothing and know no output format.

pub mod change;
pub mod event;
pub mod finding;
pub mod known;
pub mod line;
pub mod loss;
pub mod observation;
pub mod process;
pub mod service;
pub mod time;

pub use change::{Change, TextDiff};
pub use event::{Action, EventId, Mechanism, ServiceEvent};
pub use finding::{AttackVersion, DataComponent, Finding, Severity, Technique};
pub use known::{Known, Reason};
pub use line::Line;
pub use loss::Loss;
pub use observation::{FileOperation, Observation, ObservationId, ObservationKind};
pub use process::{Actor, Process, ProcessKey};
pub use service::{Manager, Scope, ServiceId};
pub use time::Timestamp;
