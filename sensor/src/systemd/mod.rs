//! What is known of systemd: names, directories, unit files, their merge, their changes and the tools that control it.
//!
//! Everything here is pure: no file is opened and no host is asked, so it behaves alike on every operating system.
//! The behaviour is that of systemd 252 to 257; where versions differ, the item says which one it follows.
//!
//! ```
//! use svcsensor::model::Action;
//! use svcsensor::systemd::{FileState, Host, Inventory, ManagerFacts, SearchPath, observe_path};
//!
//! let host = Host { merged_usr: true };
//! let mut inventory = Inventory::new(host);
//! inventory.add_manager(SearchPath::system(host), ManagerFacts::system());
//!
//! // What is there at start is applied; what happens later is observed.
//! let vendor = FileState::regular("[Service]\nExecStart=/usr/sbin/sshd -D\n", 0o644, 0, 0);
//! inventory.apply("/usr/lib/systemd/system".into(), "ssh.service".into(), vendor);
//!
//! let drop_in = FileState::regular("[Service]\nExecStartPost=/tmp/x\n", 0o644, 0, 0);
//! let path = "/etc/systemd/system/ssh.service.d/x.conf".into();
//! let seen = observe_path(&mut inventory, path, drop_in).expect("a change");
//! let change = &seen.units[0];
//! assert_eq!((change.unit.as_str(), change.action), ("ssh.service", Action::Modified));
//! assert_eq!(change.changes[0].after, ["/tmp/x"]);
//! ```

pub mod cgroup;
pub mod change;
pub mod command_line;
pub mod control;
pub mod daemon;
pub mod directive;
mod directive_names;
pub mod escape;
pub mod inventory;
pub mod location;
mod merge;
pub mod name;
pub mod search_path;
pub mod specifier;
pub mod text_diff;
pub mod unit;
pub mod words;

pub use change::{Observed, UnitChange, observe, observe_path};
pub use command_line::{CommandError, Commands, ExecCommand, ExecFlags, ExecPlaces};
pub use control::{Addressed, ControlAction, ControlOptions, ControlRequest, Tool};
pub use inventory::{
    DependencyLink, DropIn, EffectiveUnit, FileChange, FileState, Fragment, Hash, Inventory, LoadState,
    RegularFile, SpecialKind, SymbolicLink, UnitProblem,
};
pub use location::{DependencyKind, DropInOwner, Location, NotAUnit};
pub use name::{NameError, NameKind, UnitName, UnitType};
pub use search_path::{GeneratorDirectory, Host, Role, SearchPath, UnitDirectory, UserDirectories};
pub use specifier::{ManagerFacts, SpecifierContext};
pub use unit::{Assignment, Problem, ProblemKind, UnitFile};
