//! Bytes in a recording: text where they are UTF-8, else base64, so that a person can read what can be read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bstr::BString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of any kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Text(pub(super) Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form<'a> {
    Text(std::borrow::Cow<'a, str>),
    Base64 { base64: String },
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match std::str::from_utf8(&self.0) {
            Ok(text) => Form::Text(text.into()),
            Err(_not_text) => Form::Base64 { base64: STANDARD.encode(&self.0) },
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(Self(text.into_owned().into_bytes())),
            Form::Base64 { base64 } => STANDARD.decode(base64).map(Self).map_err(serde::de::Error::custom),
        }
    }
}

impl From<BString> for Text {
    fn from(bytes: BString) -> Self {
        Self(bytes.into())
    }
}

impl From<Text> for BString {
    fn from(text: Text) -> Self {
        text.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_return(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let json = serde_json::to_string(&Text(bytes.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<Text>(&json).unwrap().0, bytes);
        }
    }

    #[test]
    fn text_stays_readable() {
        assert_eq!(serde_json::to_string(&Text(b"/etc/x.service".to_vec())).unwrap(), "\"/etc/x.service\"");
        assert_eq!(serde_json::to_string(&Text(vec![0xff])).unwrap(), "{\"base64\":\"/w==\"}");
    }
}
