//! A service bears the marks of a tool that runs commands from afar.

use crate::detect::glob;
use crate::detect::place::windows as place;
use crate::detect::subject::Subject;
use crate::detect::technique;
use crate::detect::text::{base_name, quoted};
use crate::detect::verdict::Verdict;
use crate::model::finding::Severity;

use super::{Analytic, WINDOWS};

/// Tools by a pattern of the service's name or of its program's file name.
const TOOLS: &[(&str, &str, &str)] = &[
    ("psexesvc*", "psexesvc*.exe", "PsExec"),
    ("paexec*", "paexec*.exe", "PAExec"),
    ("remcomsvc*", "remcomsvc*.exe", "RemCom"),
    ("csexecsvc*", "csexecsvc*.exe", "CSExec"),
    ("winexesvc*", "winexesvc*.exe", "winexe"),
    ("xcmd*", "xcmdsvc*.exe", "xCmd"),
    ("cachedump*", "cachedump*.exe", "cachedump"),
    ("pwdump*", "pwdump*.exe", "pwdump"),
    ("gsecdump*", "gsecdump*.exe", "gsecdump"),
    ("wceservice*", "wceaux*", "Windows Credentials Editor"),
    ("mimikatzsvc*", "mimikatz*.exe", "mimikatz"),
    ("krbscm*", "krbrelayup*.exe", "KrbRelayUp"),
    ("btobto", "", "smbexec"),
    ("sliver", "sliver*.exe", "Sliver"),
];

pub(super) static ANALYTIC: Analytic = Analytic {
    name: "remote-execution-tool",
    title: "Service of a remote-execution tool",
    behaviour: "A service is created that has the name or the program of PsExec, PAExec, RemCom, CSExec, winexe or a \
        credential dumper; that writes its output to this machine's own share as smbexec does; or whose name and \
        program are made up at random in Windows' directory, as Metasploit and Impacket do.",
    suspicious: "These tools make a service on the target for each session or even each command.",
    benign: "Administrators use PsExec and PAExec, and deployment products bring tools of this kind (medium).",
    managers: WINDOWS,
    severity: (Severity::Medium, Severity::High),
    techniques: &[
        &technique::SERVICE_EXECUTION,
        &technique::WINDOWS_SERVICE,
        &technique::ADMIN_SHARES,
        &technique::WINDOWS_SHELL,
    ],
    judge,
};

fn judge(subject: &Subject<'_>) -> Vec<Verdict> {
    if !subject.creates() {
        return Vec::new();
    }
    let name = subject.event.service.name.as_str();
    let mut commands = subject.commands().iter();
    let found = commands.find_map(|command| {
        let line = command.line.replace('^', "").to_ascii_lowercase();
        if is_smbexec(&line) {
            return Some((
                Severity::High,
                "writes a batch file and its output to this machine's own share, as smbexec does".to_owned(),
            ));
        }
        let program = place::normal(command.path);
        let file = base_name(&program);
        let tool = TOOLS.iter().find(|(service, pattern, _)| {
            glob::matches(service, name) || !pattern.is_empty() && glob::matches(pattern, file)
        });
        if let Some((_, _, tool)) = tool {
            let honest = matches!(*tool, "PsExec" | "PAExec" | "RemCom" | "CSExec" | "winexe" | "xCmd");
            let severity = if honest { Severity::Medium } else { Severity::High };
            return Some((
                severity,
                format!("has the marks of {tool} in its name or its program {}", quoted(file)),
            ));
        }
        let random = place::Place::of(command.path) == Some(place::Place::RandomName)
            && (name.len() == 4 || place::looks_random(name) || is_made_up(name));
        random.then(|| {
            (Severity::High, format!("has a name and a program {} that look made up at random", quoted(file)))
        })
    });
    found
        .map(|(severity, phrase)| {
            let shell = phrase.contains("smbexec").then_some(&technique::WINDOWS_SHELL);
            Verdict::new(severity, "tool", format!("The service {} {phrase}.", quoted(name)))
                .points_to(&technique::SERVICE_EXECUTION)
                .points_to(&technique::WINDOWS_SERVICE)
                .points_to(&technique::ADMIN_SHARES)
                .points_to_all(shell)
        })
        .into_iter()
        .collect()
}

/// Whether a command line is smbexec's: a shell writes a command and runs it as a batch file, with the output on a
/// share of the machine itself.
fn is_smbexec(line: &str) -> bool {
    let shell = line.contains("%comspec%") || line.contains("cmd.exe") || line.starts_with("cmd ");
    let share = line.contains(r"\\127.0.0.1\")
        || line.contains(r"\\localhost\")
        || line.contains(r"\\%computername%\");
    let output =
        line.contains("__output") || line.contains(".bat") && line.contains("echo") && line.contains('>');
    shell && share && output
}

/// Whether a name is sixteen letters or more without a blank, of mixed case, as Metasploit makes display names.
fn is_made_up(name: &str) -> bool {
    name.len() >= 16
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
        && name.bytes().skip(1).filter(u8::is_ascii_uppercase).count() >= 4
}
