use proptest::prelude::*;

use super::*;
use crate::output::testing::{any_line, created_event, one_of_each};

fn encode(color: Color, line: &Line) -> String {
    let mut out = Vec::new();
    HumanEncoder::new(color).encode(line, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn tells_the_story_in_a_few_lines() {
    let text: String = one_of_each().iter().map(|line| encode(Color::Off, line)).collect();
    let expected = "\
02:16:10.000 started           svcsensor 0.1.0 watches 412 services of web-1 by fanotify
                               not by tracing: BTF is not offered
                               Attribute changes made through another mount are not seen.
02:16:18.000 finding           high: Service runs from a writable path [execution-from-writable-path]
                               updater.service runs /tmp/.u/updated, which everybody may replace (T1543.002)
02:16:18.000 created           updater.service unit file /etc/systemd/system/updater.service
                               ExecStart=/tmp/.u/updated --interval 60
                               by cp[4242] < bash[4200] < ?[1], root logged in as kim from 192.0.2.7
02:16:30.000 loss              an unknown number at fanotify: the kernel's queue was full; all units are read again
02:17:40.000 stopped           SIGTERM: 19 observations
";
    assert_eq!(text, expected);
}

#[test]
fn shows_what_would_drive_the_terminal() {
    let mut event = created_event();
    event.service.name = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}ecivres.x\r\n".to_owned();
    event.file.as_mut().unwrap().path = b"/etc/\x9b31m\xff".into();
    let text = encode(Color::Off, &Line::Event(Box::new(event)));
    assert!(text.contains("\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{202e}ecivres.x\\r\\n"), "{text}");
    assert!(!text.contains(|character: char| character.is_control() && character != '\n'), "{text}");
}

#[test]
fn long_values_are_cut() {
    let mut event = created_event();
    event.note = Some("x".repeat(10_000));
    event.changes = vec![event.changes[0].clone(); 20];
    let text = encode(Color::Off, &Line::Event(Box::new(event)));
    assert!(text.contains("and 12 more settings") && text.contains("x…\n"), "{text}");
    assert!(text.lines().count() < 14 && text.len() < 2000, "{text}");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    for (is_terminal, no_color, term, expected) in [
        (true, None, Some("xterm"), Color::On),
        (true, Some(""), None, Color::On),
        (true, Some("1"), Some("xterm"), Color::Off),
        (true, None, Some("dumb"), Color::Off),
        (false, None, Some("xterm"), Color::Off),
    ] {
        assert_eq!(
            Color::choose(is_terminal, no_color, term),
            expected,
            "{is_terminal} {no_color:?} {term:?}"
        );
    }
}

/// The text without the sequences that set colours: `ESC [`, digits and semicolons, `m`.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (sequence, rest) = part.split_once('m').expect("a sequence other than a colour");
        assert!(sequence.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{sequence:?}");
        plain += rest;
    }
    plain
}

proptest! {
    #[test]
    fn nothing_drives_the_terminal(line in any_line()) {
        let text = encode(Color::Off, &line);
        prop_assert_eq!(text.find(|character: char| character.is_control() && character != '\n'), None);
        prop_assert!(text.is_empty() || text.ends_with('\n'));
        prop_assert_eq!(without_colours(&encode(Color::On, &line)), text);
    }
}
