//! Programs that run a file of their own kind, or load one besides: `java -jar`, `dotnet`, `insmod`, `node --require`.

use crate::detect::command::Language;

/// The files that such a program runs or loads code from; none where it is no such program.
pub(super) fn files<'a>(name: &str, arguments: &[&'a str]) -> Vec<&'a str> {
    match name {
        "java" => of_java(arguments),
        "mono" | "dotnet" | "wine" | "wine64" => {
            // `dotnet run` and its like are words without a suffix.
            let is_file = |word: &&&str| [".dll", ".exe"].iter().any(|suffix| word.ends_with(suffix));
            arguments.iter().find(is_file).copied().into_iter().collect()
        }
        "run-parts" | "insmod" => {
            arguments.iter().find(|word| !word.starts_with('-')).copied().into_iter().collect()
        }
        // A directory stands for the Makefile in it.
        "make" | "gmake" => loaded(arguments, &["-f", "-C", "--file", "--makefile", "--directory"]),
        _ => match Language::of_program(name) {
            Some(Language::Php) => of_php(arguments),
            Some(Language::JavaScript) => loaded(arguments, &["-r", "--require", "--import", "--loader"]),
            Some(Language::Ruby) => loaded(arguments, &["-r"]),
            _ => Vec::new(),
        },
    }
}

/// What settings of PHP have it run or load: `-d auto_prepend_file=/x`.
fn of_php<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    const SETTINGS: [&str; 4] = ["auto_prepend_file", "auto_append_file", "extension", "zend_extension"];
    let settings = loaded(arguments, &["-d", "--define"]).into_iter().filter_map(|word| word.split_once('='));
    settings
        .filter(|(name, value)| {
            SETTINGS.contains(&name.trim()) && value.contains('/') && !value.contains("://")
        })
        .map(|(_, value)| value.trim_matches(['"', '\'']))
        .collect()
}

/// The directories in which an interpreter looks for modules by its options, with the variable that does the same.
pub(super) fn searched<'a>(name: &str, arguments: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    let variable = match Language::of_program(name) {
        Some(Language::Perl) => "PERL5LIB",
        Some(Language::Ruby) => "RUBYLIB",
        _ => return Vec::new(),
    };
    loaded(arguments, &["-I"]).into_iter().map(|directory| (variable, directory)).collect()
}

/// The values of options that name what is loaded, as far as they are before the script.
fn loaded<'a>(arguments: &[&'a str], options: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = arguments.iter().copied();
    while let Some(word) = rest.next().filter(|word| word.starts_with('-')) {
        let value = options.iter().find_map(|option| {
            let rest = word.strip_prefix(option)?;
            if option.starts_with("--") && !rest.is_empty() { rest.strip_prefix('=') } else { Some(rest) }
        });
        match value {
            Some("") => found.extend(rest.next()),
            Some(value) => found.push(value),
            None => {}
        }
    }
    found
}

/// The archive, the class path and the agents. What follows the archive or the class is the program's own.
fn of_java<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = arguments.iter().copied();
    while let Some(word) = rest.next() {
        match word {
            "-jar" => {
                found.extend(rest.next());
                break;
            }
            "-cp" | "-classpath" | "--class-path" | "-p" | "--module-path" => {
                found.extend(rest.next().unwrap_or_default().split(':'));
            }
            _ => match word.strip_prefix("-javaagent:").or_else(|| word.strip_prefix("-agentpath:")) {
                Some(agent) => found.extend(agent.split('=').next()),
                None if !word.starts_with('-') => break,
                None => {}
            },
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_loaded() {
        for (line, expected) in [
            (&["java", "-Xmx1g", "-jar", "/tmp/a.jar", "/tmp/b.jar"][..], &["/tmp/a.jar"][..]),
            (&["java", "-cp", "/opt/a:/tmp/b", "Main", "/tmp/c"], &["/opt/a", "/tmp/b"]),
            (&["java", "-javaagent:/tmp/x.jar=a", "-jar", "/a.jar"], &["/tmp/x.jar", "/a.jar"]),
            (&["java", "-Djava.io.tmpdir=/tmp", "Main"], &[]),
            (&["dotnet", "/tmp/x.dll", "a"], &["/tmp/x.dll"]),
            (&["dotnet", "run"], &[]),
            (&["mono", "--debug", "/tmp/x.exe"], &["/tmp/x.exe"]),
            (&["run-parts", "--verbose", "/tmp/parts"], &["/tmp/parts"]),
            (&["insmod", "-f", "/tmp/x.ko", "a=/tmp/b"], &["/tmp/x.ko"]),
            (&["php", "-d", "auto_prepend_file=/tmp/x", "/srv/a.php"], &["/tmp/x"]),
            (&["php8.2", "-dextension=/tmp/x.so", "-d", "memory_limit=/1"], &["/tmp/x.so"]),
            (&["php", "/srv/a.php", "-d", "auto_prepend_file=/tmp/x"], &[]),
            (&["node", "--require=/tmp/x.js", "-r", "/tmp/y.js", "/srv/a.js"], &["/tmp/x.js", "/tmp/y.js"]),
            (&["make", "-C", "/tmp/x", "run"], &["/tmp/x"]),
            (&["ruby", "-r/tmp/x.rb", "/srv/a.rb"], &["/tmp/x.rb"]),
            (&["cat", "/tmp/x.dll"], &[]),
        ] {
            assert_eq!(files(line[0], &line[1..]), expected, "{line:?}");
        }
    }
}
