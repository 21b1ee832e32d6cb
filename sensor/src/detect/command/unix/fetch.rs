//! Programs that fetch a file, and where they put it.

use crate::detect::command::Traits;
use crate::detect::text::base_name;

use super::cluster::is_cluster;
use super::keep;

/// Programs that fetch a file from elsewhere.
pub(super) const DOWNLOADERS: &[&str] =
    &["curl", "wget", "fetch", "aria2c", "lwp-request", "GET", "http", "https", "tftp", "axel"];

/// Programs that write what another host says: its commands' output, or its answers to questions for names.
pub(super) const REMOTE: &[&str] = &["ssh", "dig", "kdig", "drill", "delv", "host", "nslookup"];

/// Notes the files into which a downloader writes.
pub(super) fn note_fetched(program: &str, arguments: &[&str], traits: &mut Traits) {
    let name = base_name(program);
    match name {
        "scp" | "rsync" | "sftp" => return note_copied(arguments, traits),
        "git" => return note_cloned(arguments, traits),
        _ if !DOWNLOADERS.contains(&name) => return,
        _ => {}
    }
    let mut named = Vec::new();
    let mut words = arguments.iter().copied().peekable();
    let mut by_address = name == "wget";
    while let Some(word) = words.next() {
        match word {
            "-o" | "--output" if matches!(name, "curl" | "aria2c" | "axel") => named.extend(words.next()),
            "-l" if name == "tftp" => named.extend(words.next()),
            "-O" | "--output-document" if name == "wget" => {
                by_address = false;
                named.extend(words.next());
            }
            // `-sSO`: options of one letter may stand together.
            _ if name == "curl"
                && (word.starts_with("--remote-name") || is_cluster(word) && word.contains('O')) =>
            {
                by_address = true;
            }
            _ => {
                let output =
                    word.strip_prefix("--output=").or_else(|| word.strip_prefix("--output-document="));
                named.extend(output);
                // `-sLo FILE`, `-qO FILE`.
                let last = if name == "curl" { 'o' } else { 'O' };
                let cluster = is_cluster(word) && word.ends_with(last);
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

/// Notes where scp and its like put what they copy from another host.
fn note_copied(arguments: &[&str], traits: &mut Traits) {
    let is_remote = |word: &&&str| word.contains(':') && !word.starts_with(['-', '/']);
    let Some((place, sources)) = arguments.split_last() else { return };
    let Some(source) = sources.iter().find(is_remote).filter(|_| !place.contains(':')) else { return };
    let name = base_name(source.rsplit(':').next().unwrap_or(source));
    keep(&mut traits.fetched, [*place, &format!("{}/{name}", place.trim_end_matches('/'))].into_iter());
}

/// Notes the directory into which git clones.
fn note_cloned(arguments: &[&str], traits: &mut Traits) {
    if !arguments.contains(&"clone") {
        return;
    }
    let place = arguments.last().filter(|place| place.starts_with('/'));
    keep(
        &mut traits.fetched,
        place.map(|place| format!("{}/", place.trim_end_matches('/'))).as_deref().into_iter(),
    );
}
