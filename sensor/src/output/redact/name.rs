//! Names: which of them stand before a secret, and which variables never hold one.

/// Whether what is assigned to `name` is a secret by all appearance, as with `DB_PASSWORD`, `--api-key`,
/// `X-Auth-Token` or `adminPwd`.
pub(super) fn is_secret(name: &[u8], keep: &[String]) -> bool {
    /// A part that begins or ends so.
    const WORDS: [&str; 9] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "apikey",
        "accesskey",
        "privatekey",
        "secretkey",
    ];
    /// A part that is so as a whole.
    const PARTS: [&str; 7] = ["pass", "pwd", "psk", "passcode", "creds", "passin", "passout"];
    /// What makes a secret of a `key` that follows.
    const KEYS: [&str; 11] = [
        "api",
        "access",
        "private",
        "secret",
        "encryption",
        "signing",
        "master",
        "account",
        "auth",
        "shared",
        "session",
    ];
    /// A name with this ending tells about a secret and doesn't hold it.
    const ABOUT: [&str; 16] = [
        "file",
        "path",
        "dir",
        "directory",
        "url",
        "uri",
        "name",
        "ttl",
        "timeout",
        "type",
        "stdin",
        "expiry",
        "length",
        "policy",
        "fd",
        "env",
    ];
    let Ok(name) = std::str::from_utf8(name) else { return false };
    // Longer names than any in use only serve to make this slow.
    if name.len() > 128 || matches!(name, "PWD" | "OLDPWD") || is_pass_directive(name) || is_kept(name, keep)
    {
        return false;
    }
    let parts = parts(name);
    if parts.last().is_some_and(|last| ABOUT.iter().any(|about| last.ends_with(about))) {
        return false;
    }
    let is_word = |part: &String| {
        WORDS.iter().any(|word| part.starts_with(word) || part.ends_with(word))
            || PARTS.contains(&part.as_str())
            || (part.ends_with("pass") && !matches!(part.as_str(), "bypass" | "compass"))
    };
    let is_key =
        |pair: &[String]| matches!(pair, [kind, key] if key == "key" && KEYS.contains(&kind.as_str()));
    parts.iter().any(is_word) || parts.windows(2).any(is_key)
}

/// Whether the option `name` does without a secret or has it asked for, so that the word behind it is another one:
/// `--no-ask-password`, `--ask-pass`, `--without-password`.
///
/// Options of which some programs take a secret so are none of these: `--require-pass`, `--new-password`.
pub(super) fn is_switch(name: &[u8]) -> bool {
    /// What stands in front of such a name.
    const FIRST: [&str; 7] = ["no", "without", "ask", "prompt", "skip", "disable", "disabled"];
    /// Names that are written in one.
    const WHOLE: [&str; 5] = ["askpass", "askpassword", "nopass", "nopassword", "nopasswd"];
    let Some(name) = name.strip_prefix(b"--").and_then(|name| std::str::from_utf8(name).ok()) else {
        return false;
    };
    let parts = parts(name);
    parts.first().is_some_and(|first| {
        parts.len() > 1 && FIRST.contains(&first.as_str())
            || parts.len() == 1 && WHOLE.contains(&first.as_str())
    })
}

/// `PassEnvironment`, `PassCredentials` and others of systemd let something pass.
fn is_pass_directive(name: &str) -> bool {
    name.strip_prefix("Pass").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// The parts of a name in lower case: `dbPass`, `DB_PASS` and `db-pass` have the same.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_lower = false;
    for character in name.chars() {
        let starts = !character.is_ascii_alphanumeric() || (after_lower && character.is_ascii_uppercase());
        if starts && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(String::new());
        }
        if character.is_ascii_alphanumeric()
            && let Some(part) = parts.last_mut()
        {
            part.push(character.to_ascii_lowercase());
        }
        after_lower = character.is_ascii_lowercase();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a variable's value stays readable: it names no secret, and some of them are how programs are hijacked.
pub(super) fn is_harmless_variable(name: &[u8], keep: &[String]) -> bool {
    const PREFIXES: [&str; 8] = ["LC_", "LD_", "XDG_", "SYSTEMD_", "COR_", "CORECLR_", "GIO_", "GST_PLUGIN_"];
    const NAMES: [&str; 54] = [
        "PATH",
        "LANG",
        "LANGUAGE",
        "TERM",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "TZ",
        "PWD",
        "OLDPWD",
        "TMPDIR",
        "TMP",
        "TEMP",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "NOTIFY_SOCKET",
        "DEBIAN_FRONTEND",
        "EDITOR",
        "PAGER",
        // They decide what an interpreter, loader or library runs (ATT&CK T1574.006, T1574.007, T1574.012).
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONSTARTUP",
        "PYTHONUNBUFFERED",
        "PERL5LIB",
        "PERL5OPT",
        "PERLLIB",
        "RUBYLIB",
        "RUBYOPT",
        "NODE_PATH",
        "NODE_OPTIONS",
        "CLASSPATH",
        "JAVA_HOME",
        "JAVA_OPTS",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "BASH_ENV",
        "ENV",
        "PROMPT_COMMAND",
        "IFS",
        "GCONV_PATH",
        "GLIBC_TUNABLES",
        "MALLOC_CONF",
        "DOTNET_STARTUP_HOOKS",
        "GIT_SSH_COMMAND",
        "GOTRACEBACK",
        "OPENSSL_CONF",
        "OPENSSL_MODULES",
        "QT_PLUGIN_PATH",
        "PATHEXT",
        "SystemRoot",
        "windir",
        "ComSpec",
    ];
    let Ok(name) = std::str::from_utf8(name) else { return false };
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || is_kept(name, keep)
}

/// Whether the configuration keeps the values of `name`.
fn is_kept(name: &str, keep: &[String]) -> bool {
    keep.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_of_secrets() {
        for secret in [
            "password",
            "--password",
            "DB_PASS",
            "dbPass",
            "PGPASSWORD",
            "MYSQL_PWD",
            "TOKEN",
            "X-Auth-Token",
            "GITHUB_TOKEN_2",
            "aws_secret_access_key",
            "AWS_ACCESS_KEY_ID",
            "api-key",
            "ApiKey",
            "SECRET1",
            "PASSWD",
            "spring.datasource.password",
            "SSHPASS",
            "adminPwd",
        ] {
            assert!(is_secret(secret.as_bytes(), &[]), "{secret}");
        }
        for plain in [
            "",
            "PATH",
            "PWD",
            "PassEnvironment",
            "PassCredentials",
            "bypass",
            "compass",
            "--password-file",
            "TOKEN_URL",
            "passwordFile",
            "key",
            "monkey",
            "interval",
            "LoadCredential",
            "PasswordType",
            "passive",
        ] {
            assert!(!is_secret(plain.as_bytes(), &[]), "{plain}");
        }
    }

    #[test]
    fn knows_options_that_take_no_secret() {
        for switch in [
            "--no-ask-password",
            "--ask-password",
            "--ask-pass",
            "--ask-become-pass",
            "--askpass",
            "--no-password",
            "--nopasswd",
            "--without-password",
            "--prompt-password",
            "--disabled-password",
            "--skip-token-check",
        ] {
            assert!(is_switch(switch.as_bytes()), "{switch}");
        }
        for option in [
            "--password",
            "--pass",
            "-no-password",
            "--new-password",
            "--require-pass",
            "--notify-token",
            "--node-password",
            "--default-password",
            "--token",
            "no-password",
            "",
        ] {
            assert!(!is_switch(option.as_bytes()), "{option}");
        }
    }

    #[test]
    fn keeps_what_the_configuration_names() {
        let keep = ["TOKENIZERS_*".to_owned(), "APP_MODE".to_owned()];
        assert!(!is_secret(b"TOKENIZERS_PARALLELISM", &keep));
        assert!(is_secret(b"TOKEN", &keep));
        assert!(is_harmless_variable(b"APP_MODE", &keep));
        assert!(is_harmless_variable(b"LD_PRELOAD", &[]));
        for variable in ["APP_MODE", "APP_MODE2", "path", "HTTP_PROXY"] {
            assert!(!is_harmless_variable(variable.as_bytes(), &[]), "{variable}");
        }
    }
}
