//! Name patterns: `*` stands for any text, `?` for one character; letters match in either case.

/// Whether `text` matches `pattern` as a whole.
///
/// The time is at most the product of both lengths: the last star alone is ever tried again.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut rest_of_pattern = pattern.chars();
    let mut rest_of_text = text.chars();
    let mut retry = None;
    loop {
        let before_step = rest_of_pattern.clone();
        match (rest_of_pattern.next(), rest_of_text.clone().next()) {
            (Some('*'), _) => retry = Some((before_step, rest_of_text.clone())),
            (Some(wanted), Some(found)) if wanted == '?' || same_letter(wanted, found) => {
                rest_of_text.next();
            }
            (None, None) => return true,
            (Some(_), _) | (None, Some(_)) => {
                let Some((star, mut from)) = retry.take() else { return false };
                if from.next().is_none() {
                    return false;
                }
                rest_of_pattern = star;
                rest_of_text = from;
            }
        }
    }
}

/// Whether two characters are the same but for their case.
fn same_letter(one: char, other: char) -> bool {
    if one.is_ascii() && other.is_ascii() {
        one.eq_ignore_ascii_case(&other)
    } else {
        one == other || one.to_lowercase().eq(other.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("nginx.service", "nginx.service", true),
            ("nginx*.service", "nginx-blue.service", true),
            ("*.timer", "snapper-cleanup.timer", true),
            ("*.timer", "snapper-cleanup.timers", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZd", false),
            ("MpKsl????????", "MpKsl0a1b2c3d", true),
            ("windefend", "WinDefend", true),
            ("?", "", false),
            ("**", "x", true),
            ("[a]", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_and_any_split_with_a_star(text in "[a-z@.-]{0,24}", at in 0_usize..24) {
            prop_assert!(matches(&text, &text));
            let mut pattern = text.clone();
            pattern.insert(at.min(text.len()), '*');
            prop_assert!(matches(&pattern, &text));
        }

        #[test]
        fn ends_on_any_input(pattern in ".{0,40}", text in ".{0,40}") {
            matches(&pattern, &text);
        }
    }
}
