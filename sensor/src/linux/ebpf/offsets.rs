//! The running kernel's offsets, as the kernel programs take them.

use sensor_common::{MISSING, Offsets};
use thiserror::Error;
use zerocopy::FromBytes;

use super::btf::Btf;

/// The kernel lacks a member without which the programs make no sense.
#[derive(Debug, Error)]
#[error("the kernel has no member {0}")]
pub struct MemberError(&'static str);

/// Members that a kernel may lack: the programs ask for them first.
const OPTIONAL: &[&str] = &["task_struct.loginuid", "task_struct.sessionid", "file.f_task_work"];

/// Looks up every member.
pub(super) fn resolve(btf: &Btf) -> Result<Offsets, MemberError> {
    let mut words = Vec::with_capacity(size_of::<Offsets>());
    for names in Offsets::NAMES {
        let offset = match names.iter().find_map(|name| btf.offset(name)) {
            Some(offset) => offset,
            None => match names.first() {
                Some(name) if !OPTIONAL.contains(name) => return Err(MemberError(name)),
                _ => MISSING,
            },
        };
        words.extend(offset.to_ne_bytes());
    }
    // As many words as fields, by the macro that makes both.
    Ok(Offsets::read_from_bytes(&words).unwrap_or(Offsets::UNSET))
}
