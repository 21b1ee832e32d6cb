//! Whose signature a program bears is told by the running sensor.

use serde_json::Value;

use crate::changes::facts_of_program;
use crate::manager::Made;
use crate::place::{alone_unless, missing_rights, stand_in};
use crate::sensor::Sensor;

/// A program with a signature.
const SIGNED: &str = "signed.exe";
/// The same, changed after it was signed.
const ALTERED: &str = "altered.exe";

/// Why there are none.
fn missing_programs() -> Option<&'static str> {
    stand_in(SIGNED)
        .is_none()
        .then_some("signed programs are needed, which only `cargo xtask windows-test` makes")
}

/// What is told of a service with this program.
fn facts(name: &str, program: &str) -> Value {
    let program = stand_in(program).unwrap();
    let mut sensor = Sensor::start();
    let _made = Made::by_manager(name, program.to_str().unwrap());
    facts_of_program(&mut sensor, name).1
}

#[test]
fn the_signer_of_a_program_is_told() {
    let Some(_alone) = alone_unless(missing_rights().or_else(missing_programs)) else { return };
    let signed = facts("svcsensor-test-signed", SIGNED);
    assert_eq!(signed["image_signed"], "true", "{signed}");
    assert_eq!(signed["image_signer"], "svcsensor test signer", "{signed}");
}

#[test]
fn a_program_that_was_changed_after_it_was_signed_is_not_taken_for_signed() {
    let Some(_alone) = alone_unless(missing_rights().or_else(missing_programs)) else { return };
    let altered = facts("svcsensor-test-altered", ALTERED);
    assert_eq!(altered["image_signed"], "false", "{altered}");
    // TRUST_E_BAD_DIGEST
    assert_eq!(altered["image_signature_error"], "0x80096010", "{altered}");
    assert!(altered["image_signer"].is_null(), "{altered}");
}
