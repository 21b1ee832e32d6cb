//! Lines of type `finding`.

use crate::model::finding::{Finding, Technique};
use crate::output::encode::words;

use super::event::{event_id, service};
use super::head;
use super::object::Object;

pub(super) fn finding(object: &mut Object<'_>, finding: &Finding, host: Option<&str>) {
    head(object, "finding", finding.time);
    object.optional("host", finding.host.as_deref().or(host));
    object.value("analytic", finding.analytic);
    object.value("title", finding.title);
    object.value("severity", words::severity(finding.severity));
    object.value("why", &finding.why);
    object.object("service", |object| service(object, &finding.service));
    object.objects("techniques", finding.techniques.iter().copied(), technique);
    object.object("attack", |object| super::event::attack(object, finding.component));
    let evidence: Vec<_> = finding.evidence.iter().map(event_id).collect();
    object.value("evidence", &evidence);
}

/// One technique under each id that it has had, so that readers of any supported version find it.
fn technique(object: &mut Object<'_>, technique: &Technique) {
    object.value("name", technique.name);
    object.value("v17", technique.v17);
    object.value("v18", technique.v18);
    object.value("v19", technique.v19);
}
