//! Changes in memory that reach the file by themselves.
#![expect(unsafe_code, reason = "a shared mapping of a file can't be had without")]

use std::fs::OpenOptions;
use std::path::Path;

use anyhow::{Context as _, Result};
use memmap2::MmapOptions;

pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    file.set_len(u64::try_from(text.len())?)?;
    // SAFETY: the scenario owns the file; nobody makes it shorter while it is mapped.
    let mut mapping =
        unsafe { MmapOptions::new().len(text.len()).map_mut(&file) }.context("mapping the file")?;
    drop(file);
    mapping.copy_from_slice(text.as_bytes());
    Ok(mapping.flush()?)
}
