use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::output::redact::{Key, Redactor};
use crate::output::testing::{any_line, one_of_each};

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(&fs::read_to_string(docs("svcsensor-1.schema.json")).unwrap()).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schema").join(name)
}

fn encode(line: &Line) -> Value {
    let mut out = Vec::new();
    JsonEncoder::new(Some("web-1".to_owned())).encode(line, &mut out);
    serde_json::from_slice(&out).unwrap()
}

fn faults(value: &Value) -> Vec<String> {
    SCHEMA.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Pointers (RFC 6901) to all objects within `value`, itself first.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(members) => {
            found.push(pointer.to_owned());
            for (name, value) in members {
                objects(value, &format!("{pointer}/{}", escape(name)), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Objects whose members are named by the host or the run.
fn is_open(pointer: &str) -> bool {
    ["/definition", "/details", "/missing", "/counters"].contains(&pointer)
}

#[test]
fn each_kind_of_line_is_valid() {
    for line in one_of_each() {
        assert_eq!(faults(&encode(&line)), Vec::<String>::new());
    }
}

/// Were a member left out of the schema, or not required, readers could not rely on it.
#[test]
fn the_schema_is_strict() {
    let mut tried = 0;
    for line in one_of_each() {
        let valid = encode(&line);
        let mut pointers = Vec::new();
        objects(&valid, "", &mut pointers);
        for pointer in pointers.iter().filter(|pointer| !is_open(pointer)) {
            let members = |value: &Value| value.pointer(pointer).unwrap().as_object().unwrap().clone();
            let replaced = |members| {
                let mut value = valid.clone();
                *value.pointer_mut(pointer).unwrap() = Value::Object(members);
                value
            };
            let mut more = members(&valid);
            more.insert("unheard_of".to_owned(), Value::Null);
            assert!(!SCHEMA.is_valid(&replaced(more)), "{pointer} takes any member");
            for name in members(&valid).keys() {
                let mut fewer = members(&valid);
                fewer.remove(name);
                assert!(!SCHEMA.is_valid(&replaced(fewer)), "{pointer} does without {name}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "only {tried}");
}

proptest! {
    #[test]
    fn any_line_is_valid(line in any_line()) {
        prop_assert_eq!(faults(&encode(&line)), Vec::<String>::new());
    }

    #[test]
    fn any_redacted_line_is_valid(line in any_line()) {
        let mut line = line;
        Redactor::new(Key::random().unwrap(), vec![]).redact(&mut line);
        prop_assert_eq!(faults(&encode(&line)), Vec::<String>::new());
    }
}

/// The examples in the schema's README are what the encoder writes. `UPDATE_GOLDEN=1` writes them anew.
#[test]
fn examples_are_fresh() {
    let readme = fs::read_to_string(docs("README.md")).unwrap();
    let (intro, _) = readme.split_once("## Examples\n").unwrap();
    let mut fresh = format!("{intro}## Examples\n");
    for line in one_of_each() {
        let value = encode(&line);
        let kind = value["type"].as_str().unwrap();
        let json = serde_json::to_string_pretty(&value).unwrap();
        fresh.extend(["\n### `", kind, "`\n\n```json\n", &json, "\n```\n"]);
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(docs("README.md"), &fresh).unwrap();
    } else {
        assert!(readme == fresh, "docs/schema/README.md is stale: run this test with UPDATE_GOLDEN=1");
    }
}
