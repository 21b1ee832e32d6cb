//! Windows event logs.

use std::path::PathBuf;

use super::progress::Progress;
use crate::model::line::{SourceState, Started, Totals};
use crate::model::{Known, Line, Reason, Timestamp};
use crate::output::transport::Writer;
use crate::pipeline::WayOut;
use crate::scm::correlate::{Correlator, Output};
use crate::scm::interest;
use crate::windows_event::reader::{self, Limits, Record};

/// The first part of the ids of a replay's events: the same each time, so that two replays can be compared.
const RUN: &str = "replay";

/// Replays logs as one; false when records of them could not be read.
pub(super) fn replay(paths: &[PathBuf], way_out: WayOut, writer: &Writer) -> bool {
    let mut teller = Teller { way_out, writer, lines: Vec::new(), open: true };
    let mut correlator = Correlator::new(RUN.to_owned());
    let mut records = reader::open_all(paths, Limits::new(interest::is_wanted));
    let mut progress = Progress::new();
    let mut now = None;
    let mut whole = true;
    while let Some(record) = records.next() {
        if let Ok(Record::Event(event)) = &record {
            if now.is_none() {
                teller.tell(started(event.time, paths));
            }
            now = Some(event.time);
        }
        match record {
            Ok(record) => teller.tell_all(correlator.push(record)),
            Err(error) => {
                tracing::error!("{error}");
                whole = false;
                let loss = correlator.read_failed(&error, now.unwrap_or(Timestamp(0)));
                teller.tell(Line::Loss(loss));
            }
        }
        if !teller.open {
            return whole;
        }
        progress.show(|| {
            let (finished, all) = records.progress();
            format!("{} records, {finished} of {all} files", correlator.counters().read)
        });
    }
    progress.clear();
    let now = now.unwrap_or_else(|| {
        teller.tell(started(Timestamp(0), paths));
        Timestamp(0)
    });
    teller.tell_all(correlator.finish());
    let totals = Totals { time: now, counters: correlator.counters().named() };
    teller.tell(Line::Stopped { reason: "the logs are read".to_owned(), totals });
    whole
}

/// The first line: which logs are read.
fn started(time: Timestamp, paths: &[PathBuf]) -> Line {
    let source = |path: &PathBuf| SourceState { name: path.display().to_string(), error: None };
    Line::Started(Started {
        time,
        run: RUN.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        os_release: Known::Missing(Reason::NotRecorded),
        host: Known::Missing(Reason::NotRecorded),
        boot_id: Known::Missing(Reason::NotRecorded),
        sources: paths.iter().map(source).collect(),
        blind: Vec::new(),
        services: 0,
    })
}

/// Tells lines until nobody reads them any more.
struct Teller<'a> {
    way_out: WayOut,
    writer: &'a Writer,
    lines: Vec<u8>,
    open: bool,
}

impl Teller<'_> {
    fn tell_all(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            self.tell(match output {
                Output::Event(event) => Line::Event(event),
                Output::Loss(loss) => Line::Loss(loss),
            });
        }
    }

    fn tell(&mut self, line: Line) {
        self.way_out.tell(line, &mut self.lines);
        self.open &= self.writer.send(std::mem::take(&mut self.lines)).is_ok();
    }
}
