//! Services that start, stop and fail, and drivers that are loaded.

use super::draft::{Draft, Kind};
use super::host::{Host, apart, may_be_same};
use super::{SKEW, request};
use crate::model::Mechanism;
use crate::model::process::Confidence;
use crate::scm::image_path::file_name;
use crate::scm::interest::Source;
use crate::scm::observed::{ControlSent, DriverLoad, Failure, FailureKind, Name, Observed, StateChange};

/// A service entered a state.
pub(super) fn state(host: &mut Host, observed: &Observed, change: &StateChange) {
    host.names.learn(&change.name);
    // The SCM's trace and its log tell of one change.
    let fits = |draft: &Draft| {
        draft.kind == Kind::State(change.state)
            && draft.marks.iter().all(|(source, _)| *source != observed.source)
            && apart(draft.last, observed.time) <= SKEW
            && may_be_same(&draft.name, &change.name)
    };
    if let Some(key) = host.find(&change.name, fits) {
        host.update(key, |draft| {
            draft.rest_on(observed);
            draft.name.key = draft.name.key.take().or_else(|| change.name.key.clone());
            draft.name.display = draft.name.display.take().or_else(|| change.name.display.clone());
        });
        return;
    }
    let mut draft = scm(Kind::State(change.state), &change.name, observed);
    if change.by_word {
        draft.confidence = Confidence::Medium;
        draft.notes.push("the state was read from its word: the record's binary field is gone".to_owned());
    }
    let key = host.add(draft);
    request::claim(host, key);
}

/// A control was sent to a service.
pub(super) fn control(host: &mut Host, observed: &Observed, control: &ControlSent) {
    host.names.learn(&control.name);
    // Several records may tell of one.
    let fits = |draft: &Draft| {
        matches!(&draft.kind, Kind::Control(other) if *other == control.control)
            && !draft.has_mark(observed.source, observed.event_id)
            && apart(draft.last, observed.time) <= SKEW
            && may_be_same(&draft.name, &control.name)
    };
    let key = if let Some(key) = host.find(&control.name, fits) {
        host.update(key, |draft| draft.rest_on(observed));
        key
    } else {
        host.add(scm(Kind::Control(control.control.clone()), &control.name, observed))
    };
    host.update(key, |draft| draft.take_client(&control.client));
    request::claim(host, key);
}

/// A service failed. That it did not connect in time and that it did not start are one failure.
pub(super) fn failure(host: &mut Host, observed: &Observed, failure: &Failure) {
    host.names.learn(&failure.name);
    let start = [FailureKind::NotStarted, FailureKind::StartTimeout];
    let fits = |draft: &Draft| {
        matches!(draft.kind, Kind::Failed(kind) if start.contains(&kind))
            && start.contains(&failure.kind)
            && !draft.has_mark(observed.source, observed.event_id)
            && apart(draft.last, observed.time) <= SKEW
            && may_be_same(&draft.name, &failure.name)
    };
    let detail = failure.error.clone().map(|error| ("error", error));
    let key = match host.find(&failure.name, fits) {
        Some(key) => {
            host.update(key, |draft| draft.rest_on(observed));
            key
        }
        None => host.add(scm(Kind::Failed(failure.kind), &failure.name, observed)),
    };
    host.update(key, |draft| {
        draft.details.extend(detail);
        draft.name.key = draft.name.key.take().or_else(|| failure.name.key.clone());
        draft.name.display = draft.name.display.take().or_else(|| failure.name.display.clone());
    });
    request::claim(host, key);
}

/// An interactive service was started where that is not allowed.
pub(super) fn interactive(host: &mut Host, observed: &Observed, name: &Name) {
    host.names.learn(name);
    let mut draft = scm(Kind::Interactive, name, observed);
    draft.notes.push("the service is marked as interactive, which this system does not allow".to_owned());
    draft.details.push(("verb", "start".to_owned()));
    host.add(draft);
}

/// A driver was loaded. Its service is found when the event is told; until then it goes by the image's name.
pub(super) fn driver(host: &mut Host, observed: &Observed, driver: &DriverLoad) {
    let file = file_name(&driver.image);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let mut draft = Draft::new(Kind::Driver, Name::default(), Mechanism::ServiceControlManager, observed);
    draft.name.display = Some(stem.to_owned());
    draft.confidence = Confidence::Low;
    draft.details.push(("image", driver.image.clone()));
    draft.details.extend(driver.sha256.clone().map(|hash| ("image_sha256", hash)));
    draft.details.extend(driver.signed.map(|signed| ("image_signed", signed.to_string())));
    draft.details.extend(driver.signer.clone().map(|signer| ("image_signer", signer)));
    host.add(draft);
}

/// A draft of a record of the SCM.
fn scm(kind: Kind, name: &Name, observed: &Observed) -> Draft {
    let mut draft = Draft::new(kind, name.clone(), Mechanism::ServiceControlManager, observed);
    if observed.source == Source::ScmLog {
        draft.manager_id = observed.process_id;
        draft.client.sid.clone_from(&observed.user_sid);
    }
    draft
}
