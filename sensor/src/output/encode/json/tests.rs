use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::model::change::Change;
use crate::model::known::{Known, Reason};
use crate::output::testing::{any_line, created_event, one_of_each, setting};

fn encode(line: &Line) -> String {
    let mut out = Vec::new();
    JsonEncoder::new(Some("here".to_owned())).encode(line, &mut out);
    String::from_utf8(out).unwrap()
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn encode_event(event: crate::model::ServiceEvent) -> Value {
    parse(&encode(&Line::Event(Box::new(event))))
}

/// The value at a dotted path, where numbers count into lists.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })
}

/// Refuses an object that names a member twice, which a parser into [`Value`] would hide.
struct Unique;

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> serde::de::Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON without repeated names")
    }
    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }
    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }
    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
        let mut names = std::collections::HashSet::new();
        while let Some((name, _)) = members.next_entry::<String, Unique>()? {
            if !names.insert(name.clone()) {
                return Err(serde::de::Error::custom(format!("{name} stands twice")));
            }
        }
        Ok(Unique)
    }
}

#[test]
fn tells_who_created_what() {
    let json = encode_event(created_event());
    for (path, expected) in [
        ("schema", "\"svcsensor/1\""),
        ("type", "\"event\""),
        ("id", "\"k3v9q2-1\""),
        ("time", "\"2025-11-25T02:16:18.000000001Z\""),
        ("host", "\"here\""),
        ("action", "\"created\""),
        ("mechanism", "\"unit_file\""),
        ("service.manager", "\"systemd\""),
        ("service.scope", "\"system\""),
        ("service.type", "\"service\""),
        ("changes.0.setting", "\"Service.ExecStart\""),
        ("changes.0.before", "[]"),
        ("file.mode", "\"0644\""),
        ("file.path_as_named", "null"),
        ("executables.0.sha256", "null"),
        ("executables.0.uid", "1000"),
        ("enablement_before", "\"not-found\""),
        ("loaded", "false"),
        ("actor.process.argv.1", "\"updater.service\""),
        ("actor.process.login_uid", "1000"),
        ("actor.ancestry.0.comm", "\"bash\""),
        ("actor.ancestry.1.exe", "null"),
        ("evidence.1", "\"o-17\""),
        ("attack.component.id", "\"DC0060\""),
    ] {
        assert_eq!(at(&json, path).map(ToString::to_string).as_deref(), Some(expected), "{path}");
    }
    assert_eq!(json["definition"]["Service.ExecStart"][0], "/tmp/.u/updated --interval 60");
    for (path, reason) in [
        ("file.path_as_named", "not_recorded"),
        ("executables.0.sha256", "pending"),
        ("actor.ancestry.1.exe", "denied"),
        ("actor.ancestry.1.start_ns", "not_recorded"),
    ] {
        assert_eq!(json["missing"][path], reason, "{path}");
    }
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let mut event = created_event();
    event.file.as_mut().unwrap().path = b"/etc/\xff".into();
    if let Known::Is(actor) = &mut event.actor {
        actor.process.argv = Known::Is(vec!["cp".into(), b"\xfe".into()]);
    }
    let json = encode_event(event);
    assert_eq!(json["file"]["path"], "/etc/\u{fffd}");
    assert_eq!(json["file"]["path_base64"], "L2V0Yy//");
    assert_eq!(json["actor"]["process"]["argv_base64"], serde_json::json!(["Y3A=", "/g=="]));
}

#[test]
fn settings_of_one_name_stand_together() {
    let mut event = created_event();
    event.definition =
        vec![setting("A.B", "C", &["1"]), setting("A", "B.C", &["2"]), setting("", "A.B.C", &["3"])];
    event.changes =
        vec![Change { section: String::new(), name: "ImagePath".to_owned(), before: vec![], after: vec![] }];
    let json = encode_event(event);
    assert_eq!(json["definition"], serde_json::json!({"A.B.C": ["1", "2", "3"]}));
    assert_eq!(json["changes"][0]["setting"], "ImagePath");
}

#[test]
fn a_reason_stands_once() {
    let mut event = created_event();
    event.actor = Known::Missing(Reason::Lost);
    event.missing = vec![("actor", Reason::Failed), ("remote_address", Reason::Unsupported)];
    let json = encode_event(event);
    assert_eq!(json["actor"], Value::Null);
    assert_eq!(json["missing"]["actor"], "lost");
    assert_eq!(json["missing"]["remote_address"], "unsupported");
}

#[test]
fn a_loss_of_unknown_size_says_so() {
    let losses: Vec<_> = one_of_each().into_iter().filter(|line| matches!(line, Line::Loss(_))).collect();
    let json = parse(&encode(&losses[0]));
    assert_eq!((&json["count"], &json["unknown"]), (&Value::Null, &Value::Bool(true)));
}

proptest! {
    /// One line of JSON that hides no member, moves no cursor and gives a reason exactly where it has no value.
    #[test]
    fn any_line_is_one_honest_object(line in any_line()) {
        let text = encode(&line);
        let body = text.strip_suffix('\n').unwrap();
        let drives = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        prop_assert_eq!(body.find(drives), None);
        prop_assert!(serde_json::from_str::<Unique>(body).is_ok());
        let json = parse(body);
        for member in ["schema", "type", "time"] {
            prop_assert!(json[member].is_string());
        }
        for (path, reason) in json["missing"].as_object().into_iter().flatten() {
            prop_assert!(reason.is_string());
            // Names without a member of their own come from the event itself.
            if let Some(value) = at(&json, path) {
                prop_assert!(value.is_null() || path == "file.sha256", "{path} is {value}");
            }
        }
    }
}
