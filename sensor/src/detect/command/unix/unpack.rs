//! Programs that unpack something compressed and write it to their output.

use super::cluster::is_cluster;

/// Programs that only unpack.
const UNPACKERS: &[&str] = &[
    "zcat",
    "gzcat",
    "gunzip",
    "uncompress",
    "bzcat",
    "bunzip2",
    "xzcat",
    "unxz",
    "lzcat",
    "unlzma",
    "zstdcat",
    "unzstd",
    "lz4cat",
    "unlz4",
    "unpigz",
    "funzip",
    "unbrotli",
];
/// Programs that pack, and unpack with an option.
const PACKERS: &[&str] = &[
    "gzip", "pigz", "bzip2", "pbzip2", "lbzip2", "xz", "pixz", "lzma", "zstd", "pzstd", "lz4", "lzop",
    "lzip", "plzip", "brotli", "compress", "rzip", "lrzip",
];

/// Whether a program of this name unpacks with these arguments.
pub(super) fn unpacks(name: &str, arguments: &[&str]) -> bool {
    let cluster = |argument: &&str, letter| is_cluster(argument) && argument.contains(letter);
    let has = |options: &[&str]| arguments.iter().any(|argument| options.contains(argument));
    match name {
        _ if PACKERS.contains(&name) => {
            arguments.iter().any(|argument| cluster(argument, 'd')) || has(&["--decompress", "--uncompress"])
        }
        _ if UNPACKERS.contains(&name) => true,
        "unzip" => arguments.iter().any(|argument| cluster(argument, 'p')),
        "7z" | "7za" | "7zr" | "7zz" => has(&["-so"]),
        "tar" | "bsdtar" => {
            has(&["--to-stdout"])
                || arguments
                    .first()
                    .is_some_and(|letters| !letters.starts_with("--") && letters.contains('O'))
                || arguments.iter().any(|argument| cluster(argument, 'O'))
        }
        _ => false,
    }
}
