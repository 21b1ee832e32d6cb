//! What a change means.

use super::{EventId, ServiceId, Timestamp};

/// A conclusion that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When the last of the evidence happened.
    pub time: Timestamp,
    /// The analytic's name: a behaviour in kebab-case. It never changes.
    pub analytic: &'static str,
    /// A title of a few words.
    pub title: &'static str,
    /// The service that it is about.
    pub service: ServiceId,
    /// The host that the evidence comes from, where it is not this one.
    pub host: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: why this deserves a look, with the facts that say so.
    pub why: String,
    /// The techniques that it points to.
    pub techniques: Vec<&'static Technique>,
    /// The data component by which it was seen.
    pub component: DataComponent,
    /// The events that it rests on.
    pub evidence: Vec<EventId>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Informational,
    /// Unusual.
    Low,
    /// Suspicious.
    Medium,
    /// Hardly ever benign.
    High,
    /// An attack.
    Critical,
}

/// A component of ATT&CK's data source Service (DS0019; deprecated as a source from v18 on).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataComponent {
    /// Service Creation, DC0060.
    Creation,
    /// Service Metadata, DC0041.
    Metadata,
    /// Service Modification, DC0065.
    Modification,
}

/// A technique of MITRE ATT&CK, with its id in each supported version.
#[derive(Debug, PartialEq, Eq)]
pub struct Technique {
    /// Its name in the newest version.
    pub name: &'static str,
    /// Its id in v17.
    pub v17: &'static str,
    /// Its id in v18.
    pub v18: &'static str,
    /// Its id in v19.
    pub v19: &'static str,
}

/// A version of ATT&CK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttackVersion {
    /// April 2025.
    V17,
    /// October 2025.
    V18,
    /// Spring 2026.
    V19,
}

impl Technique {
    /// The id under which `version` knows it.
    pub fn id(&self, version: AttackVersion) -> &'static str {
        match version {
            AttackVersion::V17 => self.v17,
            AttackVersion::V18 => self.v18,
            AttackVersion::V19 => self.v19,
        }
    }
}

impl DataComponent {
    /// Its id in ATT&CK v18 and later.
    pub fn id(self) -> &'static str {
        match self {
            Self::Creation => "DC0060",
            Self::Metadata => "DC0041",
            Self::Modification => "DC0065",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Creation => "Service Creation",
            Self::Metadata => "Service Metadata",
            Self::Modification => "Service Modification",
        }
    }
}
