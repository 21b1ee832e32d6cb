//! Debian's kernels: finding the newest of a line, fetching it, and packing what it needs before its root is mounted.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::archive::Archive;
use super::initrd;
use crate::cache::Cache;
use crate::host;

/// The kernel lines that are tested when none is named: the oldest supported, the long-term lines since, the newest.
pub(crate) const LINES: [&str; 5] = ["5.10", "6.1", "6.12", "6.18", NEWEST];

/// The name of the newest kernel there is.
const NEWEST: &str = "newest";

/// The flavour for virtual machines: small, quick to boot, and built from the same source as all others.
const FLAVOUR: &str = "-cloud-amd64";

/// Modules beyond those that the root needs: file systems for units to lie on, and the means to mount images. Some
/// kernels have checksums of btrfs as modules that no dependency names.
const MODULES: [&str; 10] = [
    "virtio_blk",
    "virtio_pci",
    "loop",
    "overlay",
    "xfs",
    "btrfs",
    "fuse",
    "autofs4",
    "crc32c-cryptoapi",
    "crc32c_generic",
];

/// A kernel in the cache.
pub(crate) struct Kernel {
    /// What `uname -r` says in it.
    pub(crate) release: String,
    /// Its bootable image.
    pub(crate) image: PathBuf,
    /// Its early root: a cpio archive with its modules.
    pub(crate) initrd: PathBuf,
}

impl Kernel {
    /// Takes the kernel of a line from the cache; fetches it first where it isn't there or `refresh` asks for the newest.
    pub(crate) fn get(cache: &Cache, line: &str, refresh: bool) -> Result<Self> {
        let folder = cache.path(&format!("kernel-{line}"));
        let recipe = initrd::INIT.to_owned() + &MODULES.join("\n");
        // What was packed by another recipe is packed anew.
        if refresh || fs::read_to_string(folder.join("recipe")).ok().as_ref() != Some(&recipe) {
            fetch(cache, line, &folder)?;
            fs::write(folder.join("recipe"), recipe).context("writing the kernel's recipe")?;
        }
        let release = fs::read_to_string(folder.join("release"))
            .with_context(|| format!("reading {}", folder.join("release").display()))?;
        Ok(Self {
            release: release.trim().to_owned(),
            image: folder.join("vmlinuz"),
            initrd: folder.join("initrd.cpio"),
        })
    }

    /// Parameters that it needs besides those of every virtual machine.
    pub(crate) fn parameters(&self) -> &'static str {
        // Later kernels list the module `bpf` by default.
        if self.release.starts_with("5.") { "lsm=lockdown,yama,apparmor,bpf" } else { "" }
    }
}

fn fetch(cache: &Cache, line: &str, folder: &Path) -> Result<()> {
    let archive = Archive::open(cache)?;
    let prefix = if line == NEWEST { "[0-9]".to_owned() } else { line.replace('.', "\\.") + "[.-]" };
    let names = archive.search(&format!("^linux-image-{prefix}.*{FLAVOUR}$"))?;
    let Some(release) = newest(names.iter().filter_map(|name| name.strip_prefix("linux-image-"))) else {
        bail!("Debian offers no kernel {line}");
    };
    eprintln!("fetching kernel {release}");
    let image = format!("linux-image-{release}");
    let mut packages: Vec<String> =
        archive.depends(&image)?.into_iter().filter(|name| name.ends_with(&format!("-{release}"))).collect();
    packages.push(image);
    let tree = cache.scratch()?;
    archive.unpack(&packages, &tree)?;

    // Packages before 7.x bring modules below /lib, and depmod looks for them where its own distribution has them.
    let (lib, usr) = (tree.join("lib"), tree.join("usr/lib"));
    if lib.exists() {
        link("../lib", &usr)?;
    } else {
        link("usr/lib", &lib)?;
    }
    let modules = lib.join("modules").join(release);
    let boot = tree.join("boot").join(format!("vmlinuz-{release}"));
    let image = if boot.exists() { boot } else { modules.join("vmlinuz") };
    depmod(&tree, release)?;

    let staged = tree.join("staged");
    let kept = staged.join("usr/lib/modules").join(release);
    fs::create_dir_all(&kept).context("making the folder of modules")?;
    link("usr/lib", &staged.join("lib"))?;
    for name in ["modules.builtin", "modules.order"] {
        copy(&modules.join(name), &kept.join(name))?;
    }
    keep_modules(&modules, &kept)?;
    depmod(&staged, release)?;

    let busybox = tree.join("busybox");
    archive.unpack(&["busybox-static".to_owned()], &busybox)?;
    let program = ["usr/bin/busybox", "bin/busybox"]
        .map(|path| busybox.join(path))
        .into_iter()
        .find(|path| path.exists());
    let program = program.context("the package busybox-static has no busybox")?;
    let finished = tree.join("finished");
    fs::create_dir_all(&finished).context("making the folder of the kernel")?;
    initrd::write_early_root(&finished.join("initrd.cpio"), &program, &staged)?;
    copy(&image, &finished.join("vmlinuz"))?;
    fs::write(finished.join("release"), release).context("writing the kernel's release")?;
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::rename(&finished, folder).with_context(|| format!("making {}", folder.display()))
}

/// Copies the wanted modules and all that they depend on, uncompressed, in the folders that they have.
fn keep_modules(from: &Path, to: &Path) -> Result<()> {
    let table =
        fs::read_to_string(from.join("modules.dep")).context("reading the dependencies of modules")?;
    for path in wanted(&table) {
        let target = to.join(path.trim_end_matches(".xz").trim_end_matches(".zst"));
        fs::create_dir_all(target.parent().context("a module lies nowhere")?)
            .context("making a folder of modules")?;
        let source = from.join(path);
        if source.extension().is_some_and(|extension| extension == "xz") {
            let file = fs::File::create(&target).with_context(|| format!("making {}", target.display()))?;
            host::run_into(Command::new("xz").arg("-dc").arg(&source), file)?;
        } else {
            copy(&source, &target)?;
        }
    }
    Ok(())
}

/// The paths in a table of dependencies (modules.dep(5)) of the wanted modules and what they need.
fn wanted(table: &str) -> Vec<&str> {
    let mut paths: Vec<&str> = table
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(path, _)| {
            let file = path.rsplit('/').next().unwrap_or(path);
            MODULES.iter().any(|name| file.strip_prefix(name).is_some_and(|rest| rest.starts_with(".ko")))
        })
        .flat_map(|(path, needs)| std::iter::once(path).chain(needs.split_whitespace()))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// The newest of several releases, by the numbers in them.
fn newest<'a>(releases: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    releases.max_by_key(|release| {
        release
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|part| part.parse::<u64>().ok())
            .collect::<Vec<_>>()
    })
}

/// Writes down the dependencies between modules, which their packages come without.
fn depmod(tree: &Path, release: &str) -> Result<()> {
    host::run(
        Command::new("depmod").env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin").arg("-b").arg(tree).arg(release),
    )
}

fn link(target: &str, path: &Path) -> Result<()> {
    symlink(target, path).with_context(|| format!("linking {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("copying {} to {}", from.display(), to.display())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::{newest, wanted};

    #[test]
    fn the_newest_release_is_told_by_its_numbers() {
        for (releases, expected) in [
            (vec!["5.10.0-9-cloud-amd64", "5.10.0-32-cloud-amd64"], Some("5.10.0-32-cloud-amd64")),
            (
                vec!["6.12.117+deb13-cloud-amd64", "6.12.95+deb12-cloud-amd64"],
                Some("6.12.117+deb13-cloud-amd64"),
            ),
            (vec!["6.19.14+deb13-cloud-amd64", "7.0.4+deb13-cloud-amd64"], Some("7.0.4+deb13-cloud-amd64")),
            (vec![], None),
        ] {
            assert_eq!(newest(releases.into_iter()), expected);
        }
    }

    #[test]
    fn a_wanted_module_brings_what_it_needs() {
        let table = "kernel/fs/btrfs/btrfs.ko.xz: kernel/lib/xor.ko.xz kernel/lib/raid6_pq.ko.xz\n\
                     kernel/fs/nfs/nfs.ko.xz: kernel/fs/lockd.ko.xz\n\
                     kernel/drivers/loopback.ko.xz:\n\
                     kernel/drivers/block/loop.ko:\n";
        assert_eq!(
            wanted(table),
            [
                "kernel/drivers/block/loop.ko",
                "kernel/fs/btrfs/btrfs.ko.xz",
                "kernel/lib/raid6_pq.ko.xz",
                "kernel/lib/xor.ko.xz"
            ]
        );
    }
}
