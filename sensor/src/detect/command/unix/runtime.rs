//! Programs that run a file of their own kind: `java -jar`, `mono`, `dotnet`, `run-parts`.

/// The files that such a program runs or loads code from; none where it is no such program.
pub(super) fn files<'a>(name: &str, arguments: &[&'a str]) -> Vec<&'a str> {
    match name {
        "java" => of_java(arguments),
        "mono" | "dotnet" | "wine" | "wine64" => {
            // `dotnet run` and its like are words without a suffix.
            let is_file = |word: &&&str| [".dll", ".exe"].iter().any(|suffix| word.ends_with(suffix));
            arguments.iter().find(is_file).copied().into_iter().collect()
        }
        "run-parts" => arguments.iter().find(|word| !word.starts_with('-')).copied().into_iter().collect(),
        _ => Vec::new(),
    }
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
            (&["cat", "/tmp/x.dll"], &[]),
        ] {
            assert_eq!(files(line[0], &line[1..]), expected, "{line:?}");
        }
    }
}
