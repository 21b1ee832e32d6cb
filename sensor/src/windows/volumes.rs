//! The drives of this host, by the devices with which the kernel begins paths.

#![expect(unsafe_code, reason = "the system is called")]

use windows::Win32::Storage::FileSystem::{GetLogicalDrives, QueryDosDeviceW};
use windows::core::HSTRING;

/// The longest name of a device, in characters.
const LONGEST: usize = 1024;
/// What the kernel begins paths on other hosts' shares with.
const SHARES: &str = r"\Device\Mup\";

/// Drives, each with its device.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    drives: Vec<Drive>,
}

/// A drive.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Drive {
    /// Such as `\Device\HarddiskVolume3\`.
    device: String,
    /// Such as `C:\`.
    root: String,
}

impl Volumes {
    /// A path of the kernel's, such as `\Device\HarddiskVolume3\x.exe`, as logs and programs write it. One on a volume without
    /// a drive stays as it is.
    pub(super) fn path(&mut self, path: &str) -> String {
        if let Some(share) = strip(path, SHARES) {
            return format!(r"\\{share}");
        }
        if !path.starts_with(r"\Device\") {
            return path.to_owned();
        }
        replace(path, &self.drives).unwrap_or_else(|| {
            // Drives come and go, and rarely.
            self.drives = list();
            replace(path, &self.drives).unwrap_or_else(|| path.to_owned())
        })
    }
}

fn replace(path: &str, drives: &[Drive]) -> Option<String> {
    drives.iter().find_map(|drive| Some(format!("{}{}", drive.root, strip(path, &drive.device)?)))
}

fn strip<'path>(path: &'path str, prefix: &str) -> Option<&'path str> {
    let (start, rest) = path.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn list() -> Vec<Drive> {
    // SAFETY: it takes nothing.
    let there = unsafe { GetLogicalDrives() };
    (b'A'..=b'Z')
        .zip(0..)
        .filter(|(_, bit)| there & (1 << bit) != 0)
        .filter_map(|(letter, _)| drive(letter))
        .collect()
}

fn drive(letter: u8) -> Option<Drive> {
    let name = format!("{}:", char::from(letter));
    let mut buffer = [0_u16; LONGEST];
    // SAFETY: the name ends with a NUL, and the buffer's length goes with it.
    let length = unsafe { QueryDosDeviceW(&HSTRING::from(&name), Some(&mut buffer)) };
    // Several texts, the one that counts first.
    let texts = buffer.get(..usize::try_from(length).ok()?)?;
    let device = String::from_utf16_lossy(texts.split(|unit| *unit == 0).next()?);
    (!device.is_empty()).then(|| Drive { device: format!(r"{device}\"), root: format!(r"{name}\") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_kernel_become_those_of_drives() {
        let drive = |number, letter| Drive {
            device: format!(r"\Device\HarddiskVolume{number}\"),
            root: format!(r"{letter}:\"),
        };
        let drives = [drive(1, "D"), drive(12, "C")];
        for (path, expected) in [
            (r"\Device\HarddiskVolume12\Windows\x.exe", Some(r"C:\Windows\x.exe")),
            (r"\device\harddiskvolume1\x.exe", Some(r"D:\x.exe")),
            (r"\Device\HarddiskVolume2\x.exe", None),
            (r"\Device\HarddiskVolume1", None),
        ] {
            assert_eq!(replace(path, &drives).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn this_hosts_drives_are_found() {
        let mut volumes = Volumes::default();
        let drives = list();
        assert!(drives.iter().any(|drive| drive.root == r"C:\"), "{drives:?}");
        for Drive { device, root } in drives.iter().filter(|drive| drive.device.starts_with(r"\Device\")) {
            assert!(volumes.path(&format!("{device}x.exe")).ends_with(r":\x.exe"), "{device} {root}");
        }
        for (path, expected) in [
            (r"\Device\Mup\files\share\x.exe", r"\\files\share\x.exe"),
            (r"\Device\NoVolume\x.exe", r"\Device\NoVolume\x.exe"),
            ("Registry", "Registry"),
        ] {
            assert_eq!(volumes.path(path), expected);
        }
    }
}
