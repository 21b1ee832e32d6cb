//! The live run: takes what sources hand over, and tells what it means.
//!
//! One thread does it, in the order in which things come, so that order needs no locks. Every source has a thread of its
//! own; what one of them is refused leaves the others running.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::bookmarks::Bookmarks;
use super::enrich::Enricher;
use super::event_log::{Reader, Refused};
use super::examiner::Examiner;
use super::registry_watch::RegistryWatch;
use super::session::{self, Session};
use super::sources::{Input, Plan, QUEUE};
use super::state_file::{self, StateFile};
use super::status_watch::StatusWatch;
use super::subscription::Subscription;
use super::trace::{self, Trace};
use super::{clock, facts, fault, folder, machine, processes};
use crate::config::Events;
use crate::model::line::{Started, Totals};
use crate::model::{Line, Loss};
use crate::output::encode::json::JsonEncoder;
use crate::output::transport::{SendError, Writer};
use crate::pipeline::{Encoder, WayOut};
use crate::scm::correlate::{Correlator, Output};
use crate::scm::interest::Log;

/// How often time is told to pass while something waits to be told.
const TICK: Duration = Duration::from_millis(100);
/// How often it is looked whether the run is to end.
const LOOK: Duration = Duration::from_millis(250);
/// How often losses of the trace are asked for.
const LOSSES: Duration = Duration::from_secs(5);
/// How long the first look at all services may take.
const STOCK: Duration = Duration::from_mins(1);

/// What can end a live run, from any thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// It is to end: who asked for it, or why.
    Stop(&'static str),
    /// The file that it adds lines to was moved away, and is to be opened anew.
    Reopen,
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

/// All sources, running or not.
pub(super) struct Sources {
    pub(super) plan: Plan,
    registry: Option<RegistryWatch>,
    trace: Trace,
    subscriptions: Vec<Subscription>,
    refused: Vec<Refused>,
    reader: Option<Reader>,
    states: Option<StatusWatch>,
}

impl Sources {
    /// Starts every source that is not refused. Logs are read from where `file` says, once [`Self::read_logs`] is called.
    pub(super) fn start(to: &SyncSender<Input>, session: &'static str, file: Option<&StateFile>) -> Self {
        let mut plan = Plan::default();
        let registry = plan.note(
            "registry notification",
            "changes of services' settings are seen only where a log or trace tells them, and without what was before",
            RegistryWatch::start(to.clone()),
        );
        let trace = plan.note("trace session", trace::BLIND, Session::start(session, to));
        let (mut subscriptions, mut refused) = (Vec::new(), Vec::new());
        for log in Log::ALL {
            let bookmark = file.and_then(|file| file.bookmark(log.channel()));
            let name = format!("{} log", log.channel());
            match plan.note(&name, log.blind(), Subscription::new(log, bookmark)) {
                Some(subscription) => subscriptions.push(subscription),
                None => refused.push(Refused { log, bookmark: bookmark.map(str::to_owned) }),
            }
        }
        // With the System log there is no need to ask.
        let logged = plan.states.iter().any(|state| state.name == "System log" && state.error.is_none());
        let states = if logged {
            None
        } else {
            plan.note(
                "states of services",
                "starts and stops of services are not seen",
                StatusWatch::start(to.clone()),
            )
        };
        Self { plan, registry, trace: Trace::new(trace), subscriptions, refused, reader: None, states }
    }

    /// Where logs are read from of which no run before has kept how far it read them.
    fn beginnings(&mut self) -> impl Iterator<Item = (&'static str, String)> {
        self.subscriptions.iter_mut().filter_map(Subscription::beginning)
    }

    /// Begins to read the logs that are subscribed to, and the others once they can be read.
    fn read_logs(&mut self, to: &SyncSender<Input>) -> Result<()> {
        let (subscriptions, refused) =
            (std::mem::take(&mut self.subscriptions), std::mem::take(&mut self.refused));
        let reader = Reader::start(subscriptions, refused, to.clone());
        self.reader = Some(reader.map_err(anyhow::Error::msg).context("reading the logs")?);
        Ok(())
    }

    /// Ends all of them, each with what it still holds, and gives what was lost.
    pub(super) fn stop(self) -> Vec<Loss> {
        let losses = self.trace.stop();
        if let Some(reader) = self.reader {
            reader.stop();
        }
        if let Some(registry) = self.registry {
            registry.stop();
        }
        if let Some(states) = self.states {
            states.stop();
        }
        losses
    }
}

/// Watches this host until a message or the reader ends it, and waits then for `patience` until the lines are written.
/// `ready` is called once every change from then on is told.
///
/// # Errors
/// When no source can run, or another run watches this host.
pub fn run(
    way_out: WayOut,
    (writer, patience): (Writer, Duration),
    events: &Events,
    inbox: &Receiver<Message>,
    ready: impl FnOnce(),
) -> Result<Ended> {
    let state = folder::state().and_then(|folder| Ok((state_file::lock(&folder)?, folder)));
    let state = match state {
        Ok((Some(lock), folder)) => Some((lock, folder)),
        Ok((None, _)) => bail!("another svcsensor watches this host already"),
        // Without a place for its state it watches all the same.
        Err(error) => {
            tracing::warn!("state can't be kept: {error}: after a restart logs are read from then on only");
            None
        }
    };
    let file = state.as_ref().and_then(|(_, folder)| {
        StateFile::open(folder).inspect_err(|error| tracing::warn!("bookmarks can't be read: {error}")).ok()
    });
    let (to, from) = sync_channel(QUEUE);
    let mut sources = Sources::start(&to, session::RUN, file.as_ref());
    for refusal in &sources.plan.refusals {
        tracing::warn!("{refusal}");
    }
    if !sources.plan.runs() {
        bail!("no source can run here: run it as administrator, or see `svcsensor doctor`");
    }
    let examiner = Examiner::start(events.hash_limit_bytes, to.clone())
        .context("starting the thread that looks at programs")?;
    let machine = machine::variables();
    let windows = machine.windows().to_owned();
    let mut bookmarks = Bookmarks::new(file);
    for (channel, bookmark) in sources.beginnings() {
        bookmarks.begin(channel, bookmark);
    }
    let live = Live {
        correlator: Correlator::live(name_of_run()?, machine),
        host: Arc::from(""),
        enricher: Enricher::new(examiner, windows),
        way_out,
        writer,
        patience,
        bookmarks,
        lines: Vec::new(),
        open: true,
    };
    let ended = live.run(events.heartbeat, sources, to, &from, inbox, ready)?;
    drop(state);
    Ok(ended)
}

fn name_of_run() -> Result<String> {
    let mut run = [0; 6];
    getrandom::fill(&mut run).context("naming this run")?;
    Ok(hex::encode(run))
}

struct Live {
    correlator: Correlator,
    /// This host, which events don't name.
    host: Arc<str>,
    enricher: Enricher,
    way_out: WayOut,
    writer: Writer,
    /// How long the end waits until the lines are written.
    patience: Duration,
    bookmarks: Bookmarks,
    lines: Vec<u8>,
    /// Somebody reads the lines.
    open: bool,
}

impl Live {
    fn run(
        mut self,
        heartbeat: Duration,
        mut sources: Sources,
        to: SyncSender<Input>,
        from: &Receiver<Input>,
        inbox: &Receiver<Message>,
        ready: impl FnOnce(),
    ) -> Result<Ended> {
        self.learn_processes();
        let (services, early) = take_stock(from, sources.registry.is_some());
        let count = services.as_ref().map_or(0, |(_, services)| services.len());
        self.started(&sources.plan, count);
        if let Some((time, services)) = services {
            self.correlator.learn_services(&self.host, time, services);
        }
        for input in early {
            self.take(input);
        }
        sources.read_logs(&to)?;
        ready();
        let mut beat = Instant::now() + heartbeat;
        let mut ask = Instant::now() + LOSSES;
        let ended = loop {
            match inbox.try_recv() {
                Ok(Message::Stop(who)) => break Ended::Asked(who),
                Ok(Message::Reopen) => self.writer.reopen(),
                Ok(Message::ReaderGone) => break Ended::ReaderGone,
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break Ended::Asked("nobody can stop it any more"),
            }
            if !self.open {
                break Ended::ReaderGone;
            }
            let wait = if self.correlator.is_waiting() { TICK } else { LOOK };
            match from.recv_timeout(wait) {
                Ok(input) => self.take(input),
                // Only when there is nothing to take: what waits in the queue is older than now.
                Err(RecvTimeoutError::Timeout) => {
                    let told = self.correlator.tick(clock::now());
                    self.tell_all(told);
                }
                Err(RecvTimeoutError::Disconnected) => break Ended::Asked("all sources have ended"),
            }
            let now = Instant::now();
            if now >= ask {
                ask = now + LOSSES;
                for loss in sources.trace.losses(&to) {
                    self.tell(Line::Loss(loss));
                }
                self.bookmarks.keep(now, &self.writer.stats());
            }
            if now >= beat {
                beat = now + heartbeat;
                self.tell(Line::Heartbeat(self.totals()));
            }
        };
        self.end(ended, sources, to, from);
        Ok(ended)
    }

    /// Takes what the sources still hold, and tells the last line.
    fn end(mut self, ended: Ended, sources: Sources, to: SyncSender<Input>, from: &Receiver<Input>) {
        self.enricher.end();
        let losses = std::thread::scope(|scope| {
            // They hand over what they hold while this thread takes it; the last of them closes the queue.
            let stopping = scope.spawn(move || {
                let losses = sources.stop();
                drop(to);
                losses
            });
            for input in from {
                self.take(input);
            }
            stopping.join().unwrap_or_default()
        });
        for loss in losses {
            self.tell(Line::Loss(loss));
        }
        let rest = self.correlator.finish();
        self.tell_all(rest);
        let reason = match ended {
            Ended::Asked(reason) => reason,
            Ended::ReaderGone => "nobody reads the output any more",
        };
        self.tell(Line::Stopped { reason: reason.to_owned(), totals: self.totals() });
        let is_open = self.open;
        let lines = self.writer.close(self.patience);
        if is_open {
            self.bookmarks.finish(&lines);
        }
    }

    fn learn_processes(&mut self) {
        match processes::list() {
            Ok(processes) => {
                for (started, process) in processes {
                    self.correlator.learn_process(&self.host, started, process);
                }
            }
            Err(error) => tracing::warn!("running processes can't be listed: {}", fault::words(&error)),
        }
    }

    fn started(&mut self, plan: &Plan, services: usize) {
        let host = facts::host();
        if let Encoder::Json(json) = &mut self.way_out.encoder {
            *json = JsonEncoder::new(host.get().cloned());
        }
        let started = Started {
            time: clock::now(),
            run: self.correlator.run().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os_release: facts::os_release(),
            host,
            boot_id: facts::boot_id(),
            sources: plan.states.clone(),
            blind: plan.blind.clone(),
            services,
        };
        self.tell(Line::Started(started));
    }

    fn take(&mut self, input: Input) {
        let outputs = match input {
            Input::Event(event) => {
                let mut outputs = self.correlator.push_event(&event);
                // What a busy trace tells of other things moves time on as well: it may never pause for long enough to be told
                // that time has passed.
                if event.channel.is_empty() && self.correlator.is_waiting() {
                    outputs.extend(self.correlator.tick(event.time));
                }
                outputs
            }
            Input::Sighting(sighting) => self.correlator.push_sighting(&self.host, *sighting),
            Input::Inventory(time, services) => {
                self.correlator.learn_services(&self.host, time, services);
                Vec::new()
            }
            Input::Loss(loss) => vec![Output::Loss(loss)],
            Input::Bookmark(channel, bookmark) => {
                self.bookmarks.read(channel, bookmark);
                Vec::new()
            }
            Input::Fact(fact) => return self.tell(Line::Enrichment(*fact)),
        };
        self.tell_all(outputs);
    }

    fn tell_all(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            let line = match output {
                Output::Event(mut event) => {
                    self.enricher.enrich(&mut event);
                    Line::Event(event)
                }
                Output::Loss(loss) => Line::Loss(loss),
            };
            self.tell(line);
        }
    }

    fn tell(&mut self, line: Line) {
        self.way_out.tell(line, &mut self.lines);
        match self.writer.send(std::mem::take(&mut self.lines)) {
            // What does not fit is counted by the writer, which tells it when the reader is back.
            Ok(()) | Err(SendError::Full) => {}
            Err(SendError::Closed) => self.open = false,
        }
    }

    fn totals(&self) -> Totals {
        let lines = self.writer.stats();
        let mut counters = self.correlator.counters().named();
        counters.extend([
            ("output.accepted".to_owned(), lines.accepted),
            ("output.written".to_owned(), lines.written),
            ("output.dropped".to_owned(), lines.dropped),
        ]);
        Totals { time: clock::now(), counters }
    }
}

type Stock = Option<(crate::model::Timestamp, Vec<crate::scm::correlate::KnownService>)>;

/// Waits for the list of all services, and gives what came before it besides.
fn take_stock(from: &Receiver<Input>, comes: bool) -> (Stock, Vec<Input>) {
    let mut early = Vec::new();
    let by = Instant::now() + STOCK;
    while comes && early.len() < QUEUE {
        match from.recv_timeout(by.saturating_duration_since(Instant::now())) {
            Ok(Input::Inventory(time, services)) => return (Some((time, services)), early),
            Ok(input) => early.push(input),
            Err(_) => break,
        }
    }
    (None, early)
}
