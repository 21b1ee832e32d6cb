//! A service ties a shell to the network.

use crate::detect::command::{Command, Language};
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, EVERY, each_command};

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "network-shell",
    title: "Service ties a shell to the network",
    behaviour: "A service is created or changed so that a command line of it opens a connection and runs what comes \
        in: bash's `/dev/tcp` with duplicated descriptors, `nc -e`, a named pipe between netcat and a shell, `socat` \
        with a shell, sockets and a spawned program in inline Python, Perl, PHP, Ruby or PowerShell code, a bare shell \
        that has a socket as its input (`StandardInput=socket`).",
    suspicious: "It is a back door that the manager starts again whenever it ends.",
    benign: "None is known. Waiting for a port by `echo > /dev/tcp/…` is not told, nor is socat with another program.",
    managers: EVERY,
    severity: (Severity::High, Severity::High),
    techniques: command_techniques!(),
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    each_command(subject, |command| {
        let phrase = command.traits.network_shell.clone().or_else(|| of_socket(subject, command))?;
        let languages = &command.traits.languages;
        let plain = languages.is_empty().then_some(&technique::INTERPRETER);
        Some(
            Verdict::new(Severity::High, command.line, format!("{} {phrase}.", command.shown()))
                .points_to_all(plain)
                .points_to_all(languages.iter().map(|language| language.technique())),
        )
    })
}

/// How a shell without a script of its own gets its commands from a socket that the manager listens on.
fn of_socket(subject: &Subject<'_>, command: &Command<'_>) -> Option<String> {
    let is_bare = command.setting == "ExecStart"
        && command.traits.inline.is_none()
        && command.traits.interpreter == Some(Language::Shell)
        && command.executable?.arguments.iter().all(|argument| argument.starts_with(['-', '+']));
    let reads = subject.value_of("StandardInput")? == "socket";
    (is_bare && reads)
        .then(|| "is a shell that reads from whoever connects to the service's socket".to_owned())
}
