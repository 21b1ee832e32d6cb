//! Ways by which a command line ties a shell to the network.

use crate::detect::command::{Language, Traits};
use crate::detect::text::{base_name, quoted};

use super::cluster::is_cluster;

/// Whether a program is netcat or kin.
pub(super) fn is_netcat(name: &str) -> bool {
    matches!(name, "nc" | "ncat" | "netcat" | "nc.traditional" | "nc.openbsd")
}

/// What a network tool does that ties a program to the network.
pub(super) fn network_tool(program: &str, arguments: &[&str]) -> Option<String> {
    let name = base_name(program);
    if is_netcat(name) {
        let executes = arguments.iter().any(|argument| {
            matches!(*argument, "--exec" | "--sh-exec" | "-e" | "-c")
                || argument.starts_with("--exec=")
                || argument.starts_with("--sh-exec=")
                || is_cluster(argument) && argument.ends_with(['e', 'c'])
        });
        return executes.then(|| format!("runs a program on a connection of {}", quoted(name)));
    }
    if name == "socat" {
        let executes = arguments.iter().find(|argument| {
            let lower = argument.to_ascii_lowercase();
            (lower.starts_with("exec:") || lower.starts_with("system:"))
                && lower
                    .split([':', ',', ' ', '\'', '"', '/'])
                    .any(|word| Language::of_program(word).is_some() || matches!(word, "login" | "su"))
        })?;
        return Some(format!("ties {} to a connection of socat", quoted(executes)));
    }
    None
}

/// Notes bash's network devices. A mere `echo > /dev/tcp/host/port` waits for a port; a shell is tied to it by
/// duplicating its descriptors. Where the script opens a descriptor for it or reads from one, it counts only if something
/// `runs` what is read: a check of a service's answer does not.
pub(super) fn note_device(script: &str, runs: bool, traits: &mut Traits) {
    if script.contains("zsh/net/tcp") && script.contains("ztcp") {
        traits.network_shell.get_or_insert("ties a shell to a connection of zsh's network module".to_owned());
    }
    let device = ["/dev/tcp/", "/dev/udp/"].into_iter().find(|device| script.contains(device));
    let Some(device) = device else { return };
    let ties = ["0>&1", "<&1", ">&0", "0<&", "1>&0", " -i", ">& /dev/", "&> /dev/", "&>/dev/", ">&/dev/"];
    let reads = ["exec ", "<&", "< /dev/", "</dev/", "<> /dev/", "<>/dev/"];
    let has = |words: &[&str]| words.iter().any(|word| script.contains(word));
    if has(&ties) || runs && has(&reads) {
        traits.network_shell.get_or_insert(format!("ties a shell to {}", quoted(device)));
    }
}
