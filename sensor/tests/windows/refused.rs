//! What Wine refuses is named as not seen, and the rest runs.

use serde_json::Value;

use crate::place::{alone_unless, is_wine};
use crate::program::run;
use crate::sensor::Sensor;

/// Why these tests can't run here.
fn missing() -> Option<&'static str> {
    (!is_wine())
        .then_some("a host that refuses a trace session and subscriptions to logs is needed, such as Wine")
}

fn source<'a>(sources: &'a Value, name: &str) -> &'a Value {
    let found = sources.as_array().unwrap().iter().find(|source| source["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {sources}"))
}

#[test]
fn refused_sources_say_why_and_the_others_run() {
    let Some(_alone) = alone_unless(missing()) else { return };
    let sensor = Sensor::start();
    let started = &sensor.started;
    let sources = &started["sources"];
    for name in ["trace session", "System log", "Security log"] {
        let error = source(sources, name)["error"].as_str();
        assert!(error.is_some_and(|error| !error.is_empty()), "{started}");
    }
    for name in ["registry notification", "states of services"] {
        assert!(source(sources, name)["error"].is_null(), "{started}");
    }
    let blind = started["blind"].as_array().unwrap();
    assert!(
        blind.iter().any(|sentence| sentence.as_str().unwrap().contains("which process wrote")),
        "{started}"
    );
}

#[test]
fn doctor_names_what_is_refused() {
    let Some(_alone) = alone_unless(missing()) else { return };
    let output = run(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1), "not everything is seen");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let trace = source(&report["sources"], "trace session");
    assert!(trace["error"].as_str().is_some_and(|error| !error.is_empty()), "{report}");
    assert!(source(&report["sources"], "registry notification")["error"].is_null(), "{report}");
    assert!(!report["blind"].as_array().unwrap().is_empty(), "{report}");
}
