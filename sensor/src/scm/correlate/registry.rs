//! Settings that change: registry writes by whoever, and the SCM's own records of start types.

use std::time::Duration;

use super::counters::Counters;
use super::draft::{Draft, DraftKey, Kind};
use super::host::{Host, apart, image_name, may_be_same, service_names};
use super::tables::Seen as Remembered;
use super::{SKEW, install, request};
use crate::model::{Mechanism, Timestamp};
use crate::scm::decode::is_untold;
use crate::scm::interest::Source;
use crate::scm::observed::{
    Configured, Doer, KeyChange, KeyOperation, Name, Observed, StartTypeChange, ValueWrite,
};
use crate::scm::setting::{self, StartType};

/// Writes of one call follow each other within this time.
const BURST: Duration = Duration::from_secs(1);

/// A setting was written or deleted.
pub(super) fn value(host: &mut Host, observed: &Observed, write: &ValueWrite) {
    let name = Name::of_key(write.service.clone());
    if write.setting == "DeleteFlag" && write.after.as_deref() == Some("1") {
        removed(
            host,
            observed,
            &name,
            &write.writer,
            Some("it is marked for deletion and goes when its handles close"),
        );
        return;
    }
    let key = if let Some(key) = find(host, observed, write, &name) {
        host.update(key, |draft| {
            draft.rest_on(observed);
            draft.set(write.setting, write.before.clone(), write.after.clone());
            take_writer(draft, &write.writer);
            draft.name.key = draft.name.key.take().or_else(|| name.key.clone());
        });
        key
    } else {
        let mut draft = Draft::new(Kind::Changed, name, mechanism(&write.writer), observed);
        draft.set(write.setting, write.before.clone(), write.after.clone());
        take_writer(&mut draft, &write.writer);
        if let Some(number) = write.control_set {
            draft.details.push(("control_set", format!("ControlSet{number:03}")));
        }
        host.add(draft)
    };
    install::gather(host, key);
    request::claim(host, key);
}

/// The draft that a write belongs to: an install of a moment ago, the same change by another source, or further changes
/// by the same call.
fn find(host: &Host, observed: &Observed, write: &ValueWrite, name: &Name) -> Option<DraftKey> {
    let after = write.after.as_deref();
    let mut names = service_names(name);
    if write.setting == setting::IMAGE_PATH {
        names.extend(after.map(image_name));
    }
    let drafts = host.drafts_of(&names);
    let first =
        |fits: &dyn Fn(&Draft) -> bool| drafts.iter().find(|(_, draft)| fits(draft)).map(|(key, _)| *key);
    let near = |draft: &Draft, within| {
        apart(draft.last, observed.time).min(apart(draft.first, observed.time)) <= within
    };
    first(&|draft| near(draft, SKEW) && install::takes(draft, write.setting, after, name))
        .or_else(|| {
            first(&|draft| {
                draft.kind == Kind::Changed
                    && near(draft, SKEW)
                    && may_be_same(&draft.name, name)
                    && draft
                        .change(write.setting)
                        .is_some_and(|change| same_value(change.after.as_deref(), after))
                    && !is_changed_between(&drafts, draft, observed.time, write)
            })
        })
        // A change of which the SCM told no more than that there was one.
        .or_else(|| {
            first(&|draft| {
                draft.is_bare()
                    && near(draft, SKEW)
                    && may_be_same(&draft.name, name)
                    && (is_manager(&write.writer) || write.writer.is_empty())
            })
        })
        // A start type that was logged in another language.
        .or_else(|| {
            first(&|draft| {
                draft.kind == Kind::Changed
                    && write.setting == setting::START
                    && near(draft, SKEW)
                    && may_be_same(&draft.name, name)
                    && draft.after(setting::START).is_some_and(is_translated)
            })
        })
        .or_else(|| {
            first(&|draft| {
                draft.kind == Kind::Changed
                    && may_be_same(&draft.name, name)
                    && (draft.change(write.setting).is_none() || write.setting == setting::TRIGGERS)
                    && ((near(draft, BURST) && same_process(&draft.writer, &write.writer))
                        || (near(draft, BURST) && unseen(draft, observed, write))
                        || (near(draft, super::JOIN)
                            && same_tool(&draft.writer, &write.writer)
                            && makes_a_service(draft, write)))
            })
        })
}

/// Whether the setting had another value between a draft and a moment: then the same value again is another change.
fn is_changed_between(
    drafts: &[(DraftKey, &Draft)],
    draft: &Draft,
    time: Timestamp,
    write: &ValueWrite,
) -> bool {
    let (from, to) = (draft.last.min(time), draft.first.max(time));
    drafts.iter().any(|(_, other)| {
        other.kind == Kind::Changed
            && other.change(write.setting).is_some_and(|change| change.after != write.after)
            && from < other.first
            && other.last < to
    })
}

fn is_translated(word: &str) -> bool {
    StartType::from_word(word).is_none()
}

fn same_process(left: &Doer, right: &Doer) -> bool {
    if left.guid.is_some() && right.guid.is_some() {
        return left.guid == right.guid;
    }
    left.process_id.is_some() && left.process_id == right.process_id
}

/// Changes that were seen as such, without the writer.
fn unseen(draft: &Draft, observed: &Observed, write: &ValueWrite) -> bool {
    observed.source == Source::RegistryWatch
        && draft.has_mark(Source::RegistryWatch, observed.event_id)
        && (draft.writer.is_empty() || write.writer.is_empty() || draft.writer == write.writer)
}

/// A value that a record doesn't tell may be any.
fn same_value(left: Option<&str>, right: Option<&str>) -> bool {
    left == right || [left, right].into_iter().flatten().any(is_untold)
}

/// Several runs of one tool, such as `reg add`, that write one service piece by piece.
fn same_tool(left: &Doer, right: &Doer) -> bool {
    !is_manager(left) && super::host::same(left.image.as_deref(), right.image.as_deref())
}

/// Whether a write and those before it are such as make a service: a type with other basic settings.
fn makes_a_service(draft: &Draft, write: &ValueWrite) -> bool {
    let settings = || draft.changes.iter().map(|change| change.setting).chain([write.setting]);
    let basic = [
        setting::TYPE,
        setting::IMAGE_PATH,
        setting::START,
        setting::ERROR_CONTROL,
        setting::OBJECT_NAME,
        setting::DISPLAY_NAME,
        setting::SERVICE_DLL,
    ];
    settings().all(|setting| basic.contains(&setting))
        && settings().any(|setting| setting == setting::TYPE)
        && draft.changes.iter().all(|change| change.before.is_none())
}

/// Whether the process is the SCM itself: another program may have its name.
pub(super) fn is_manager(doer: &Doer) -> bool {
    const PATH: &str = r"\windows\system32\services.exe";
    let image = doer.image.as_deref().unwrap_or_default().to_lowercase();
    // Below a drive, or a volume as the kernel names it; some records have no path.
    let of_system = |root: &str| match root.strip_prefix(r"\device\") {
        Some(volume) => !volume.contains('\\'),
        None => !root.contains('\\'),
    };
    image == "services.exe" || image.strip_suffix(PATH).is_some_and(of_system)
}

fn mechanism(writer: &Doer) -> Mechanism {
    if is_manager(writer) { Mechanism::ServiceControlManager } else { Mechanism::Registry }
}

fn take_writer(draft: &mut Draft, writer: &Doer) {
    if is_manager(writer) {
        draft.manager_id = draft.manager_id.or(writer.process_id);
    }
    draft.writer.complete(writer);
}

/// The SCM told that a start type changed.
pub(super) fn start_type(host: &mut Host, observed: &Observed, change: &StartTypeChange) {
    host.names.learn(&change.name);
    let translated = is_translated(&change.after);
    let fits = |draft: &Draft| {
        draft.kind == Kind::Changed
            && apart(draft.last, observed.time).min(apart(draft.first, observed.time)) <= SKEW
            && !draft.has_mark(observed.source, observed.event_id)
            && match draft.after(setting::START) {
                Some(after) => translated || after == change.after,
                None => draft.is_bare(),
            }
            && may_be_same(&draft.name, &change.name)
    };
    let key = if let Some(key) = host.find(&change.name, fits) {
        host.update(key, |draft| {
            draft.rest_on(observed);
            let before = change.before.clone().filter(|word| !is_translated(word) || !translated);
            let after = draft.is_bare().then(|| change.after.clone());
            draft.set(setting::START, before, after);
        });
        key
    } else {
        let mechanism = Mechanism::ServiceControlManager;
        let mut draft = Draft::new(Kind::Changed, change.name.clone(), mechanism, observed);
        draft.set(setting::START, change.before.clone(), Some(change.after.clone()));
        host.add(draft)
    };
    host.update(key, |draft| {
        draft.mechanism = Mechanism::ServiceControlManager;
        draft.manager_id = draft.manager_id.or(observed.process_id);
        draft.name.key = draft.name.key.take().or_else(|| change.name.key.clone());
        draft.name.display = draft.name.display.take().or_else(|| change.name.display.clone());
        draft.take_client(&change.client);
        if draft.client.sid.is_none() {
            draft.client.sid.clone_from(&observed.user_sid);
        }
    });
    request::claim(host, key);
}

/// The SCM told that it changed something of a service's configuration: what it was, its writes to the registry tell.
pub(super) fn configured(host: &mut Host, observed: &Observed, change: &Configured) {
    host.names.learn(&change.name);
    let fits = |draft: &Draft| {
        draft.kind == Kind::Changed
            && apart(draft.last, observed.time).min(apart(draft.first, observed.time)) <= SKEW
            && (is_manager(&draft.writer) || draft.writer.is_empty())
            && may_be_same(&draft.name, &change.name)
    };
    let key = if let Some(key) = host.find(&change.name, fits) {
        host.update(key, |draft| draft.rest_on(observed));
        key
    } else {
        host.add(Draft::new(Kind::Changed, change.name.clone(), Mechanism::ServiceControlManager, observed))
    };
    host.update(key, |draft| {
        draft.mechanism = Mechanism::ServiceControlManager;
        draft.manager_id = draft.manager_id.or(observed.process_id);
        draft.name.key = draft.name.key.take().or_else(|| change.name.key.clone());
        draft.take_client(&change.client);
        let value = change.value.clone().map(|value| ("new_value_name", value));
        draft.details.extend(value.filter(|value| !draft.details.contains(value)));
    });
    request::claim(host, key);
}

/// A service's key was created, deleted or renamed.
pub(super) fn key(host: &mut Host, observed: &Observed, change: &KeyChange, counters: &mut Counters) {
    let name = Name::of_key(change.service.clone());
    match &change.change {
        KeyOperation::Created => {
            counters.context += 1;
            let what = change.writer.clone();
            host.keys.insert(
                change.service.to_lowercase(),
                Remembered { id: observed.id, time: observed.time, what },
            );
        }
        KeyOperation::Deleted => removed(host, observed, &name, &change.writer, None),
        KeyOperation::Renamed(new) => {
            let note = format!("its key was renamed to {new}");
            removed(host, observed, &name, &change.writer, Some(&note));
        }
    }
}

fn removed(host: &mut Host, observed: &Observed, name: &Name, writer: &Doer, note: Option<&str>) {
    let fits = |draft: &Draft| {
        draft.kind == Kind::Removed
            && apart(draft.last, observed.time) <= super::JOIN
            && may_be_same(&draft.name, name)
    };
    let key = match host.find(name, fits) {
        Some(key) => key,
        None => host.add(Draft::new(Kind::Removed, name.clone(), mechanism(writer), observed)),
    };
    host.update(key, |draft| {
        draft.rest_on(observed);
        take_writer(draft, writer);
        if let Some(note) = note {
            draft.note(note.to_owned());
        }
    });
    request::claim(host, key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_systems_own_program_is_the_manager() {
        for (image, expected) in [
            (Some(r"C:\Windows\System32\services.exe"), true),
            (Some(r"D:\WINDOWS\system32\services.exe"), true),
            (Some(r"\Device\HarddiskVolume3\Windows\System32\services.exe"), true),
            (Some("services.exe"), true),
            (Some(r"C:\Users\ada\services.exe"), false),
            (Some(r"C:\Users\Windows\System32\services.exe"), false),
            (Some(r"\Device\HarddiskVolume3\ada\Windows\System32\services.exe"), false),
            (Some(r"C:\Windows\System32\svchost.exe"), false),
            (None, false),
        ] {
            let doer = Doer { image: image.map(str::to_owned), ..Doer::default() };
            assert_eq!(is_manager(&doer), expected, "{image:?}");
        }
    }
}
