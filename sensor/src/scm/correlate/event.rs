//! From a draft to the event that is told.

use std::time::Duration;

use super::draft::{Draft, Kind};
use super::host::Host;
use super::services::Service;
use super::who::{find_out, find_writer};
use crate::model::change::Change;
use crate::model::event::Executable;
use crate::model::process::Confidence;
use crate::model::service::{Enablement, Setting};
use crate::model::{Action, EventId, Known, Manager, Mechanism, Reason, Scope, ServiceEvent, ServiceId};
use crate::scm::bundled;
use crate::scm::command::Verb;
use crate::scm::decode::is_untold;
use crate::scm::descriptor;
use crate::scm::image_path::{ImagePath, Variables, file_name};
use crate::scm::key::user_service_template;
use crate::scm::observed::{FailureKind, State};
use crate::scm::setting::{self, StartType};

/// A service that ends this soon after it was created was short-lived.
const SHORT_LIFE: Duration = Duration::from_mins(10);

/// Concludes what a draft tells, and remembers what it says of the service.
pub(super) fn conclude(host: &mut Host, mut draft: Draft) -> Option<ServiceEvent> {
    if draft.kind == Kind::Driver {
        name_driver(host, &mut draft);
    }
    let named_by_file = draft.kind == Kind::Driver && draft.confidence == Confidence::Low;
    host.names.complete(&mut draft.name);
    find_writer(host, &mut draft);
    if draft.kind == Kind::Changed {
        may_be_creation(host, &mut draft);
    }
    if draft.name.best().is_empty() || is_known_already(host, &draft) {
        return None;
    }
    // What is known now says nothing of a time before.
    let known = host.services.get(&draft.name).filter(|_| !host.services.is_newer_than(draft.first));
    let before = known.cloned().unwrap_or_default();
    let who = find_out(host, &mut draft);
    let mut missing = Vec::new();
    if draft.name.key.is_none() {
        missing.push(("key_name", Reason::NotRecorded));
    }
    // With all services known, a setting of which nothing is known was not there.
    let whole = host.services.is_complete_at(draft.first);
    let changes = changes(&draft, &before, whole, &mut missing);
    if draft.is_bare() {
        missing.push(("changes", Reason::NotRecorded));
    }
    let after = remember(host, &draft);
    if draft.name.display.is_none() && draft.kind != Kind::Driver {
        draft.name.display = after.get(setting::DISPLAY_NAME).map(str::to_owned);
    }
    let action = action(&draft, &before);
    let mut details = std::mem::take(&mut draft.details);
    details.extend(who.details);
    describe(&draft, &before, &after, &mut details);
    let mechanism = draft.mechanism;
    Some(ServiceEvent {
        // Numbered where all hosts are.
        id: EventId { run: String::new(), number: 0 },
        time: draft.last,
        host: Some(host.name.to_string()).filter(|name| !name.is_empty()),
        action,
        mechanism,
        service: ServiceId {
            manager: Manager::Scm,
            scope: Scope::System,
            name: draft.name.best().to_owned(),
        },
        display_name: draft.name.display.clone().filter(|_| !named_by_file),
        definition: definition(&draft, &after),
        executables: executables(&host.machine, &draft, &after),
        enablement: if action == Action::Removed {
            Known::Is(Enablement::Absent)
        } else {
            enablement(&after)
        },
        enablement_before: match action {
            Action::Created => Known::Is(Enablement::Absent),
            _ => enablement_before(&draft, &before),
        },
        changes,
        file: None,
        loaded: match mechanism {
            Mechanism::Registry if draft.writer.is_empty() && draft.kind != Kind::Created => {
                Known::Missing(Reason::NotRecorded)
            }
            Mechanism::Registry => Known::Is(false),
            Mechanism::Command => Known::Missing(Reason::NotRecorded),
            _ => Known::Is(true),
        },
        actor: who.actor,
        confidence: draft.confidence,
        note: (!draft.notes.is_empty()).then(|| draft.notes.join("; ")),
        details,
        missing,
        evidence: draft.evidence,
    })
}

/// Finds the service whose image a driver is.
fn name_driver(host: &Host, draft: &mut Draft) {
    let image = draft.details.iter().find(|(name, _)| *name == "image").map(|(_, image)| image.clone());
    let Some(image) = image else { return };
    match host.services.by_program(&file_name(&image).to_lowercase()) {
        Some(name) => {
            draft.name = name;
            draft.confidence = Confidence::Medium;
        }
        None => draft
            .notes
            .push("the record names no service: it goes by the name of the driver's file".to_owned()),
    }
}

/// Whether what a draft tells was told before, by a source that was faster than the window; or was so anyway, as when
/// the SCM writes all settings of a service again. It takes knowledge of all services to say so.
fn is_known_already(host: &Host, draft: &Draft) -> bool {
    if !host.services.is_complete_at(draft.first) {
        return false;
    }
    let before = host.services.get(&draft.name);
    match draft.kind {
        Kind::Created => before.is_some_and(|service| {
            let created =
                service.created.is_some_and(|time| super::host::apart(time, draft.first) <= super::JOIN);
            created
                && draft
                    .after(setting::IMAGE_PATH)
                    .is_none_or(|image| service.get(setting::IMAGE_PATH) == Some(image))
        }),
        // What the SCM did not tell may be anything.
        Kind::Changed if draft.is_bare() => false,
        Kind::Changed => draft.changes.iter().all(|change| {
            let known = before.and_then(|service| service.get(change.setting));
            known == change.after.as_deref() && !change.after.as_deref().is_some_and(is_untold)
        }),
        Kind::Removed => before.is_none_or(|service| service.settings().is_empty()),
        _ => false,
    }
}

/// Settings that only a creation writes together, for a service of which nothing was known, are a creation.
fn may_be_creation(host: &Host, draft: &mut Draft) {
    if host.services.is_complete_at(draft.first) {
        return may_complete(host, draft);
    }
    let set = |name: &str| draft.after(name).is_some();
    let with_type = set(setting::TYPE);
    // The SCM writes image path and start type together when it creates; whoever edits the registry may change both.
    let by_manager = draft.mechanism == Mechanism::ServiceControlManager;
    let whole = set(setting::IMAGE_PATH) && (with_type || (by_manager && set(setting::START)));
    let known = host
        .services
        .get(&draft.name)
        .is_some_and(|service| service.is_there || !service.settings().is_empty());
    let asked_to_change = by_manager && draft.asked.is_some_and(|verb| verb != Verb::Create);
    let whole = whole || draft.asked == Some(Verb::Create);
    let audited_before = draft.changes.iter().any(|change| change.before.is_some());
    let logged = draft.marks.iter().any(|(_, id)| *id == 7040);
    // A new service has a type: without it, one that every Windows has was changed.
    let bundled =
        !with_type && draft.asked.is_none() && draft.name.key.as_deref().and_then(bundled::find).is_some();
    if !whole || known || asked_to_change || audited_before || logged || bundled {
        return;
    }
    draft.confidence = if with_type { Confidence::High } else { Confidence::Medium };
    let why = match draft.mechanism {
        Mechanism::Registry => WRITTEN_STRAIGHT,
        _ => "concluded from the settings that the SCM wrote together for a service that was not known",
    };
    conclude_creation(host, draft, why);
}

/// What a service that was written into the registry is worth.
const WRITTEN_STRAIGHT: &str = "concluded from settings written straight into the registry: the SCM takes the service up at the next boot";

/// With all services known, a key that was none and has now what makes one was created.
fn may_complete(host: &Host, draft: &mut Draft) {
    let before = host.services.get(&draft.name);
    let has = |name: &str| match draft.change(name) {
        Some(change) => change.after.is_some(),
        None => before.is_some_and(|service| service.get(name).is_some()),
    };
    if before.is_some_and(Service::is_whole) || !has(setting::TYPE) || !has(setting::IMAGE_PATH) {
        return;
    }
    for (setting, value) in before.map(Service::settings).unwrap_or_default() {
        draft.set(setting, None, Some(value.clone()));
    }
    let why = match draft.mechanism {
        Mechanism::Registry => WRITTEN_STRAIGHT,
        _ => "concluded from its key in the registry, which was not there before",
    };
    conclude_creation(host, draft, why);
}

/// Makes a creation of a draft.
fn conclude_creation(host: &Host, draft: &mut Draft, why: &str) {
    draft.kind = Kind::Created;
    let key = draft.name.key.as_ref().and_then(|key| host.keys.get(key.to_lowercase().as_str()));
    if let Some(created) = key.filter(|created| super::host::apart(created.time, draft.first) <= super::JOIN)
    {
        draft.cite(created.id);
    }
    draft.notes.push(why.to_owned());
}

fn action(draft: &Draft, before: &Service) -> Action {
    match &draft.kind {
        Kind::Created => Action::Created,
        Kind::Changed => changed(draft, before),
        Kind::Removed => Action::Removed,
        Kind::State(State::Running) | Kind::Driver => Action::Started,
        Kind::State(State::Stopped) => Action::Stopped,
        Kind::Failed(_) => Action::Failed,
        Kind::State(_) | Kind::Control(_) | Kind::Interactive | Kind::Request(_) => Action::ControlRequested,
    }
}

fn changed(draft: &Draft, before: &Service) -> Action {
    let Some(change) = draft.change(setting::START) else { return Action::Modified };
    let word = |word: Option<&str>| word.and_then(StartType::from_word);
    let starts = |start: StartType| matches!(start, StartType::Boot | StartType::System | StartType::Auto);
    let old = word(change.before.as_deref().or_else(|| before.get(setting::START)));
    match word(change.after.as_deref()) {
        Some(StartType::Disabled) => Action::Disabled,
        Some(new) if starts(new) && !old.is_some_and(starts) => Action::Enabled,
        _ => Action::Modified,
    }
}

/// Settings before and after. What was there before is taken from the record, else from what was seen earlier.
fn changes(
    draft: &Draft,
    before: &Service,
    whole: bool,
    missing: &mut Vec<(&'static str, Reason)>,
) -> Vec<Change> {
    let one = |name: &str, old: Option<&str>, new: Option<&str>| Change {
        section: String::new(),
        name: name.to_owned(),
        before: old.map(|value| values(name, value)).unwrap_or_default(),
        after: new.map(|value| values(name, value)).unwrap_or_default(),
    };
    if let Kind::Request(request) = &draft.kind {
        return request
            .settings
            .iter()
            .map(|(name, value)| one(name, before.get(name), value.as_deref()))
            .collect();
    }
    let created = draft.kind == Kind::Created;
    let mut unknown = false;
    let changes = draft
        .changes
        .iter()
        .map(|change| {
            let old = change.before.as_deref().or_else(|| before.get(change.setting)).filter(|_| !created);
            unknown |= old.is_none() && !created && !whole;
            one(change.setting, old, change.after.as_deref())
        })
        .collect();
    if unknown {
        missing.push(("value_before", Reason::NotRecorded));
    }
    changes
}

/// A setting's values: a trigger has several.
fn values(setting: &str, value: &str) -> Vec<String> {
    if setting == setting::TRIGGERS {
        return value.lines().map(str::to_owned).collect();
    }
    vec![value.to_owned()]
}

/// Applies a draft to what is known of its service; gives what is known after it, and of a removed one before it.
fn remember(host: &mut Host, draft: &Draft) -> Service {
    match draft.kind {
        Kind::Removed if host.services.is_newer_than(draft.first) => return Service::default(),
        Kind::Removed => {
            let last = host.services.get(&draft.name).cloned().unwrap_or_default();
            host.services.removed(&draft.name);
            return last;
        }
        Kind::State(_) | Kind::Failed(_) | Kind::Control(_) | Kind::Interactive
            if !host.services.is_newer_than(draft.first) =>
        {
            let service = host.services.entry(&draft.name);
            service.is_there = true;
            return service.clone();
        }
        Kind::Request(_)
        | Kind::Driver
        | Kind::State(_)
        | Kind::Failed(_)
        | Kind::Control(_)
        | Kind::Interactive => {
            return host.services.get(&draft.name).cloned().unwrap_or_default();
        }
        Kind::Created | Kind::Changed => {}
    }
    if host.services.is_newer_than(draft.first) {
        let mut service = Service::default();
        for change in &draft.changes {
            service.set(change.setting, change.after.as_deref());
        }
        return service;
    }
    let service = match draft.kind {
        Kind::Created => host.services.created(&draft.name, draft.last),
        _ => host.services.entry(&draft.name),
    };
    for change in &draft.changes {
        service.set(change.setting, change.after.as_deref());
    }
    service.clone()
}

fn definition(draft: &Draft, after: &Service) -> Vec<Setting> {
    let one = |name: &str, value: &str| Setting {
        section: String::new(),
        name: name.to_owned(),
        values: values(name, value),
    };
    let mut settings: Vec<Setting> = after.settings().iter().map(|(name, value)| one(name, value)).collect();
    if let Kind::Request(request) = &draft.kind {
        settings
            .extend(request.settings.iter().filter_map(|(name, value)| Some(one(name, value.as_deref()?))));
    }
    if let Some(display) = draft.name.display.as_deref().filter(|_| draft.kind != Kind::Driver) {
        let known = settings.iter().any(|setting| setting.name == setting::DISPLAY_NAME);
        if !known && draft.name.key.as_deref() != Some(display) {
            settings.push(one(setting::DISPLAY_NAME, display));
        }
    }
    settings
}

/// The programs that the settings name.
fn executables(machine: &Variables, draft: &Draft, after: &Service) -> Vec<Executable> {
    let asked = |setting: &str| match &draft.kind {
        Kind::Request(request) => {
            request.settings.iter().find(|(name, _)| *name == setting).and_then(|(_, value)| value.as_deref())
        }
        _ => None,
    };
    let value = |setting: &str| asked(setting).or_else(|| after.get(setting));
    let driver = value(setting::TYPE).is_some_and(|kind| kind.contains("driver"));
    [
        (setting::IMAGE_PATH, driver),
        (setting::SERVICE_DLL, false),
        (setting::FAILURE_COMMAND, false),
        ("Performance.Library", false),
        (setting::TIME_PROVIDER, false),
        (setting::NETWORK_PROVIDER, false),
        ("ServerLevelPluginDll", false),
        ("Application", false),
    ]
    .into_iter()
    .filter_map(|(setting, driver)| {
        let text = value(setting).filter(|text| !text.is_empty())?;
        let parsed = ImagePath::parse_on(machine, text, driver);
        Some(Executable {
            setting: setting.to_owned(),
            command_line: text.to_owned(),
            path: parsed.program,
            arguments: parsed.arguments,
            sha256: Known::Missing(Reason::NotRecorded),
            owner: Known::Missing(Reason::NotRecorded),
            mode: Known::Missing(Reason::Unsupported),
        })
    })
    .collect()
}

fn enablement(service: &Service) -> Known<Enablement> {
    of_word(service.get(setting::START))
}

fn enablement_before(draft: &Draft, before: &Service) -> Known<Enablement> {
    let told = draft.change(setting::START).and_then(|change| change.before.as_deref());
    of_word(told.or_else(|| before.get(setting::START)))
}

fn of_word(word: Option<&str>) -> Known<Enablement> {
    match word.map(StartType::from_word) {
        None => Known::Missing(Reason::NotRecorded),
        Some(None) => Known::Missing(Reason::Malformed),
        Some(Some(StartType::Boot | StartType::System)) => Known::Is(Enablement::Boot),
        Some(Some(StartType::Auto)) => Known::Is(Enablement::Enabled),
        Some(Some(StartType::Demand)) => Known::Is(Enablement::Manual),
        Some(Some(StartType::Disabled)) => Known::Is(Enablement::Disabled),
    }
}

/// Facts by which analytics judge.
fn describe(draft: &Draft, before: &Service, after: &Service, details: &mut Vec<(&'static str, String)>) {
    for (name, setting) in
        [("service_type", setting::TYPE), ("start_type", setting::START), ("account", setting::OBJECT_NAME)]
    {
        details.extend(after.get(setting).map(|value| (name, value.to_owned())));
    }
    if let Some(image) = after.get(setting::IMAGE_PATH) {
        details.extend(ImagePath::parse(image, false).svchost_group.map(|group| ("svchost_group", group)));
    }
    if let Some(template) = draft.name.key.as_deref().and_then(user_service_template) {
        details.push(("user_service_template", template.to_owned()));
    }
    match &draft.kind {
        Kind::Control(control) => details.push(("verb", control.clone())),
        Kind::Request(request) => {
            details.push(("verb", request.word().to_owned()));
            details.push(("tool", request.tool.name().to_owned()));
            details.extend(request.host.clone().map(|host| ("target_host", host)));
        }
        Kind::State(state) => details.push(("state", state.word().to_owned())),
        Kind::Failed(kind) => details.push(("failure", failure(*kind).to_owned())),
        Kind::Created | Kind::Changed | Kind::Removed | Kind::Interactive | Kind::Driver => {}
    }
    if let Some(descriptor) = after.get(setting::SECURITY).and_then(descriptor::parse) {
        if descriptor.hides() {
            details.push(("descriptor_hides", "true".to_owned()));
        }
        if descriptor.opens() {
            details.push(("descriptor_opens", "true".to_owned()));
        }
    }
    let ends = matches!(draft.kind, Kind::Removed | Kind::State(State::Stopped) | Kind::Failed(_));
    if let Some(created) = before.created.filter(|_| ends) {
        let age = draft.last.since(created);
        if created <= draft.last && age <= SHORT_LIFE {
            details.push(("short_lived", "true".to_owned()));
            details.push(("lifetime_ms", age.as_millis().to_string()));
        }
    }
}

fn failure(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::NotStarted => "it did not start",
        FailureKind::StartTimeout => "it did not connect to the SCM in time",
        FailureKind::EndedWithError => "it ended with an error",
        FailureKind::Crashed => "it ended unexpectedly",
    }
}
