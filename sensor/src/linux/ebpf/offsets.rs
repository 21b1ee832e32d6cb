//! What the kernel programs are told of the running kernel: where members stand and which place arguments have.

use sensor_common::{Arguments, MISSING, OPTIONAL, Offsets};
use thiserror::Error;
use zerocopy::FromBytes as _;

use super::btf::Btf;

/// The kernel lacks a member without which the programs make no sense.
#[derive(Debug, Error)]
#[error("the kernel has no member {0}")]
pub struct MemberError(&'static str);

/// Looks up every member.
pub(super) fn resolve(btf: &Btf) -> Result<Offsets, MemberError> {
    let mut words = Vec::with_capacity(size_of::<Offsets>());
    for names in Offsets::NAMES {
        let offset = match names.iter().find_map(|name| btf.offset(name)) {
            Some(offset) => offset,
            None if names.contains(&OPTIONAL) => MISSING,
            None => return Err(MemberError(names.first().copied().unwrap_or_default())),
        };
        words.extend(offset.to_ne_bytes());
    }
    // As many words as fields, by the macro that makes both.
    Ok(Offsets::read_from_bytes(&words).unwrap_or(Offsets::UNSET))
}

/// Looks up every argument. What a kernel lacks is missing: the program that needs it is not loaded.
pub(super) fn resolve_arguments(btf: &Btf) -> Arguments {
    let words: Vec<u8> = Arguments::NAMES
        .iter()
        .flat_map(|names| names.iter().find_map(|name| argument(btf, name)).unwrap_or(MISSING).to_ne_bytes())
        .collect();
    Arguments::read_from_bytes(&words).unwrap_or(Arguments::UNSET)
}

/// The place of `function(argument)`, or of the result for `function()`.
fn argument(btf: &Btf, name: &str) -> Option<u32> {
    let (function, argument) = name.strip_suffix(')')?.split_once('(')?;
    let prototype = btf.prototype(function)?;
    let place = if argument.is_empty() {
        prototype.arguments.len()
    } else {
        prototype.arguments.iter().position(|name| name == argument)?
    };
    u32::try_from(place).ok()
}
