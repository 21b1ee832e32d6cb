//! Programs that fetch a file, and where they put it.

use crate::detect::command::Traits;
use crate::detect::text::base_name;

use super::keep;

/// Programs that fetch a file from elsewhere.
pub(super) const DOWNLOADERS: &[&str] =
    &["curl", "wget", "fetch", "aria2c", "lwp-request", "GET", "http", "https", "tftp", "axel"];

/// Notes the files into which a downloader writes.
pub(super) fn note_fetched(program: &str, arguments: &[&str], traits: &mut Traits) {
    let name = base_name(program);
    if !DOWNLOADERS.contains(&name) {
        return;
    }
    let mut named = Vec::new();
    let mut words = arguments.iter().copied().peekable();
    let mut by_address = name == "wget";
    while let Some(word) = words.next() {
        match word {
            "-o" | "--output" if name == "curl" => named.extend(words.next()),
            "-O" | "--output-document" if name == "wget" => {
                by_address = false;
                named.extend(words.next());
            }
            "-O" | "--remote-name" | "-OJ" | "-LO" | "-sO" | "-sLO" | "-fsSLO" if name == "curl" => {
                by_address = true;
            }
            _ => {
                let output =
                    word.strip_prefix("--output=").or_else(|| word.strip_prefix("--output-document="));
                named.extend(output);
                // `-sLo FILE`, `-qO FILE`.
                let last = if name == "curl" { 'o' } else { 'O' };
                let cluster = word.starts_with('-') && !word.starts_with("--") && word.ends_with(last);
                if cluster && word.len() > 2 {
                    by_address = false;
                    named.extend(words.next());
                }
            }
        }
    }
    if by_address {
        named.extend(arguments.iter().filter(|word| word.contains("://")).map(|address| base_name(address)));
    }
    keep(
        &mut traits.fetched,
        named.into_iter().filter(|file| !matches!(*file, "-" | "/dev/null" | "/dev/stdout")),
    );
}
