//! Debian's archive, through an apt configuration of its own: nothing of the host's package state is touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::cache::Cache;
use crate::host;

/// The suites that kernels come from.
const SUITES: [&str; 5] = ["bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports"];

/// The keys that Debian signs its archive with; where the file is missing, apt falls back on those that it trusts.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The archive and its own package lists.
pub(crate) struct Archive {
    configuration: PathBuf,
}

impl Archive {
    /// Reads the package lists of all suites from the mirror that the host itself uses.
    pub(crate) fn open(cache: &Cache) -> Result<Self> {
        let folder = cache.path("apt");
        for name in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(folder.join(name)).context("making apt's folders")?;
        }
        let mirror = mirror()?;
        let signed_by =
            if Path::new(KEYRING).exists() { format!(" signed-by={KEYRING}") } else { String::new() };
        let sources =
            SUITES.map(|suite| format!("deb [arch=amd64{signed_by}] {mirror} {suite} main\n")).concat();
        fs::write(folder.join("sources.list"), sources).context("writing apt's sources")?;
        fs::write(folder.join("status"), "").context("writing apt's status")?;
        let configuration = folder.join("apt.conf");
        let text = format!(
            "Dir::State \"{folder}\";\n\
             Dir::State::status \"{folder}/status\";\n\
             Dir::Cache \"{folder}\";\n\
             Dir::Etc::sourcelist \"{folder}/sources.list\";\n\
             Dir::Etc::sourceparts \"/dev/null\";\n\
             Dir::Etc::preferences \"/dev/null\";\n\
             Dir::Etc::preferencesparts \"/dev/null\";\n\
             APT::Architecture \"amd64\";\n\
             APT::Sandbox::User \"root\";\n\
             Acquire::Languages \"none\";\n\
             Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n",
            folder = folder.display()
        );
        fs::write(&configuration, text).context("writing apt's configuration")?;
        let archive = Self { configuration };
        host::run(archive.apt("apt-get").args(["update", "--quiet"]))?;
        Ok(archive)
    }

    /// The names of the packages that match a regular expression.
    pub(crate) fn search(&self, pattern: &str) -> Result<Vec<String>> {
        let text = host::output(self.apt("apt-cache").args(["search", "--names-only", pattern]))?;
        Ok(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
    }

    /// The names of the packages that one depends on.
    pub(crate) fn depends(&self, package: &str) -> Result<Vec<String>> {
        let text = host::output(self.apt("apt-cache").args(["depends", "--important", package]))?;
        Ok(text.lines().filter_map(|line| line.trim().strip_prefix("Depends: ")).map(str::to_owned).collect())
    }

    /// Downloads packages and unpacks them into `tree`, without running any of their scripts.
    pub(crate) fn unpack(&self, packages: &[String], tree: &Path) -> Result<()> {
        let downloads = tree.join("downloads");
        fs::create_dir_all(&downloads).with_context(|| format!("making {}", downloads.display()))?;
        host::run(self.apt("apt-get").args(["download", "--quiet"]).args(packages).current_dir(&downloads))?;
        let mut unpacked = 0;
        for entry in fs::read_dir(&downloads).context("listing downloaded packages")? {
            host::run(Command::new("dpkg").arg("-x").arg(entry?.path()).arg(tree))?;
            unpacked += 1;
        }
        ensure!(unpacked == packages.len(), "apt-get downloaded {unpacked} of {packages:?}");
        fs::remove_dir_all(&downloads).context("removing downloaded packages")
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("APT_CONFIG", &self.configuration);
        command
    }
}

/// The address of the Debian mirror that the host's own apt uses.
///
/// `SVCSENSOR_DEBIAN_MIRROR` names another, for hosts that are not Debian.
pub(crate) fn mirror() -> Result<String> {
    if let Ok(address) = std::env::var("SVCSENSOR_DEBIAN_MIRROR") {
        return Ok(address);
    }
    if let Some(address) = configured_mirror()? {
        return Ok(address);
    }
    // Before the first update apt doesn't know whose archives its sources are.
    host::update_lists()?;
    configured_mirror()?
        .context("apt has no source of Debian's main archive; name one by SVCSENSOR_DEBIAN_MIRROR")
}

fn configured_mirror() -> Result<Option<String>> {
    let text = host::output(Command::new("apt-get").args([
        "indextargets",
        "Created-By: Packages",
        "Origin: Debian",
        "Label: Debian",
        "Component: main",
        "--format",
        "$(REPO_URI)",
    ]))?;
    Ok(text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned))
}
