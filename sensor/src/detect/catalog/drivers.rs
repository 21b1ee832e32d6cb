//! Kernel drivers that attackers bring along: hostile ones, and honest ones through which any program can reach the
//! kernel.
//!
//! A name is a hint and no proof: hashes prove, and the blocklists of Microsoft and of the `LOLDrivers` project hold
//! them.

use crate::detect::glob;

/// What is known of a driver by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Repute {
    /// It is made for attacks.
    Hostile,
    /// Versions of it let any program write to the kernel's memory or end protected processes.
    Vulnerable,
}

/// What is known of a driver of this name, without extension.
pub(crate) fn repute(name: &str) -> Option<Repute> {
    let listed = |list: &[&str]| list.iter().any(|pattern| glob::matches(pattern, name));
    if listed(HOSTILE) {
        Some(Repute::Hostile)
    } else if listed(VULNERABLE) {
        Some(Repute::Vulnerable)
    } else {
        None
    }
}

/// What is known of a driver of this name, without extension, by who signed it: of products whose later versions are in
/// order.
pub(crate) fn repute_signed(name: &str, signer: &str) -> Option<Repute> {
    // VirtualBox before Sun bought its maker: every program may write to the kernel's memory by it (CVE-2008-3431).
    (name.eq_ignore_ascii_case("vboxdrv") && signer.to_ascii_lowercase().contains("innotek"))
        .then_some(Repute::Vulnerable)
}

const HOSTILE: &[&str] = &[
    "mimidrv",
    "mimikatz",
    "kdmapper*",
    "tdl4*",
    "poortry*",
    "moriya*",
    "msqpq",
    "netfilterdrv*",
    "fivesys",
    "terminator*",
    "reddriver",
    "demodex*",
    "uroburos",
    "blackbone*",
    "echoac*",
];

const VULNERABLE: &[&str] = &[
    "rtcore32",
    "rtcore64",
    "dbutil_2_3",
    "dbutildrv2",
    "gdrv",
    "gdrv2",
    "capcom",
    "winring0*",
    "cpuz1??*",
    "kprocesshacker*",
    "procexp1??",
    "asio",
    "asio2",
    "asio3",
    "asupio*",
    "atszio*",
    "iqvw64*",
    "nal*drv",
    "aswarpot",
    "aswvmm",
    "zam64",
    "zamguard*",
    "amsdk",
    "truesight",
    "mhyprot*",
    "ene",
    "eneio64",
    "enetechio64",
    "pchunter*",
    "gmer64",
    "bdapiutil*",
    "nseckrnl",
    "elrawdsk",
    "rwdrv",
    "winio*",
    "physmem",
    "msio32",
    "msio64",
    "amifldrv*",
    "phymem*",
    "hw64",
    "hwinfo_legacy",
    "bs_def*",
    "bs_flash*",
    "bs_hwmio*",
    "bs_i2c*",
    "bs_rcio*",
    "glckio2",
    "inpoutx64",
    "ntiolib*",
    "speedfan",
    "segwindrvx64",
    "viragt64",
    "wnbios*",
    "lha",
    "directio*",
    "lenovodiagnosticsdriver",
    "pdfwkrnl",
    "ksapi64*",
    "iobitunlocker",
    "k7rkscan",
    "stdriver64",
    "tgsafe",
    "wsdkd",
    "throttlestop",
    "semav6msr*",
    "nvflash",
    "nvflsh64",
    "ad_driver",
    "atillk64",
    "etdsupp",
    "fiddrv*",
    "mtcbsv64",
    "piddrv*",
    "rentdrv*",
    "sandra",
    "superbmc",
    "titidrv",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_drivers_by_name() {
        assert_eq!(repute("mimidrv"), Some(Repute::Hostile));
        assert_eq!(repute("RTCore64"), Some(Repute::Vulnerable));
        assert_eq!(repute("cpuz143_x64"), Some(Repute::Vulnerable));
        assert_eq!(repute("WinRing0_1_2_0"), Some(Repute::Vulnerable));
        assert_eq!(repute_signed("VBoxDrv", "innotek GmbH"), Some(Repute::Vulnerable));
        assert_eq!(repute_signed("VBoxDrv", "Oracle Corporation"), None);
        assert_eq!(repute("storahci"), None);
        assert_eq!(repute("SysmonDrv"), None);
    }
}
