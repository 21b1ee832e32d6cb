//! Signatures in catalogs: lists of files' hashes that are signed as a whole.

use std::fs::File;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;

use windows::Win32::Foundation::HANDLE;
use windows::Win32::Security::Cryptography::Catalog::{
    CATALOG_INFO, CryptCATAdminAcquireContext2, CryptCATAdminCalcHashFromFileHandle2,
    CryptCATAdminEnumCatalogFromHash, CryptCATAdminReleaseCatalogContext, CryptCATAdminReleaseContext,
    CryptCATCatalogInfoFromContext,
};
use windows::Win32::Security::WinTrust::{WINTRUST_CATALOG_INFO, WINTRUST_DATA_0, WTD_CHOICE_CATALOG};
use windows::core::{HSTRING, PCWSTR};

use super::Signature;

/// By which catalogs name files: those of Windows 8 and later, and older ones, such as drivers still have.
const ALGORITHMS: [&str; 2] = ["SHA256", "SHA1"];

/// The catalogs of this host.
struct Catalogs(isize);

impl Drop for Catalogs {
    fn drop(&mut self) {
        // SAFETY: the context is open, and nobody else has it.
        let _released = unsafe { CryptCATAdminReleaseContext(self.0, 0) };
    }
}

/// A catalog that lists a file.
struct Catalog<'catalogs> {
    of: &'catalogs Catalogs,
    context: isize,
}

impl Drop for Catalog<'_> {
    fn drop(&mut self) {
        // SAFETY: both contexts are open, and nobody else has this one.
        let _released = unsafe { CryptCATAdminReleaseCatalogContext(self.of.0, self.context, 0) };
    }
}

/// The signature of the first catalog that lists the file; `None` when there is no such catalog.
pub(super) fn check(file: &File, path: &Path) -> Option<Signature> {
    let file = HANDLE(file.as_raw_handle());
    ALGORITHMS.iter().find_map(|algorithm| check_by(algorithm, file, path))
}

fn check_by(algorithm: &str, file: HANDLE, path: &Path) -> Option<Signature> {
    let mut admin = 0;
    // SAFETY: the algorithm's name ends with a NUL.
    unsafe { CryptCATAdminAcquireContext2(&raw mut admin, None, &HSTRING::from(algorithm), None, None) }
        .ok()?;
    let catalogs = Catalogs(admin);
    let mut hash = hash(&catalogs, file)?;
    // SAFETY: the context is open.
    let context = unsafe { CryptCATAdminEnumCatalogFromHash(catalogs.0, &hash, None, None) };
    if context == 0 {
        return None;
    }
    let catalog = Catalog { of: &catalogs, context };
    let mut about = CATALOG_INFO {
        cbStruct: u32::try_from(size_of::<CATALOG_INFO>()).unwrap_or(0),
        ..CATALOG_INFO::default()
    };
    // SAFETY: the catalog is open, and what is known of it goes where there is room for it.
    unsafe { CryptCATCatalogInfoFromContext(catalog.context, &raw mut about, 0) }.ok()?;
    let (path, member) = (HSTRING::from(path), HSTRING::from(hex::encode_upper(&hash)));
    let mut member_of = WINTRUST_CATALOG_INFO {
        cbStruct: u32::try_from(size_of::<WINTRUST_CATALOG_INFO>()).unwrap_or(0),
        pcwszCatalogFilePath: PCWSTR(about.wszCatalogFile.as_ptr()),
        pcwszMemberTag: PCWSTR(member.as_ptr()),
        pcwszMemberFilePath: PCWSTR(path.as_ptr()),
        hMemberFile: file,
        pbCalculatedFileHash: hash.as_mut_ptr(),
        cbCalculatedFileHash: u32::try_from(hash.len()).ok()?,
        hCatAdmin: catalogs.0,
        ..WINTRUST_CATALOG_INFO::default()
    };
    Some(super::verify(WTD_CHOICE_CATALOG, WINTRUST_DATA_0 { pCatalog: &raw mut member_of }))
}

/// The hash by which catalogs name the file.
fn hash(catalogs: &Catalogs, file: HANDLE) -> Option<Vec<u8>> {
    let mut hash = vec![0; 64];
    let mut length = u32::try_from(hash.len()).ok()?;
    // SAFETY: the file is open, and `length` is that of the buffer.
    unsafe {
        CryptCATAdminCalcHashFromFileHandle2(catalogs.0, file, &raw mut length, Some(hash.as_mut_ptr()), None)
    }
    .ok()?;
    hash.truncate(usize::try_from(length).ok()?);
    Some(hash)
}
