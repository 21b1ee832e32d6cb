//! Embeds the kernel objects where `cargo xtask build` has made them.

use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    // OUT_DIR is TARGET/PROFILE/build/svcsensor-HASH/out, with the target's triple before PROFILE when one was asked
    // for; the objects lie in TARGET/ebpf. Cargo keeps CACHEDIR.TAG in TARGET.
    let target = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists()).map(Path::to_path_buf);
    let objects = target.unwrap_or_else(|| out.clone()).join("ebpf");
    // The folder is made here so that cargo can watch it: an object that appears later is noticed.
    std::fs::create_dir_all(&objects)?;
    println!("cargo::rerun-if-changed={}", objects.display());
    let process = declaration("PROCESS", &objects.join("process.o"), &out.join("process.o"))?;
    let files = declaration("FILES", &objects.join("files.o"), &out.join("files.o"))?;
    std::fs::write(out.join("objects.rs"), process + &files)?;
    Ok(())
}

/// Rust text that embeds `object`, by way of a copy, or says that there is none.
fn declaration(constant: &str, object: &Path, copy: &Path) -> Result<String> {
    let value = if object.exists() {
        std::fs::copy(object, copy)?;
        // The object's parser wants it aligned.
        format!("Some(aya::include_bytes_aligned!({:?}))", copy.display().to_string())
    } else {
        "None".to_owned()
    };
    Ok(format!("pub(super) const {constant}: Option<&[u8]> = {value};\n"))
}
