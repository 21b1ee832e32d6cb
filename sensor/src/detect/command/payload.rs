//! Text hidden by base64 within a command line.

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

/// The shortest run of base64 that is looked at.
const SHORTEST: usize = 16;
/// How much of a run is decoded, in characters; a multiple of four.
const LONGEST: usize = 8192;

/// Accepts what attackers' tools write: with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The text behind the longest run of base64 in `text`, if it decodes to text.
pub(super) fn hidden_text(text: &str) -> Option<String> {
    let run = text
        .split(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=')))
        .filter(|run| run.len() >= SHORTEST)
        .max_by_key(|run| run.len())?;
    decode(run)
}

/// Decodes base64 to text: UTF-8, or UTF-16 as PowerShell wants it.
pub(super) fn decode(run: &str) -> Option<String> {
    let run = run.get(..run.len().min(LONGEST))?.trim_end_matches('=');
    // A length of 4n + 1 can't be base64; its last character was cut off.
    let run = if run.len() % 4 == 1 { run.get(..run.len().saturating_sub(1))? } else { run };
    let bytes = LENIENT.decode(run).ok()?;
    let text = if is_utf16(&bytes) {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        String::from_utf16_lossy(&units)
    } else {
        String::from_utf8(bytes).ok()?
    };
    let odd = text.chars().filter(|character| character.is_control() && !character.is_whitespace()).count();
    (!text.is_empty() && odd.saturating_mul(10) < text.chars().count()).then_some(text)
}

/// Whether most of the odd bytes are zero.
fn is_utf16(bytes: &[u8]) -> bool {
    let pairs = bytes.as_chunks::<2>().0;
    let zeros = pairs.iter().filter(|pair| pair[1] == 0 && pair[0] != 0).count();
    !pairs.is_empty() && zeros.saturating_mul(10) >= pairs.len().saturating_mul(7)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_what_is_hidden() {
        assert_eq!(
            hidden_text("echo aWQ7IHdob2FtaTsgdW5hbWUgLWE= | base64 -d"),
            Some("id; whoami; uname -a".into())
        );
        assert_eq!(
            hidden_text("powershell -enc dwBoAG8AYQBtAGkAIAAvAGEAbABsAA=="),
            Some("whoami /all".into()),
            "UTF-16"
        );
        assert_eq!(hidden_text("/usr/bin/short -x"), None);
        assert_eq!(decode("AAECAwQFBgcICQoLDA0ODw"), None, "control bytes are no text");
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,200}", run in "[A-Za-z0-9+/=]{0,80}") {
            hidden_text(&text);
            decode(&run);
        }
    }
}
