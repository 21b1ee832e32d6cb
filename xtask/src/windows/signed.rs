//! Programs that bear a signature, for tests of what is told of signers: Wine's own have none.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::host::{install_missing, run};

/// The programs that make keys and signatures, and the Debian package of each.
const TOOLS: [(&str, &str); 2] = [("openssl", "openssl"), ("osslsigncode", "osslsigncode")];
/// Whose the signature is: a certificate that signs itself.
const SIGNER: &str = "/CN=svcsensor test signer";
/// A program with the signature.
const SIGNED: &str = "signed.exe";
/// The same, changed after it was signed.
const ALTERED: &str = "altered.exe";
/// The byte of it that was changed: behind the headers, and before the signature at the end.
const CODE: usize = 0x600;

/// Makes the programs in this folder, out of one without a signature; the tools are installed where they are missing.
pub(super) fn programs(plain: &Path, folder: &Path) -> Result<()> {
    install_missing(&TOOLS)?;
    let (key, certificate) = (folder.join("signer.key"), folder.join("signer.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", SIGNER]);
    command.args(["-addext", "extendedKeyUsage=codeSigning"]);
    run(command.arg("-keyout").arg(&key).arg("-out").arg(&certificate))?;

    let signed = folder.join(SIGNED);
    // It writes over no file.
    drop(fs::remove_file(&signed));
    let mut command = Command::new("osslsigncode");
    command.args(["sign", "-h", "sha256", "-certs"]).arg(&certificate).arg("-key").arg(&key);
    run(command.arg("-in").arg(plain).arg("-out").arg(&signed))?;

    let mut bytes = fs::read(&signed).with_context(|| format!("reading {}", signed.display()))?;
    let code = bytes.get_mut(CODE).with_context(|| format!("{} is too small", signed.display()))?;
    *code = !*code;
    let altered = folder.join(ALTERED);
    fs::write(&altered, bytes).with_context(|| format!("writing {}", altered.display()))
}
