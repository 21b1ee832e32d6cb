use std::fs;
#[cfg(unix)]
use std::time::Duration;

use proptest::prelude::*;

use super::*;
#[cfg(unix)]
use crate::detect::{Allowed, Options};
use crate::model::Timestamp;

const ANALYTICS: [&str; 2] = ["execution-from-writable-path", "recovery-service-impaired"];

fn parse(text: &str) -> Result<Config, Vec<Mistake>> {
    read::config(text.as_bytes(), &ANALYTICS)
}

#[test]
fn nothing_gives_the_defaults() {
    assert_eq!(parse("").unwrap(), Config::default());
    assert_eq!(parse("[output]\n[linux]\n[events]\n[redact]\n[detect]").unwrap(), Config::default());
}

// Its paths are Unix's.
#[cfg(unix)]
#[test]
fn every_key_can_be_set() {
    let config = parse(
        r#"
        [output]
        format = "json"
        path = "/var/log/svcsensor/events.jsonl"
        queue_bytes = 1_000_000
        rotate_bytes = 0
        rotate_files = 9
        [linux]
        attach = "fanotify"
        extra_unit_directories = ["/srv/units"]
        users = false
        [events]
        settle_ms = 0
        hash_limit_bytes = 0x100
        heartbeat_seconds = 5
        [redact]
        enabled = false
        keep = ["APP_*"]
        key_file = "/srv/key"
        [detect]
        disabled = ["recovery-service-impaired"]
        [[detect.allow]]
        analytic = "*"
        service = "build-*.service"
        reason = "built on every commit"
        expires = 1970-01-01
        "#,
    );
    let expected = Config {
        output: Output {
            format: Format::Json,
            path: Some("/var/log/svcsensor/events.jsonl".into()),
            queue_bytes: 1_000_000,
            rotate_bytes: Some(0),
            rotate_files: 9,
        },
        linux: Linux {
            attach: Attach::Fanotify,
            extra_unit_directories: vec!["/srv/units".into()],
            users: false,
        },
        events: Events { settle: Duration::ZERO, hash_limit_bytes: 256, heartbeat: Duration::from_secs(5) },
        redact: Redact { enabled: false, keep: vec!["APP_*".to_owned()], key_file: "/srv/key".into() },
        detect: Options {
            disabled: vec!["recovery-service-impaired".to_owned()],
            allowed: vec![Allowed {
                analytic: "*".to_owned(),
                service: "build-*.service".to_owned(),
                reason: "built on every commit".to_owned(),
                until: Some(Timestamp(86_400 * 1_000_000_000 - 1)),
            }],
        },
    };
    assert_eq!(config.unwrap(), expected);
}

/// The example shows every key at its default, commented out or not.
// Its paths are Unix's.
#[cfg(unix)]
#[test]
fn the_example_is_the_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/svcsensor.toml");
    let example = fs::read_to_string(path).unwrap();
    let analytics: Vec<_> = crate::detect::analytic::ALL.iter().map(|analytic| analytic.name).collect();
    assert_eq!(read::config(example.as_bytes(), &analytics).unwrap(), Config::default());
    // Lines like `#key = value` and `#[[section]]` are examples; prose has a blank after the sign.
    let uncommented: String = example
        .lines()
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| rest.starts_with(|c: char| !c.is_whitespace()))
                .unwrap_or(line)
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let config = read::config(uncommented.as_bytes(), &analytics).unwrap();
    assert_eq!(config.detect.allowed.len(), 1);
    let keys = [
        "format",
        "path",
        "queue_bytes",
        "attach",
        "extra_unit_directories",
        "users",
        "settle_ms",
        "hash_limit_bytes",
        "heartbeat_seconds",
        "enabled",
        "keep",
        "key_file",
        "disabled",
        "analytic",
        "service",
        "reason",
        "expires",
    ];
    for key in keys {
        assert!(uncommented.lines().any(|line| line.starts_with(&format!("{key} = "))), "{key} is not shown");
    }
}

#[cfg(windows)]
#[test]
fn paths_of_windows_are_told_from_relative_ones() {
    for (path, is_absolute) in
        [(r"C:\keys\key", true), (r"\\host\share\key", true), (r"\keys", false), ("C:key", false)]
    {
        let text = format!("[redact]\nkey_file = '{path}'");
        assert_eq!(read::config(text.as_bytes(), &ANALYTICS).is_ok(), is_absolute, "{path}");
    }
}

// Its paths are Unix's.
#[cfg(unix)]
#[test]
fn mistakes_are_told_with_their_place() {
    for (text, expected) in [
        ("[output]\nquue_bytes = 1", "2:1: unknown key in [output]; did you mean queue_bytes?"),
        ("[ouptut]", "1:2: unknown key; did you mean output?"),
        ("[output]\nzzz = 1", "2:1: unknown key in [output]"),
        ("queue_bytes = 1", "1:1: unknown key"),
        (
            "[output]\n  format = \"jsn\"",
            "2:12: format must be one of \"auto\", \"json\", \"human\"; did you mean json?",
        ),
        ("[output]\nformat = 3", "2:10: expected a string, found a whole number"),
        ("output = 1", "1:10: expected a section, found a whole number"),
        (
            "[output]\npath = \"x\"",
            "2:8: the path must be absolute, since the sensor's working directory is nobody's business",
        ),
        ("[output]\nqueue_bytes = 1", "2:15: queue_bytes must be between 65536 and 1073741824"),
        ("[events]\nsettle_ms = -1", "2:13: settle_ms must be between 0 and 10000"),
        (
            "[events]\nsettle_ms = 99999999999999999999999999999999999999999",
            "2:13: settle_ms must be between 0 and 10000",
        ),
        ("[events]\nsettle_ms = 1.5", "2:13: expected a whole number, found a number with a fraction"),
        ("[linux]\nusers = \"yes\"", "2:9: expected true or false, found a string"),
        ("[linux]\nextra_unit_directories = [\"/a\", 1]", "2:33: expected a string, found a whole number"),
        (
            "[redact]\nkeep = [\"*\"]",
            "2:9: this would keep every value; set enabled = false if that is wanted",
        ),
        ("[redact]\nkeep = [\"A*B\"]", "2:9: a * stands at the end only"),
        (
            "[detect]\ndisabled = [\"recovery-service-impaird\"]",
            "2:13: there is no such analytic; did you mean recovery-service-impaired?",
        ),
        ("[detect]\nallow = [1]", "2:10: expected a section, found a whole number"),
        (
            "[[detect.allow]]\nanalytic = \"*\"\nservice = \"*\"\nreason = \"x\"\nexpires = \"2027-01-31\"",
            "5:11: expected a date without quotes, such as 2027-01-31, found a string",
        ),
        (
            "[[detect.allow]]\nanalytic = \"*\"\nservice = \"*\"\nreason = \"x\"\nexpires = 2027-01-31T00:00:00",
            "5:11: expires must be a date without quotes, such as 2027-01-31",
        ),
        (
            "[[detect.allow]]\nanalytic = \"*\"\nservice = \"*\"\nreason = \"x\"\nexpires = 9999-12-31",
            "5:11: expires must lie between 1677 and 2262",
        ),
        (
            "[[detect.allow]]\nanalytic = \"*\"\nservice = \" \"\nreason = \"x\"",
            "3:11: service must not be empty",
        ),
        ("[[detect.allow]]\nanalytic = \"*\"\nservice = \"*\"", "1:1: detect.allow needs reason"),
    ] {
        let mistakes = parse(text).unwrap_err();
        let told: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{text}: {told:?}");
        assert_eq!(told[0].lines().next(), Some(expected), "{text}");
    }
}

#[test]
fn a_mistake_shows_its_text() {
    let mistakes = parse("[output]\n\tformat = \"\u{e9}jsn\" # \u{1b}[2J\n[linux]\nuser = true").unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    let mistakes = parse("[output]\n\tformat = \"\u{e9}jsn\"\n[linux]\nuser = true").unwrap_err();
    assert_eq!(
        Mistakes { path: Path::new("x.toml"), mistakes: &mistakes }.to_string(),
        "x.toml:2:11: format must be one of \"auto\", \"json\", \"human\"; did you mean json?\n    \u{fffd}format = \"\u{e9}jsn\"\n              ^^^^^^\nx.toml:4:1: unknown key in [linux]; did you mean users?\n    user = true\n    ^^^^"
    );
}

#[test]
fn broken_files_are_told_by_place() {
    for (bytes, line, column) in [
        (&b"[output\nformat = 1"[..], 1, 8),
        (b"[output]\nformat = ", 2, 10),
        (b"a = 1\n\nb = \"x", 3, 7),
        (b"[output]\nformat = \"\xff\"", 2, 11),
        (b"a = 1\na = 2", 2, 1),
    ] {
        let mistakes = read::config(bytes, &ANALYTICS).unwrap_err();
        assert_eq!((mistakes[0].line, mistakes[0].column), (line, column), "{mistakes:?}");
    }
}

#[test]
fn floods_are_bounded() {
    let keys: String =
        (0..100_000).flat_map(|number| ["k".to_owned(), number.to_string(), "=1\n".to_owned()]).collect();
    assert_eq!(parse(&keys).unwrap_err().len(), 20);
    assert_eq!(parse(&format!("[redact]\nkeep = [{}]", "1,".repeat(100_000))).unwrap_err().len(), 20);
    for deep in [
        "[".repeat(200_000),
        "a=".to_owned() + &"[".repeat(200_000),
        "a=".to_owned() + &"{a=".repeat(100_000),
    ] {
        assert!(!parse(&deep).unwrap_err().is_empty());
    }
    assert!(!parse(&format!("[{}]", "a.".repeat(100_000) + "a")).unwrap_err().is_empty());
}

#[test]
fn files_are_found_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("svcsensor.toml");
    assert_eq!(load_default(&path, &ANALYTICS).unwrap(), Config::default());
    assert!(matches!(load(Some(&path), &ANALYTICS), Err(ConfigError::Read { .. })));
    fs::write(&path, "[linux]\nusers = false").unwrap();
    assert!(!load_default(&path, &ANALYTICS).unwrap().linux.users);
    fs::write(&path, "[linux]\nuser = false").unwrap();
    let error = load(Some(&path), &ANALYTICS).unwrap_err();
    assert!(
        error.to_string().ends_with(
            "svcsensor.toml:2:1: unknown key in [linux]; did you mean users?\n    user = false\n    ^^^^"
        ),
        "{error}"
    );
    fs::write(&path, "#".repeat(1 << 21)).unwrap();
    assert!(matches!(load(Some(&path), &ANALYTICS), Err(ConfigError::TooLarge { .. })));
}

#[test]
fn a_check_remarks_what_is_worth_a_thought() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("svcsensor.toml");
    let text = "[redact]\nenabled = false\n[[detect.allow]]\nanalytic = \"recovery-service-impaired\"\nservice = \"a*\"\nreason = \"x\"\nexpires = 2025-01-01";
    fs::write(&path, text).unwrap();
    let now = Timestamp(1_764_036_978_000_000_000);
    let report = check(&path, &ANALYTICS, now).unwrap();
    let expected = "\
PATH: secrets are written to the output, since redact.enabled is false
PATH: the allowance of recovery-service-impaired for a* has expired
PATH: the configuration is valid";
    assert_eq!(report.to_string().replace(&path.display().to_string(), "PATH"), expected);
    assert_eq!(check(&path, &ANALYTICS, Timestamp(0)).unwrap().remarks.len(), 1);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(mistakes) = read::config(&bytes, &ANALYTICS) {
            prop_assert!(!mistakes.is_empty());
        }
    }

    #[test]
    fn any_near_text_is_read_or_refused(
        lines in proptest::collection::vec(
            "(\\[{1,2}(output|detect|detect.allow|x)\\]{1,2}|(format|path|keep|expires|users|\"\u{e9}\\u0000\") ?= ?(1|-1|\"[a-z\u{e9}]{0,3}\"|\\[\"\", 1]|2027-0[0-9]-31|\\{a=1}|\"\"\"\n\u{1b}\n\"\"\"))",
            0..6,
        )
    ) {
        if let Err(mistakes) = parse(&lines.join("\n")) {
            for mistake in mistakes {
                prop_assert!(mistake.line >= 1 && mistake.column >= 1);
                prop_assert!(!mistake.text.contains(char::is_control));
            }
        }
    }
}
