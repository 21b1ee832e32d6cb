//! Secrets that can be known by their form, whatever stands before them.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::secret::{Found, is_plain};

/// Each with one group, the secret.
const PATTERNS: [&str; 6] = [
    // A password within a URL (RFC 3986, 3.2.1), and a token in the place of the user.
    r#"(?i)[a-z][a-z0-9+.-]{0,30}://[^\s/?#'"@:]*:([^\s/'"]+)@"#,
    r#"(?i)[a-z][a-z0-9+.-]{0,30}://([^\s/?#'"@:]{20,})@"#,
    // HTTP credentials (RFC 9110, 11.4), in a header or on their own.
    r#"(?i)authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|digest|token|negotiate|apikey)\s+)?([^\s"',;]+)"#,
    r"(?i)\b(?:bearer|basic)\s+([a-z0-9._~+/-]{12,}=*)",
    // Private keys in PEM (RFC 7468).
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----([^-]+)",
    // Tokens of AWS, GitHub, GitLab, Slack, Google, Stripe, OpenAI, npm, PyPI, Vault, DigitalOcean; JWT (RFC 7519).
    concat!(
        r"\b((?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}",
        r"|xox[abeoprs]-[\w-]{10,}|AIza[\w-]{30,}|[rs]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}|npm_\w{30,}",
        r"|pypi-[\w-]{20,}|hv[bs]\.[\w-]{20,}|dop_v1_[0-9a-f]{40,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)",
    ),
];

/// What every text that one of the patterns hits has within it: most have nothing of it, and are done sooner.
const HINT: &str = concat!(
    r"(?i)://|authorization|bearer|basic|PRIVATE KEY|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|AIza",
    r"|[rs]k_|sk-|npm_|pypi-|hv[bs]\.|dop_v1_|eyJ",
);

static HINTS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?-u){HINT}")).ok());

static REGEXES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    // A pattern that doesn't compile would fail the test below that expects a hit of each.
    PATTERNS.iter().filter_map(|pattern| Regex::new(&format!("(?-u){pattern}")).ok()).collect()
});

/// Adds what `text` holds of them.
pub(super) fn secrets(text: &[u8], found: &mut Found) {
    if HINTS.as_ref().is_some_and(|hints| !hints.is_match(text)) {
        return;
    }
    for regex in REGEXES.iter() {
        for captures in regex.captures_iter(text) {
            if let Some(secret) = captures.get(1).filter(|secret| !is_plain(secret.as_bytes())) {
                found.add(secret.range());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::redact::Key;

    #[test]
    fn each_pattern_hits() {
        let key = Key::random().unwrap();
        for (text, secret) in [
            ("postgres://app:hun:t@r2@db/x", "hun:t@r2"),
            ("git clone https://0123456789abcdef0123@host/x", "0123456789abcdef0123"),
            ("-H Authorization: Bearer abc.def -v", "abc.def"),
            ("authorization=zzz", "zzz"),
            ("x bearer 0123456789abcd= y", "0123456789abcd="),
            ("-----BEGIN RSA PRIVATE KEY-----MIIabc-----END", "MIIabc"),
            ("id AKIAIOSFODNN7EXAMPLE.", "AKIAIOSFODNN7EXAMPLE"),
            ("x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"),
        ] {
            let mut found = Found::default();
            secrets(text.as_bytes(), &mut found);
            let expected = text.replace(secret, &key.mark(secret.as_bytes()));
            let replaced = found.replace(text.as_bytes(), &key).unwrap();
            assert_eq!(String::from_utf8(replaced).unwrap(), expected);
        }
    }

    #[test]
    fn other_text_does_not() {
        for text in [
            "https://host:443/x?a=b@c",
            "ssh://git@host/x",
            "bearer of news",
            "Authorization: Bearer $TOKEN",
            "AKIA",
        ] {
            let mut found = Found::default();
            secrets(text.as_bytes(), &mut found);
            assert_eq!(found.replace(text.as_bytes(), &Key::random().unwrap()), None, "{text}");
        }
    }
}
