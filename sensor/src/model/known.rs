//! A fact, or the reason why it is missing: absence is data.

/// A fact that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Known<T> {
    /// The fact.
    Is(T),
    /// It is being looked up and follows as an enrichment of the event.
    Pending,
    /// It can't be had.
    Missing(Reason),
}

/// Why a fact can't be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The process had ended before it was asked.
    Exited,
    /// The host refused to tell.
    Denied,
    /// There is no such object.
    NotFound,
    /// Above the size that is read.
    TooLarge,
    /// It changed while it was read.
    Raced,
    /// This host, kernel or attach plan doesn't offer it.
    Unsupported,
    /// The source doesn't carry it.
    NotRecorded,
    /// What was read makes no sense.
    Malformed,
    /// The record that would tell was lost.
    Lost,
    /// Reading failed for another reason, such as an I/O error.
    Failed,
    /// As [`Known::Pending`], of a fact that has no place of its own but a name.
    Pending,
}

impl<T> Known<T> {
    /// The fact, where there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Pending | Self::Missing(_) => None,
        }
    }

    /// Applies `f` to the fact.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Is(value) => Known::Is(f(value)),
            Self::Pending => Known::Pending,
            Self::Missing(reason) => Known::Missing(reason),
        }
    }

    /// A reference to the fact, with the same reason where it is missing.
    pub fn as_ref(&self) -> Known<&T> {
        match self {
            Self::Is(value) => Known::Is(value),
            Self::Pending => Known::Pending,
            Self::Missing(reason) => Known::Missing(*reason),
        }
    }

    /// The fact if it is known, else what `other` gives.
    #[must_use]
    pub fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Is(_) => self,
            Self::Pending | Self::Missing(_) => other(),
        }
    }
}

impl<T> From<Result<T, Reason>> for Known<T> {
    fn from(result: Result<T, Reason>) -> Self {
        match result {
            Ok(value) => Self::Is(value),
            Err(reason) => Self::Missing(reason),
        }
    }
}
