//! Commands that ask for something, and the happenings that they brought about.

use super::counters::Counters;
use super::draft::{Draft, DraftKey, Kind};
use super::host::{Host, apart, same, service_names};
use super::{JOIN, REPLAY_HOLD, SKEW};
use crate::model::Mechanism;
use crate::model::process::Confidence;
use crate::scm::command::{self, Request, Verb};
use crate::scm::decode::BINARY;
use crate::scm::observed::{Doer, Name, Observed, ProcessStart, State};

/// A process started: it may be a command.
pub(super) fn process(host: &mut Host, observed: &Observed, process: &ProcessStart, counters: &mut Counters) {
    // A copy of a tool under another name is told by the name that it was built under.
    let requests = [&process.process.image, &process.original_name]
        .into_iter()
        .flatten()
        .map(|program| command::parse(program, process.command_line.as_deref().unwrap_or_default()))
        .find(|requests| !requests.is_empty())
        .unwrap_or_default();
    if requests.is_empty() {
        counters.context += 1;
        return;
    }
    let mut owned = false;
    for request in requests {
        if let Some(key) = known(host, observed, &request) {
            host.update(key, |draft| {
                if owned {
                    draft.cite(observed.id);
                } else {
                    draft.rest_on(observed);
                }
                draft.client.complete(&process.process);
            });
            owned = true;
            continue;
        }
        let name = Name::of_key(request.service.clone());
        let mut draft = Draft::new(Kind::Request(Box::new(request)), name, Mechanism::Command, observed);
        if owned {
            draft.own.clear();
        }
        owned = true;
        draft.client = process.process.clone();
        draft.confidence = Confidence::Medium;
        let key = host.add(draft);
        brought_about(host, key);
    }
}

/// The same request, as another source or a helper process (`net1` of `net`) tells it.
fn known(host: &Host, observed: &Observed, request: &Request) -> Option<DraftKey> {
    host.find(&Name::of_key(request.service.clone()), |draft| {
        matches!(&draft.kind, Kind::Request(other) if is_same(other, request))
            && apart(draft.last, observed.time) <= SKEW
    })
}

fn is_same(left: &Request, right: &Request) -> bool {
    left.tool == right.tool
        && left.verb == right.verb
        && left.settings == right.settings
        && left.host == right.host
        && same(Some(&left.service), Some(&right.service))
}

/// Joins a request with a happening that was told before the process was.
fn brought_about(host: &mut Host, key: DraftKey) {
    let Some(draft) = host.drafts.get(&key) else { return };
    let Kind::Request(request) = &draft.kind else { return };
    let (time, request, client) = (draft.first, request.clone(), draft.client.clone());
    let effect = host.find(&draft.name, |effect| follows(effect, time, &request, &client));
    if let Some(effect) = effect {
        join(host, key, effect);
    }
}

/// Joins the requests that brought about the happening `key`.
pub(super) fn claim(host: &mut Host, key: DraftKey) {
    let Some(effect) = host.drafts.get(&key) else { return };
    if matches!(effect.kind, Kind::Request(_)) {
        return;
    }
    let requests: Vec<DraftKey> = host
        .drafts_of(&service_names(&effect.name))
        .into_iter()
        .filter(|(_, draft)| {
            matches!(&draft.kind, Kind::Request(request) if follows(effect, draft.first, request, &draft.client))
        })
        .map(|(key, _)| key)
        .collect();
    for request in requests {
        join(host, request, key);
    }
}

fn join(host: &mut Host, request: DraftKey, effect: DraftKey) {
    let Some(request) = host.remove(request) else { return };
    host.update(effect, |draft| {
        let name = draft.name.clone();
        let (first, last) = (draft.first, draft.last);
        let known = draft.client.process_id.is_some_and(|pid| pid != 0);
        // The tool that was run is who wrote, where it is the writer itself.
        let wrote = draft.writer.process_id.is_some() && draft.writer.process_id == request.client.process_id;
        if !known {
            draft.client.process_id = None;
            draft.basis = Some(if wrote {
                ("the process that wrote is the one whose command line asks for it", Confidence::High)
            } else {
                ("its command line asks for this shortly before", Confidence::Medium)
            });
        }
        let mut request = request;
        if let Kind::Request(asked) = &request.kind {
            tell_values(draft, asked);
            draft.asked = Some(asked.verb);
        }
        request.name = name;
        request.changes.clear();
        if known && draft.client.process_id != request.client.process_id {
            request.client = Doer::default();
        }
        request.basis = None;
        let basis = draft.basis;
        draft.absorb(request);
        draft.basis = basis.or(draft.basis);
        // It happened when it took effect.
        draft.first = first;
        draft.last = last;
    });
}

/// What a record only tells to be binary, the command has in full.
fn tell_values(effect: &mut Draft, request: &Request) {
    let mut told = false;
    for change in &mut effect.changes {
        let asked = request.settings.iter().find(|(setting, _)| *setting == change.setting);
        if let (Some(BINARY), Some((_, Some(value)))) = (change.after.as_deref(), asked) {
            change.after = Some(value.clone());
            told = true;
        }
    }
    if told {
        effect.note("a value that was not recorded is told as the command gives it".to_owned());
    }
}

/// Whether `effect` is what the request of the moment `asked` brings about.
fn follows(effect: &Draft, asked: crate::model::Timestamp, request: &Request, client: &Doer) -> bool {
    let late = effect.last.since(asked);
    let early = asked.since(effect.last);
    let same_service = same(effect.name.key.as_deref(), Some(&request.service))
        || same(effect.name.display.as_deref(), Some(&request.service));
    // Whoever asks in a window first, as nssm does, takes longer.
    let named =
        client.process_id.is_some_and(|pid| pid != 0) && effect.client.process_id == client.process_id;
    request.host.is_none()
        && same_service
        && (late <= JOIN || (named && late <= REPLAY_HOLD))
        && early <= SKEW
        && brings(request, effect)
}

fn brings(request: &Request, effect: &Draft) -> bool {
    let sets = || request.settings.iter().any(|(setting, _)| effect.change(setting).is_some());
    match (&effect.kind, request.verb) {
        // `reg add` of several values creates a service as well, and of what `sc create` does nothing may be seen but
        // values.
        (Kind::Changed, Verb::Create)
        | (Kind::Changed | Kind::Created, Verb::Change | Verb::Stop | Verb::Start) => sets(),
        (Kind::Control(control), verb) => control.eq_ignore_ascii_case(verb.word()),
        (Kind::Created, Verb::Create)
        | (Kind::Removed, Verb::Delete)
        | (Kind::State(State::Running) | Kind::Failed(_) | Kind::Interactive, Verb::Start | Verb::Control)
        | (Kind::State(State::Stopped), Verb::Stop | Verb::Control)
        | (Kind::State(State::Paused | State::PausePending), Verb::Pause)
        | (Kind::State(State::Running | State::ContinuePending), Verb::Continue) => true,
        _ => false,
    }
}
