//! Where an archive is unpacked that was fetched: `curl … | tar -xz -C /opt/x`.

use crate::detect::text::base_name;

use super::cluster::is_cluster;

/// The directory into which a command unpacks what was fetched, with a slash behind it.
///
/// `working` is the working directory, where a script says so; `reads_fetched` whether the command reads what is fetched,
/// and `fetched` names files that were.
pub(super) fn unpacked(
    words: &[&str],
    working: Option<&str>,
    reads_fetched: bool,
    fetched: &[String],
) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    let options: &[&str] = match base_name(program) {
        "tar" | "bsdtar" | "gtar" if extracts(arguments) => &["-C", "--directory", "--cd"],
        "unzip" => &["-d"],
        "cpio"
            if arguments
                .iter()
                .any(|word| is_cluster(word) && word.contains('i') || *word == "--extract") =>
        {
            &["-D", "--directory"]
        }
        _ => return None,
    };
    let is_fetched = |word: &&str| fetched.iter().any(|file| !file.ends_with('/') && file == *word);
    if !reads_fetched && !arguments.iter().any(is_fetched) {
        return None;
    }
    let place = arguments.iter().enumerate().find_map(|(at, word)| {
        options.iter().find_map(|option| {
            if word == option {
                return arguments.get(at.saturating_add(1)).copied();
            }
            let rest = word.strip_prefix(option).filter(|rest| !rest.is_empty())?;
            if option.starts_with("--") { rest.strip_prefix('=') } else { Some(rest) }
        })
    });
    let place = place.or(working).unwrap_or(".");
    Some(format!("{}/", place.trim_end_matches('/')))
}

/// Whether tar extracts; its first word may hold options without a dash.
fn extracts(arguments: &[&str]) -> bool {
    arguments.first().is_some_and(|letters| !letters.starts_with('-') && letters.contains('x'))
        || arguments
            .iter()
            .any(|word| is_cluster(word) && word.contains('x') || matches!(*word, "--extract" | "--get"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_where_to() {
        let fetched = ["/opt/a.tgz".to_owned(), "/opt/dir/".to_owned()];
        for (line, reads, expected) in [
            ("tar -xz -C /opt/x", true, Some("/opt/x/")),
            ("tar xzf - -C/opt/x", true, Some("/opt/x/")),
            ("tar xz --directory=/opt/x/", true, Some("/opt/x/")),
            ("tar xz", true, Some("/work/")),
            ("tar xf /opt/a.tgz -C /opt/y", false, Some("/opt/y/")),
            ("unzip -o /opt/a.tgz -d /opt/z", false, Some("/opt/z/")),
            ("cpio -id -D /opt/c", true, Some("/opt/c/")),
            ("tar xf /usr/share/b.tgz -C /opt/y", false, None),
            ("tar czf /opt/a.tgz /etc", false, None),
            ("tar tz", true, None),
            ("cat -x", true, None),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(unpacked(&words, Some("/work"), reads, &fetched).as_deref(), expected, "{line}");
        }
        assert_eq!(unpacked(&["tar", "x"], None, true, &[]).as_deref(), Some("./"));
        assert_eq!(unpacked(&[], None, true, &[]), None);
    }
}
