//! From inputs to encoded lines: engine, detection, redaction and encoding in a row, for live hosts and recordings alike.

use crate::detect::Detector;
use crate::engine::{Engine, Input};
use crate::host::Host;
use crate::model::{Line, Timestamp};
use crate::output::encode::human::HumanEncoder;
use crate::output::encode::json::JsonEncoder;
use crate::output::redact::{Key, Redactor};

/// How lines are written.
pub enum Encoder {
    /// For machines.
    Json(JsonEncoder),
    /// For people at a terminal.
    Human(HumanEncoder),
}

impl Encoder {
    /// Adds `line` to the end of `out`.
    pub fn encode(&self, line: &Line, out: &mut Vec<u8>) {
        match self {
            Self::Json(json) => json.encode(line, out),
            Self::Human(human) => human.encode(line, out),
        }
    }
}

/// From inputs to encoded lines.
pub struct Pipeline {
    engine: Engine,
    way_out: WayOut,
    lines: Vec<Line>,
}

/// What every line goes through once it is concluded, wherever it comes from.
pub struct WayOut {
    /// Judges events.
    pub detector: Detector,
    /// Takes secrets out; `None` where they are to stay.
    pub redactor: Option<Redactor>,
    /// Writes lines.
    pub encoder: Encoder,
}

impl WayOut {
    /// Adds `line`, and the findings that it gives rise to, to `out`.
    pub fn tell(&mut self, line: Line, out: &mut Vec<u8>) {
        // Findings rest on what really happened; what is told of it is redacted afterwards.
        let findings = match &line {
            Line::Event(event) => self.detector.judge(event),
            Line::Started(_)
            | Line::Finding(_)
            | Line::Enrichment(_)
            | Line::Loss(_)
            | Line::Heartbeat(_)
            | Line::Stopped { .. } => Vec::new(),
        };
        self.write(line, out);
        for finding in findings {
            self.write(Line::Finding(Box::new(finding)), out);
        }
    }

    fn write(&self, mut line: Line, out: &mut Vec<u8>) {
        if let Some(redactor) = &self.redactor {
            redactor.redact(&mut line);
        }
        self.encoder.encode(&line, out);
    }
}

impl Pipeline {
    /// A pipeline that waits for its first input.
    pub fn new(way_out: WayOut) -> Self {
        Self { engine: Engine::new(), way_out, lines: Vec::new() }
    }

    /// Takes one input and adds the lines that it causes to `out`, each with its line feed.
    pub fn feed(&mut self, input: Input, host: &mut dyn Host, out: &mut Vec<u8>) {
        if let (Input::Start(start), Encoder::Json(json)) = (&input, &mut self.way_out.encoder) {
            *json = JsonEncoder::new(start.started.host.get().cloned());
        }
        // A replay marks secrets as the live run did, so that it tells the same lines.
        if let (Input::Start(start), Some(redactor)) = (&input, &mut self.way_out.redactor) {
            redactor.set_key(Key::from_bytes(start.redaction_key));
        }
        self.engine.feed(input, host, &mut self.lines);
        for line in self.lines.drain(..) {
            self.way_out.tell(line, out);
        }
    }

    /// When the engine wants to hear that time has passed, if nothing happens before.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.engine.deadline()
    }
}
