//! Lines of type `event`.

use std::collections::HashMap;

use crate::model::change::Change;
use crate::model::event::{EventId, Executable, FileFacts, ServiceEvent};
use crate::model::finding::DataComponent;
use crate::model::known::Known;
use crate::model::service::{ServiceId, Setting};
use crate::output::encode::words;

use super::object::Object;
use super::{head, process};

pub(super) fn event(object: &mut Object<'_>, event: &ServiceEvent, host: Option<&str>) {
    head(object, "event", event.time);
    object.value("id", &event_id(&event.id));
    object.optional("host", event.host.as_deref().or(host));
    object.value("action", words::action(event.action));
    object.value("mechanism", words::mechanism(event.mechanism));
    object.object("service", |object| service(object, &event.service));
    object.optional("display_name", event.display_name.as_deref());
    object.object("definition", |object| definition(object, &event.definition));
    object.objects("changes", &event.changes, change);
    object.optional_object("file", event.file.as_ref(), file);
    object.objects("executables", &event.executables, executable);
    object.known("enablement", event.enablement.as_ref().map(|state| words::enablement(*state)));
    object
        .known("enablement_before", event.enablement_before.as_ref().map(|state| words::enablement(*state)));
    object.known("loaded", event.loaded.as_ref());
    object.known_object("actor", event.actor.as_ref(), process::actor);
    object.value("confidence", words::confidence(event.confidence));
    object.optional("note", event.note.as_deref());
    object.object("details", |object| {
        for (name, value) in &event.details {
            object.value(name, value);
        }
    });
    let evidence: Vec<_> = event.evidence.iter().map(|id| format!("o-{}", id.0)).collect();
    object.value("evidence", &evidence);
    object.object("attack", |object| attack(object, words::component(event.action)));
    object.missing(&event.missing);
}

pub(super) fn event_id(id: &EventId) -> String {
    format!("{}-{}", id.run, id.number)
}

pub(super) fn service(object: &mut Object<'_>, service: &ServiceId) {
    object.value("manager", words::manager(service.manager));
    object.value("scope", &words::scope(service.scope));
    object.value("name", &service.name);
    object.optional("type", words::unit_type(service));
}

/// The data source, which v18 deprecates and others still ask for, and its component.
pub(super) fn attack(object: &mut Object<'_>, component: DataComponent) {
    object.value("data_source", "DS0019");
    object.object("component", |object| {
        object.value("id", component.id());
        object.value("name", component.name());
    });
}

/// A setting's name with its section, as `Service.ExecStart`.
fn setting_name(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// Two settings may come to the same name, since a section's name may hold a dot; an object must not name a
/// member twice, so that their values stand together then.
fn definition(object: &mut Object<'_>, settings: &[Setting]) {
    let mut members: Vec<(String, Vec<&str>)> = Vec::with_capacity(settings.len());
    let mut places: HashMap<String, usize> = HashMap::with_capacity(settings.len());
    for setting in settings {
        let name = setting_name(&setting.section, &setting.name);
        let values = setting.values.iter().map(String::as_str);
        if let Some((_, known)) = places.get(&name).and_then(|place| members.get_mut(*place)) {
            known.extend(values);
        } else {
            places.insert(name.clone(), members.len());
            members.push((name, values.collect()));
        }
    }
    for (name, values) in &members {
        object.value(name, values);
    }
}

fn change(object: &mut Object<'_>, change: &Change) {
    object.value("setting", &setting_name(&change.section, &change.name));
    object.value("before", &change.before);
    object.value("after", &change.after);
}

fn file(object: &mut Object<'_>, file: &FileFacts) {
    object.bytes("path", &file.path);
    object.known_bytes("path_as_named", &file.path_as_named);
    object.optional_bytes("link_target", file.link_target.as_ref());
    object.known("sha256", file.sha256.as_ref());
    object.known("size", file.size.as_ref());
    mode_and_owner(object, &file.mode, &file.owner);
    object.optional("diff", file.diff.as_ref().map(|diff| &diff.lines));
    object.optional("diff_omitted", file.diff.as_ref().map(|diff| &diff.omitted));
}

fn executable(object: &mut Object<'_>, executable: &Executable) {
    object.value("setting", &executable.setting);
    object.value("command_line", &executable.command_line);
    object.value("path", &executable.path);
    object.value("arguments", &executable.arguments);
    object.known("sha256", executable.sha256.as_ref());
    mode_and_owner(object, &executable.mode, &executable.owner);
}

/// The mode in octal, as chmod(1) takes it.
fn mode_and_owner(object: &mut Object<'_>, mode: &Known<u32>, owner: &Known<(u32, u32)>) {
    object.known("mode", mode.as_ref().map(|mode| format!("{:04o}", mode & 0o7777)));
    object.known("uid", owner.as_ref().map(|(uid, _)| *uid));
    object.known("gid", owner.as_ref().map(|(_, gid)| *gid));
}
