//! What is known of systemd: names, directories, unit files, their merge, their changes and the tools that control it.
//!
//! Everything here is pure: no file is opened and no host is asked, so it behaves alike on every operating system.
//! The behaviour is that of systemd 252 to 257; where versions differ, the item says which one it follows.

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

pub use change::{Observed, UnitChange, observe};
pub use command_line::{CommandError, Commands, ExecCommand, ExecFlags};
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
