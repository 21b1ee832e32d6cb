//! Scenarios that no machine plays: their lines are given, and the verdict is known.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{Environment, FileSystem, Plan, Scenario, Verdict, judge};

/// The machine on which the verdicts are reached.
fn here() -> Environment {
    Environment {
        kernel: "6.1.0-50-cloud-amd64".parse().unwrap(),
        systemd: Some(257),
        filesystems: vec![FileSystem::Root],
        disposable: true,
    }
}

fn verdict(expectations: &str, plan: Plan, lines: &[Value]) -> Verdict {
    let head = "title = 'a title'\nstory = 'a story'\nsteps = ['true']\n";
    let scenario: Scenario = toml::from_str(&format!("{head}{expectations}")).unwrap();
    let mut expand = |text: &str| Ok(text.replace("${UNITS}", "/etc/systemd/system"));
    judge(&scenario, &here(), plan, FileSystem::Root, lines, &mut expand).unwrap()
}

fn event(name: &str, action: &str) -> Value {
    json!({"type": "event", "action": action, "service": {"name": name}})
}

#[track_caller]
fn assert_failed(verdict: &Verdict, part: &str) {
    match verdict {
        Verdict::Failed(text) => assert!(text.contains(part), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_expected_must_be_told_and_nothing_else() {
    let expectations = "[[expect]]\naction = 'created'\nservice.name = 'a.service'\n";
    let created = event("a.service", "created");
    assert_eq!(verdict(expectations, Plan::Tracing, std::slice::from_ref(&created)), Verdict::Passed);
    assert_failed(&verdict(expectations, Plan::Tracing, &[]), "not told");
    assert_failed(&verdict(expectations, Plan::Tracing, &[created.clone(), created.clone()]), "unexpected");
    assert_failed(
        &verdict(expectations, Plan::Tracing, &[event("a.service", "modified")]),
        "wanted \"created\"",
    );
    let loss = json!({"type": "loss"});
    assert_failed(&verdict(expectations, Plan::Tracing, &[created.clone(), loss]), "unexpected");
    let heartbeat = json!({"type": "heartbeat"});
    assert_eq!(verdict(expectations, Plan::Tracing, &[heartbeat, created]), Verdict::Passed);
}

#[test]
fn a_general_pattern_leaves_a_special_one_its_line() {
    let expectations = "[[expect]]\naction = 'created'\n[[expect]]\nservice.name = 'a.service'\n\
                        [[expect]]\nservice.name = '~^[ab]'\n";
    let lines = [event("a.service", "created"), event("b.service", "created"), event("c.service", "created")];
    assert_eq!(verdict(expectations, Plan::Tracing, &lines), Verdict::Passed);
}

#[test]
fn a_count_is_exact() {
    let expectations = "[[expect]]\ntimes = 3\naction = 'created'\n";
    let lines: Vec<Value> = (0..4).map(|n| event(&format!("{n}.service"), "created")).collect();
    assert_eq!(verdict(expectations, Plan::Tracing, &lines[..3]), Verdict::Passed);
    assert_failed(&verdict(expectations, Plan::Tracing, &lines[..2]), "not told");
    assert_failed(&verdict(expectations, Plan::Tracing, &lines), "unexpected");
}

#[test]
fn forbidden_and_tolerated_lines_are_what_they_say() {
    let expectations = "[[forbid]]\ntype = 'finding'\n[[tolerate]]\naction = 'modified'\n";
    assert_eq!(verdict(expectations, Plan::Tracing, &[event("a.service", "modified")]), Verdict::Passed);
    assert_failed(&verdict(expectations, Plan::Tracing, &[json!({"type": "finding"})]), "forbidden");
}

#[test]
fn a_blind_spot_must_stay_blind() {
    let expectations = "[[expect]]\naction = 'modified'\nblind = [{ plan = 'fanotify', why = 'no event' }]\n";
    let modified = [event("a.service", "modified")];
    assert_eq!(verdict(expectations, Plan::Tracing, &modified), Verdict::Passed);
    assert_eq!(verdict(expectations, Plan::Fanotify, &[]), Verdict::Blind);
    assert_failed(&verdict(expectations, Plan::Fanotify, &modified), "seen, though");
}

#[test]
fn a_variant_is_laid_over_the_pattern() {
    let expectations = "[[expect]]\naction = 'created'\nservice.name = 'a.service'\n\
                        [[expect.variant]]\non.kernel_from = '6.0'\nservice.name = 'b.service'\n\
                        [[expect.variant]]\non.plan = 'fanotify'\naction = 'modified'\n";
    assert_eq!(verdict(expectations, Plan::Tracing, &[event("b.service", "created")]), Verdict::Passed);
    assert_eq!(verdict(expectations, Plan::Fanotify, &[event("b.service", "modified")]), Verdict::Passed);
}

#[test]
fn texts_in_patterns_are_expanded() {
    let expectations = "[[expect]]\nfile.path = '${UNITS}/a.service'\n";
    let line = json!({"type": "event", "file": {"path": "/etc/systemd/system/a.service"}});
    assert_eq!(verdict(expectations, Plan::Tracing, &[line]), Verdict::Passed);
}

#[test]
fn requirements_say_what_is_missing() {
    for (requirements, expected) in [
        ("kernel = '6.1'\nsystemd = 257\ndisposable = true", None),
        ("kernel = '6.2'", Some("needs kernel 6.2")),
        ("systemd = 258", Some("needs systemd 258")),
    ] {
        let text = format!("title = ''\nstory = ''\nsteps = []\n[requires]\n{requirements}\n");
        let scenario: Scenario = toml::from_str(&text).unwrap();
        assert_eq!(scenario.requires.missing(&here()).as_deref(), expected);
    }
}

/// The files themselves: all can be read, and they say what a reader needs.
#[test]
fn all_scenarios_are_well_formed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let scenarios = Scenario::load_all(&folder).unwrap();
    let mut titles = BTreeSet::new();
    for scenario in &scenarios {
        let name = &scenario.name;
        assert!(titles.insert(&scenario.title), "{name} has the title of another one");
        assert!(
            !scenario.title.is_empty() && scenario.story.ends_with('.'),
            "{name} has no title or no story"
        );
        assert!(!scenario.steps.is_empty(), "{name} has no steps");
        let says_why = scenario.expect.iter().flat_map(|e| &e.blind).all(|place| place.why.is_some());
        assert!(says_why, "{name} does not say why the sensor is blind");
        for plan in [Plan::Tracing, Plan::Fanotify] {
            for filesystem in &scenario.filesystems {
                for expectation in scenario.expect.iter().chain(&scenario.forbid).chain(&scenario.tolerate) {
                    let mut expand = |text: &str| Ok(text.to_owned());
                    expectation.pattern_for(&here(), plan, *filesystem, &mut expand).expect(name);
                }
            }
        }
    }
}
