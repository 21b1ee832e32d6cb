//! What a detector is told at start: analytics that are off, and findings that are expected.

use thiserror::Error;

use crate::model::Timestamp;

use super::analytic;

/// How a detector is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Names of analytics that are off.
    pub disabled: Vec<String>,
    /// Findings that are expected and not told.
    pub allowed: Vec<Allowed>,
}

/// Findings that are expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The analytic's name, or `*` for all.
    pub analytic: String,
    /// A pattern of service names: `*` stands for any text, `?` for one character, in either case of letters.
    pub service: String,
    /// Why they are expected. It must not be empty.
    pub reason: String,
    /// The last moment at which they are, by the time of the evidence; `None` for good.
    pub until: Option<Timestamp>,
}

/// Why options make no sense.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OptionsError {
    /// There is no such analytic.
    #[error("there is no analytic named {0:?}")]
    UnknownAnalytic(String),
    /// An allow-list entry says nothing of its reason.
    #[error("the allow-list entry for analytic {analytic:?} and service {service:?} has no reason")]
    NoReason {
        /// The entry's analytic.
        analytic: String,
        /// The entry's service pattern.
        service: String,
    },
    /// An allow-list entry's pattern matches nothing.
    #[error("the allow-list entry for analytic {0:?} names no service; `*` stands for all")]
    NoService(String),
}

impl Options {
    /// Finds the first mistake.
    ///
    /// # Errors
    /// When an analytic is named that does not exist, or an entry lacks its reason or its service.
    pub fn check(&self) -> Result<(), OptionsError> {
        for name in &self.disabled {
            known(name)?;
        }
        for entry in &self.allowed {
            if entry.analytic != "*" {
                known(&entry.analytic)?;
            }
            if entry.service.is_empty() {
                return Err(OptionsError::NoService(entry.analytic.clone()));
            }
            if entry.reason.trim().is_empty() {
                return Err(OptionsError::NoReason {
                    analytic: entry.analytic.clone(),
                    service: entry.service.clone(),
                });
            }
        }
        Ok(())
    }
}

/// An error unless there is an analytic of this name.
fn known(name: &str) -> Result<(), OptionsError> {
    match analytic::by_name(name) {
        Some(_) => Ok(()),
        None => Err(OptionsError::UnknownAnalytic(name.to_owned())),
    }
}
