//! JSON lines of the schema `svcsensor/1`, as docs/schema/svcsensor-1.schema.json describes them.

mod event;
mod finding;
mod object;
mod process;
mod stream;

#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;

use crate::model::line::Line;
use crate::model::time::Timestamp;

use object::{Missing, Object};

/// The value of `schema` in every line. It changes when a reader of the old lines could misread the new.
pub const SCHEMA: &str = "svcsensor/1";

/// Turns lines into JSON, one object per line.
///
/// A member without a value is `null`. Where that is so because a fact could not be had, `missing` names the
/// member by its path and says why; `pending` there promises an `enrichment`.
#[derive(Clone, Debug, Default)]
pub struct JsonEncoder {
    host: Option<String>,
}

impl JsonEncoder {
    /// An encoder that gives `host` as the host of everything that doesn't name another.
    #[must_use]
    pub fn new(host: Option<String>) -> Self {
        Self { host }
    }

    /// Adds `line` to the end of `out`, with its line feed.
    pub fn encode(&self, line: &Line, out: &mut Vec<u8>) {
        let mut missing = Missing::default();
        Object::write(out, &mut missing, |object| match line {
            Line::Started(started) => stream::started(object, started),
            Line::Event(event) => event::event(object, event, self.host.as_deref()),
            Line::Finding(finding) => finding::finding(object, finding, self.host.as_deref()),
            Line::Enrichment(enrichment) => stream::enrichment(object, enrichment),
            Line::Loss(loss) => stream::loss(object, loss),
            Line::Heartbeat(totals) => stream::heartbeat(object, totals),
            Line::Stopped { reason, totals } => stream::stopped(object, reason, totals),
        });
        out.push(b'\n');
    }
}

/// The members that open every line.
fn head(object: &mut Object<'_>, kind: &str, time: Timestamp) {
    object.value("schema", SCHEMA);
    object.value("type", kind);
    object.value("time", &time.to_string());
}
