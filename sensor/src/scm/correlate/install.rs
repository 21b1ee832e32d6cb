//! Installations: 7045 and 4697 of one install, and the registry writes and the command behind it.

use super::draft::{Draft, DraftKey, Kind, is_foreign};
use super::host::{Host, apart, image_name, may_be_same, same, service_names};
use super::{JOIN, request};
use crate::model::Mechanism;
use crate::model::process::Confidence;
use crate::scm::image_path::canonical;
use crate::scm::observed::{Installed, Name, Observed};
use crate::scm::setting;

/// A record says that a service was installed.
pub(super) fn installed(host: &mut Host, observed: &Observed, installed: &Installed) {
    let fits = |draft: &Draft| {
        draft.kind == Kind::Created
            && apart(draft.first, observed.time) <= JOIN
            && !draft.has_mark(observed.source, observed.event_id)
            && is_same_install(draft, installed)
    };
    let mut names = service_names(&installed.name);
    names.extend(installed.image_path.as_deref().map(image_name));
    let fitting: Vec<(DraftKey, &Draft)> =
        host.drafts_of(&names).into_iter().filter(|(_, draft)| fits(draft)).collect();
    let by_name = |(_, draft): &&(DraftKey, &Draft)| may_be_same(&draft.name, &installed.name);
    // Several services may run one program: the logs tell them in the same order.
    let found = fitting.iter().find(by_name).or(fitting.last()).map(|(key, _)| *key);
    let key = found.unwrap_or_else(|| {
        let mechanism = Mechanism::ServiceControlManager;
        host.add(Draft::new(Kind::Created, installed.name.clone(), mechanism, observed))
    });
    host.update(key, |draft| {
        draft.rest_on(observed);
        fill(draft, observed, installed);
    });
    gather(host, key);
    request::claim(host, key);
}

/// The records of two sources tell of one install: by name, or, where one gives the key's name and the other the display
/// name, by image path. Names may agree by chance of another service's; image paths must not contradict.
fn is_same_install(draft: &Draft, installed: &Installed) -> bool {
    let image = draft.after(setting::IMAGE_PATH);
    let other = installed.image_path.as_deref();
    let images_agree = image.is_none() || other.is_none() || same_image(image, other);
    if may_be_same(&draft.name, &installed.name) {
        return images_agree;
    }
    let one_each = draft.name.key.is_some() != installed.name.key.is_some()
        && (draft.name.display.is_none() || installed.name.display.is_none());
    one_each && same_image(image, other)
}

/// Image paths are the same but for the way in which they are written.
fn same_image(left: Option<&str>, right: Option<&str>) -> bool {
    same(left.map(canonical).as_deref(), right.map(canonical).as_deref())
}

fn fill(draft: &mut Draft, observed: &Observed, installed: &Installed) {
    let Name { key, display } = &installed.name;
    draft.name.key = draft.name.key.take().or_else(|| key.clone());
    draft.name.display = draft.name.display.take().or_else(|| display.clone());
    draft.confidence = Confidence::High;
    draft.mechanism = Mechanism::ServiceControlManager;
    if observed.source == crate::scm::interest::Source::ScmLog {
        draft.manager_id = draft.manager_id.or(observed.process_id);
    }
    for (setting, value) in [
        (setting::IMAGE_PATH, &installed.image_path),
        (setting::TYPE, &installed.service_type),
        (setting::START, &installed.start),
        (setting::OBJECT_NAME, &installed.account),
    ] {
        if value.is_some() {
            draft.set(setting, None, value.clone());
        }
    }
    if let Some(bits) = installed.type_bits {
        draft.details.push(("type_bits", format!("{bits:#x}")));
    }
    draft.client.complete(&installed.client);
    draft.client_is_remote = draft.client_is_remote.or(installed.client_is_remote);
    if installed.client.process_id.is_some_and(|pid| pid != 0) {
        draft.basis = Some(("the audit record names the client process", Confidence::High));
    } else if draft.basis.is_none() && (installed.client.logon_id.is_some() || installed.client.sid.is_some())
    {
        draft.basis = Some(("the record names the client's user", Confidence::High));
    }
}

/// Takes in what registry records already told of the same install, which may need its key's name to be known.
pub(super) fn gather(host: &mut Host, key: DraftKey) {
    let Some(draft) = host.drafts.get(&key).filter(|draft| draft.kind == Kind::Created) else { return };
    let mut names = service_names(&draft.name);
    names.extend(draft.after(setting::IMAGE_PATH).map(image_name));
    let found: Vec<DraftKey> = host
        .drafts_of(&names)
        .into_iter()
        .filter(|(other, _)| *other != key)
        .filter(|(_, other)| {
            other.kind == Kind::Changed
                && apart(other.last, draft.first).min(apart(other.first, draft.last)) <= super::SKEW
                && !other.marks.iter().any(|(_, id)| *id == 7040)
                && may_belong(draft, other)
        })
        .map(|(key, _)| key)
        .collect();
    let learnt = draft.name.key.is_none();
    for other in found.into_iter().rev() {
        // What was taken in before may have told the key's name, which another's contradicts.
        let belongs = host.drafts.get(&key).zip(host.drafts.get(&other));
        if !belongs.is_some_and(|(draft, other)| may_belong(draft, other)) {
            continue;
        }
        if let Some(other) = host.remove(other) {
            host.update(key, |draft| draft.absorb(other));
        }
    }
    let Some(draft) = host.drafts.get(&key) else { return };
    host.names.learn(&draft.name);
    // With the key's name further records may be found to belong to it.
    if learnt && draft.name.key.is_some() {
        gather(host, key);
    }
}

fn may_belong(draft: &Draft, other: &Draft) -> bool {
    let image = (draft.after(setting::IMAGE_PATH), other.after(setting::IMAGE_PATH));
    let images_agree = image.0.is_none() || image.1.is_none() || same_image(image.0, image.1);
    let starts_agree = match (draft.after(setting::START), other.after(setting::START)) {
        (Some(left), Some(right)) => {
            left == right || [left, right].iter().any(|word| is_foreign(setting::START, word))
        }
        _ => true,
    };
    images_agree
        && starts_agree
        && (may_be_same(&draft.name, &other.name) || (draft.name.key.is_none() && image.1.is_some()))
}

/// Whether a registry write within a moment of an install belongs to it.
pub(super) fn takes(draft: &Draft, setting: &str, after: Option<&str>, name: &Name) -> bool {
    if draft.kind != Kind::Created {
        return false;
    }
    let agrees = match draft.change(setting) {
        None => after.is_some(),
        Some(_) if setting == setting::IMAGE_PATH => same_image(draft.after(setting), after),
        Some(change) if change.after.as_deref().is_some_and(|word| is_foreign(setting, word)) => true,
        Some(_) => same(draft.after(setting), after),
    };
    let same_service = may_be_same(&draft.name, name)
        || (draft.name.key.is_none() && setting == setting::IMAGE_PATH && draft.change(setting).is_some());
    agrees && same_service
}
