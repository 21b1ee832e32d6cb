//! Descriptors in both forms.

use proptest::prelude::*;

use super::*;

/// What Windows gives a service that asks for nothing else.
const USUAL: &str = "D:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)(A;;CCLCSWLOCRRC;;;IU)\
                     (A;;CCLCSWLOCRRC;;;SU)S:(AU;FA;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)";

#[test]
fn what_hides_and_what_opens_is_told() {
    for (text, hides, opens) in [
        (USUAL, false, false),
        (
            "D:(D;;DCLCWPDTSD;;;IU)(D;;DCLCWPDTSD;;;SU)(D;;DCLCWPDTSD;;;BA)(A;;CCLCSWRPWPDTLOCRRC;;;SY)",
            true,
            false,
        ),
        ("D:(D;;0x5;;;S-1-5-32-544)", true, false),
        ("D:(D;;WPDT;;;IU)", false, false),
        ("D:(D;;CC;;;SU)", false, false),
        ("D:(D;IO;CC;;;IU)", false, false),
        ("D:(A;;GA;;;WD)", false, true),
        ("D:(A;;CCDC;;;BU)", false, true),
        ("D:(A;;WD;;;AU)", false, true),
        ("D:NO_ACCESS_CONTROL", false, true),
        ("O:SYG:SYD:P(A;;GA;;;SY)", false, false),
    ] {
        let descriptor = from_text(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((descriptor.hides(), descriptor.opens()), (hides, opens), "{text}");
    }
    for text in ["", "x", "D:(A;;CC", "Z:(A;;GA;;;WD)", "D:(A;;GA)"] {
        assert_eq!(from_text(text), None, "{text}");
    }
}

/// Two entries: one that denies interactive users to query, one that grants all to the system.
fn bytes() -> Vec<u8> {
    let mut list = vec![2, 0, 0, 0, 2, 0, 0, 0];
    list.extend([1, 0, 20, 0, 0x05, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 4, 0, 0, 0]);
    list.extend([0, 0, 20, 0, 0xff, 0x01, 0x0f, 0, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]);
    let mut bytes = vec![1, 0, 0x04, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0];
    bytes.extend(list);
    bytes
}

#[test]
fn the_binary_form_says_the_same() {
    let descriptor = from_bytes(&bytes()).unwrap();
    assert_eq!(descriptor, from_text("D:(D;;CCLC;;;IU)(A;;0xf01ff;;;SY)").unwrap());
    assert!(descriptor.hides());
    let hexadecimal: String = bytes().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join("-");
    assert_eq!(parse(&hexadecimal), Some(descriptor));
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(descriptor) = from_bytes(&bytes) {
            prop_assert!(descriptor.entries.unwrap_or_default().len() <= bytes.len());
        }
    }

    #[test]
    fn a_damaged_descriptor_is_read(place in 0_usize..68, value: u8, length in 0_usize..68) {
        let mut bytes = bytes();
        bytes[place.min(67)] = value;
        bytes.truncate(length);
        if let Some(descriptor) = from_bytes(&bytes) {
            prop_assert!(descriptor.entries.unwrap_or_default().len() <= 2);
        }
    }

    #[test]
    fn any_text_is_read(text in "[DOGS:();AXIO0x1-9a-fé ]{0,60}") {
        if let Some(descriptor) = from_text(&text) {
            prop_assert!(descriptor.entries.unwrap_or_default().len() <= text.len());
        }
    }
}
