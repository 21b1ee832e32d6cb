//! The live run: one thread waits for whatever comes first, and tells it in the order in which it came.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::clock;
use crate::config::Events;
use crate::model::line::{Started, Totals};
use crate::model::{Known, Line, Reason};
use crate::output::encode::json::JsonEncoder;
use crate::output::transport::{SendError, Writer};
use crate::pipeline::{Encoder, WayOut};

/// What can wake a live run, from any thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// It is to end: who asked for it, or why.
    Stop(&'static str),
    /// Nobody reads its lines any more.
    ReaderGone,
}

/// Why a live run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Asked(&'static str),
    /// Nobody reads its lines any more.
    ReaderGone,
}

/// Runs until a message or the reader ends it. `ready` is called once every change from then on is told.
///
/// # Errors
/// When the run can't be named.
pub fn run(
    way_out: WayOut,
    writer: &Writer,
    events: &Events,
    inbox: &Receiver<Message>,
    ready: impl FnOnce(),
) -> io::Result<Ended> {
    let started = started()?;
    let mut teller = Teller { way_out, writer, lines: Vec::new(), ended: None };
    if let Encoder::Json(json) = &mut teller.way_out.encoder {
        *json = JsonEncoder::new(started.host.get().cloned());
    }
    teller.tell(Line::Started(started));
    ready();
    let mut heartbeat = Instant::now() + events.heartbeat;
    let ended = loop {
        if let Some(ended) = teller.ended {
            break ended;
        }
        match inbox.recv_timeout(heartbeat.saturating_duration_since(Instant::now())) {
            Ok(Message::Stop(who)) => break Ended::Asked(who),
            Ok(Message::ReaderGone) => break Ended::ReaderGone,
            Err(RecvTimeoutError::Timeout) => {
                heartbeat += events.heartbeat.max(Duration::from_secs(1));
                let totals = teller.totals();
                teller.tell(Line::Heartbeat(totals));
            }
            Err(RecvTimeoutError::Disconnected) => break Ended::Asked("nobody can stop it any more"),
        }
    };
    let reason = match ended {
        Ended::Asked(who) => who,
        Ended::ReaderGone => "nobody reads the output any more",
    };
    let totals = teller.totals();
    teller.tell(Line::Stopped { reason: reason.to_owned(), totals });
    Ok(ended)
}

fn started() -> io::Result<Started> {
    let mut run = [0; 6];
    getrandom::fill(&mut run).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(Started {
        time: clock::now(),
        run: hex::encode(run),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        os_release: Known::Missing(Reason::NotRecorded),
        host: std::env::var("COMPUTERNAME").map_or(Known::Missing(Reason::NotFound), Known::Is),
        boot_id: Known::Missing(Reason::Unsupported),
        sources: Vec::new(),
        blind: vec!["nothing that happens on this host is seen: no live source is built in".to_owned()],
        services: 0,
    })
}

/// Tells lines until nobody reads them any more.
struct Teller<'a> {
    way_out: WayOut,
    writer: &'a Writer,
    lines: Vec<u8>,
    ended: Option<Ended>,
}

impl Teller<'_> {
    fn tell(&mut self, line: Line) {
        self.way_out.tell(line, &mut self.lines);
        match self.writer.send(std::mem::take(&mut self.lines)) {
            // What does not fit is counted by the writer, which tells it when the reader is back.
            Ok(()) | Err(SendError::Full) => {}
            Err(SendError::Closed) => self.ended = Some(Ended::ReaderGone),
        }
    }

    fn totals(&self) -> Totals {
        let lines = self.writer.stats();
        Totals {
            time: clock::now(),
            counters: vec![
                ("output.accepted".to_owned(), lines.accepted),
                ("output.written".to_owned(), lines.written),
                ("output.dropped".to_owned(), lines.dropped),
            ],
        }
    }
}
