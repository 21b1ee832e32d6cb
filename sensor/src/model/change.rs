//! What changed: before and after.

/// One setting's value before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands: a unit file's section; empty where the manager has none.
    pub section: String,
    /// The setting's name.
    pub name: String,
    /// Its effective values before; empty when it was not set.
    pub before: Vec<String>,
    /// Its effective values after; empty when it is no longer set.
    pub after: Vec<String>,
}

/// The raw difference of a file's text, as lines, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextDiff {
    /// Removed lines start with `-`, added ones with `+`, in the file's order.
    pub lines: Vec<String>,
    /// How many more lines differ than are listed.
    pub omitted: usize,
}
