//! Figures of one kind, and how far they lie apart.

use std::fmt;
use std::time::Duration;

/// Figures of one kind, sorted.
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    /// The figures in microseconds.
    pub(crate) fn of_durations(durations: impl IntoIterator<Item = Duration>) -> Self {
        Self::of(durations.into_iter().map(|duration| duration.as_secs_f64() * 1e6))
    }

    /// The figures as they are.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Self(figures)
    }

    /// The figure below which `percent` of a hundred lie.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).copied().unwrap_or(f64::NAN)
    }
}

/// Least, median and greatest.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = f.precision().unwrap_or(3);
        let (least, median, greatest) = (self.percentile(0), self.percentile(50), self.percentile(100));
        write!(f, "{median:.precision$} ({least:.precision$} to {greatest:.precision$})")
    }
}
