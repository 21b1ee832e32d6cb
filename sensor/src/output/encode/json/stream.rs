//! The lines that tell of the stream itself: `started`, `enrichment`, `loss`, `heartbeat` and `stopped`.

use crate::model::line::{Enrichment, Fact, Started, Totals};
use crate::model::loss::Loss;

use super::super::words;
use super::event::event_id;
use super::head;
use super::object::Object;

pub(super) fn started(object: &mut Object<'_>, started: &Started) {
    head(object, "started", started.time);
    object.value("run", &started.run);
    object.value("version", &started.version);
    object.known("os_release", started.os_release.as_ref());
    object.known("host", started.host.as_ref());
    object.known("boot_id", started.boot_id.as_ref());
    object.objects("sources", &started.sources, |object, source| {
        object.value("name", &source.name);
        object.optional("error", source.error.as_deref());
    });
    object.value("blind", &started.blind);
    object.value("services", &started.services);
    object.missing(&[]);
}

pub(super) fn enrichment(object: &mut Object<'_>, enrichment: &Enrichment) {
    head(object, "enrichment", enrichment.time);
    object.value("event", &event_id(&enrichment.event));
    let (program, details, missing, manager) = match &enrichment.fact {
        Fact::Program { path, sha256, details, missing } => {
            (Some((path, sha256)), details.as_slice(), missing.as_slice(), None)
        }
        Fact::Loaded { scope } => (None, [].as_slice(), [].as_slice(), Some(*scope)),
    };
    object.optional("path", program.map(|(path, _sha256)| path));
    match program {
        Some((_path, sha256)) => object.known("sha256", sha256.as_ref()),
        None => object.optional::<str>("sha256", None),
    }
    object.object("details", |object| {
        for (name, value) in details {
            object.value(name, value);
        }
    });
    object.optional("loaded", manager.map(|_scope| true).as_ref());
    object.optional("scope", manager.map(words::scope).as_ref());
    object.missing(missing);
}

pub(super) fn loss(object: &mut Object<'_>, loss: &Loss) {
    head(object, "loss", loss.time);
    object.value("source", &loss.source);
    object.value("reason", &loss.reason);
    object.optional("count", loss.count.as_ref());
    object.value("unknown", &loss.count.is_none());
    object.value("consequence", &loss.consequence);
}

pub(super) fn heartbeat(object: &mut Object<'_>, totals: &Totals) {
    head(object, "heartbeat", totals.time);
    counters(object, totals);
}

pub(super) fn stopped(object: &mut Object<'_>, reason: &str, totals: &Totals) {
    head(object, "stopped", totals.time);
    object.value("reason", reason);
    counters(object, totals);
}

fn counters(object: &mut Object<'_>, totals: &Totals) {
    object.object("counters", |object| {
        for (name, value) in &totals.counters {
            object.value(name, value);
        }
    });
}
