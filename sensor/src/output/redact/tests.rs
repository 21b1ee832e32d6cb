use proptest::prelude::*;

use super::*;
use crate::model::change::{Change, TextDiff};
use crate::model::service::Manager;
use crate::output::testing::{any_line, created_event, setting};

fn redactor() -> Redactor {
    Redactor::new(Key::random().unwrap(), vec!["APP_MODE".to_owned()])
}

/// `«secret»` in `text` stands for a secret: what is left of it must be a mark, and all else must be as it was.
#[track_caller]
fn check(text: &str, redact: impl Fn(&Redactor, String) -> String) {
    let redactor = redactor();
    let mut expected = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('«') {
        let (secret, after) = after.split_once('»').unwrap();
        expected += before;
        expected += &redactor.key.mark(secret.as_bytes());
        rest = after;
    }
    expected += rest;
    let redacted = redact(&redactor, text.replace(['«', '»'], ""));
    assert_eq!(redacted, expected);
    assert_eq!(redact(&redactor, redacted.clone()), redacted, "a second time");
}

#[test]
fn secrets_in_command_lines() {
    for text in [
        "/usr/bin/app --interval 60 --config=/etc/app.toml",
        "/usr/bin/app --password=«hunter2» --interval 60",
        "/usr/bin/app --password «hunter2» -v",
        "/usr/bin/app --password=\"«hun ter2»\" -v",
        "/usr/bin/app '--api-key=«a b»' x",
        "/usr/bin/app --password=\"«a»\"",
        "/usr/bin/app --password=«\"a\"b» c",
        "/usr/bin/app --token $TOKEN --secret ${SECRET} --password-file /run/app/password",
        "/usr/bin/app --token=/run/credentials/token --pass %d/pass",
        "/bin/sh -c 'DB_PASS=«x1» /usr/bin/app --token=«y2;» exit'",
        "/bin/sh -c \"mysql -u root -p«hunter2» db\" «»",
        "ssh host \"mysql -p«hunter2» -e 'select 1'\"",
        "mysql -uroot -p«hunter2;» mysql -p db",
        "mysqldump --password=«hunter2» -p db",
        "docker run -p 8080:80 -e MYSQL_ROOT_PASSWORD=«hunter2» -v /run/secrets:/secrets mysql",
        "curl -u kim:«hunter2» https://host/x",
        "curl -ukim:«hunter2» -H 'Authorization: Bearer «abcdefgh.ijkl»' -H 'X-Api-Key: «k1»' host",
        "curl --user kim:«hunter2» -d '{\"user\":\"kim\",\"password\":\"«hunter2»\",\"x\":1}' host",
        "wget https://kim:«hunter2»@host/x?y=z",
        "curl https://host/x?token=«abc&x=1»",
        "sshpass -p «hunter2» ssh kim@host",
        "sshpass -f /root/.pass ssh kim@host",
        "@-/usr/bin/redis-cli -a «hunter2» ping",
        "openssl enc -k «hunter2» -pass «pass:hunter3» -passin file:/root/x -in x",
        "smbclient -U kim%«hunter2» //host/share",
        "unzip -p archive.zip",
        "unzip -P «hunter2» archive.zip",
        "C:\\Windows\\System32\\sc.exe config x password= «hunter2» obj= .\\kim",
        "schtasks /create /tn x /RU kim /RP «hunter2»",
        "net user kim «hunter2» /add",
        "net user kim /delete",
        "app /password:«hunter2» /v",
        "java -Dspring.datasource.password=«hunter2» -jar /opt/app.jar",
        "env \"DB_PASS=«a b»\" app",
        "systemctl --no-ask-password stop x.service",
        "sudo --askpass /usr/bin/systemctl --no-ask-password --user disable --now x.service",
        "systemctl --some-token --quiet stop x.service",
        "systemctl --quiet --some-token mask x.service",
        "sh -c 'systemctl --no-ask-password stop x; app --password «stop»'",
        "service x start --password «stop»",
        "systemctl set-environment --token «hunter2»",
        "systemd-run --no-ask-password mysql --password «hunter2»",
        "ansible all --ask-pass --ask-become-pass -m ping --password «ping»",
        "docker login --password-stdin --username kim",
        "app --use-password-file keys --no-password --token «start»",
        "redis-server --require-pass «hunter2» --new-password «hunter3»",
        "app --no-password=«hunter2» x",
        "app --password --no-ask-password x",
        "aws configure set aws_secret_access_key «wJalrXUtnFEMI» --x AKIA",
    ] {
        // An option's value has to follow an option; `aws configure set NAME VALUE` has none.
        let text = text.replace("key «wJalrXUtnFEMI»", "key wJalrXUtnFEMI").replace(" «»", "");
        check(&text, |redactor, mut text| {
            redactor.text(&mut text);
            text
        });
    }
}

#[test]
fn secrets_in_sentences() {
    for text in [
        "x.service's new command is mysql -p«hunter2» db",
        "The unit's drop-in sets PASSWORD=«hunter2» for it",
        "password: «hunter2»",
        "the password was changed",
    ] {
        check(text, |redactor, mut text| {
            redactor.text(&mut text);
            text
        });
    }
}

#[test]
fn secrets_in_arguments() {
    for argv in [
        "app\0--password\0«hun ter2»\0-v",
        "app\0--password=«hun ter2»\0-v",
        "mysql\0-p«hunter2»\0db",
        "sh\0-c\0curl -u a:«b» host; PASS=«c» d",
        "app\0--secret\0--verbose\0x",
        "env\0TOKEN=«a b»\0PATH=/tmp\0app",
    ] {
        check(argv, |redactor, argv| {
            let mut words: Vec<BString> = argv.split('\0').map(BString::from).collect();
            redactor.words(&mut words);
            String::from_utf8(bstr::join("\0", words)).unwrap()
        });
    }
}

#[test]
fn bytes_that_are_no_text_stay() {
    let redactor = redactor();
    let mut words =
        vec![BString::from("app"), BString::from(&b"--token=\xff"[..]), BString::from(&b"\xfe"[..])];
    redactor.words(&mut words);
    assert_eq!(words[1], format!("--token={}", redactor.key.mark(b"\xff")));
    assert_eq!(words[2], b"\xfe".as_slice());
}

#[test]
fn secrets_in_settings() {
    for (name, value) in [
        ("Environment", "A=«1» \"B=«2 3»\" C=\"«4 5»\" PATH=/tmp:/usr/bin LD_PRELOAD=/tmp/x.so"),
        ("Environment", "APP_MODE=test D=«x» «stray»"),
        ("Environment", "LC_ALL=C HTTP_PROXY=«http://kim:hunter2@host:3128»"),
        ("Environment", "_JAVA_OPTIONS=-Dpassword=«hunter2»"),
        ("PassEnvironment", "DB_PASS TOKEN"),
        ("EnvironmentFile", "/etc/app/secret.env"),
        ("SetCredential", "db:«hunter2 and more»"),
        ("LoadCredential", "token:/etc/token"),
        ("ExecStart", "/usr/bin/app --token=«abc»"),
        ("Description", "Keeps tokens"),
        ("ApiToken", "«abc def»"),
    ] {
        check(value, |redactor, value| {
            let mut values = [value];
            redactor.values(name, &mut values);
            let [value] = values;
            value
        });
    }
}

#[test]
fn tells_units_from_scripts() {
    for (manager, path, expected) in [
        (Manager::Systemd, "/etc/systemd/system/x.service", true),
        (Manager::Systemd, "/etc/systemd/system/x.service.d/override.conf", true),
        (Manager::Systemd, "/usr/lib/systemd/system-generators/x-generator", false),
        (Manager::SysV, "/etc/init.d/x.service", false),
    ] {
        assert_eq!(unit::is_unit_text(manager, path.as_bytes()), expected, "{path}");
    }
}

#[test]
fn secrets_in_differing_lines() {
    for diff in [
        "-Environment=A=«1»\n+Environment=A=«2»",
        "+Environment=A=«1» \\\n-  X=«7» \\\n+  \"b=«2 3»\" \\\n+  PATH=/tmp\n+ExecStart=/usr/bin/app --interval=60",
        "-  B=«old»\n+  B=«new»",
        "+  APP_MODE=test",
        "+SetCredential=db:«hunter2 »\\\n+«more»",
        "+ExecStart=/usr/bin/app --token=«abc» \\\n+  --password «x» \\\n+  --interval=60",
        "+ExecStart=/usr/bin/app \\\n+ExecStop=/usr/bin/app --stop",
        "+LoadCredential=token:/etc/token",
        "+# PASSWORD=«x»",
        "+[Service]",
    ] {
        check(diff, |redactor, diff| {
            let mut lines: Vec<_> = diff.lines().map(str::to_owned).collect();
            unit::redact_diff(redactor, true, &mut lines);
            lines.join("\n")
        });
    }
    check("+DAEMON=/usr/sbin/app\n+PASS=«x»", |redactor, diff| {
        let mut lines: Vec<_> = diff.lines().map(str::to_owned).collect();
        unit::redact_diff(redactor, false, &mut lines);
        lines.join("\n")
    });
}

/// Every place of an event where a secret can stand.
#[test]
fn no_place_of_an_event_is_left_out() {
    let command = "/usr/bin/app --password=hunter2".to_owned();
    let mut event = created_event();
    event.display_name = Some(command.clone());
    event.note = Some(command.clone());
    event.definition = vec![setting("Service", "Environment", &["X=hunter2"])];
    event.changes = vec![Change {
        section: "Service".to_owned(),
        name: "ExecStart".to_owned(),
        before: vec![command.clone()],
        after: vec![command.clone()],
    }];
    event.file.as_mut().unwrap().diff =
        Some(TextDiff { lines: vec![format!("+ExecStart={command}")], omitted: 0 });
    event.executables[0].command_line.clone_from(&command);
    event.executables[0].arguments = vec!["--password".to_owned(), "hunter2".to_owned()];
    event.details = vec![("command", command.clone())];
    let Known::Is(actor) = &mut event.actor else { panic!() };
    actor.process.argv = Known::Is(vec!["app".into(), "--password=hunter2".into()]);
    actor.ancestry[0].argv = actor.process.argv.clone();
    actor.requester = Some(crate::model::process::Requester {
        process: actor.process.clone(),
        ancestry: vec![actor.process.clone()],
        confidence: crate::model::process::Confidence::High,
        basis: command,
    });
    let mut line = Line::Event(Box::new(event));
    assert_eq!(format!("{line:?}").matches("hunter2").count(), 14);
    let redactor = redactor();
    redactor.redact(&mut line);
    let mark = redactor.key.mark(b"hunter2");
    let text = format!("{line:?}");
    assert_eq!((text.matches("hunter2").count(), text.matches(&mark).count()), (0, 14));
}

/// Far from what it takes, and far below what time with the square of the length would be.
#[test]
fn hostile_texts_do_not_stall() {
    let redactor = redactor();
    for part in ["token= ", "a' ", "http://a:b@", "=", "sh -c 'x y' "] {
        let start = std::time::Instant::now();
        let mut text = part.repeat(50_000 / part.len());
        redactor.text(&mut text);
        let mut values = [part.repeat(50_000 / part.len())];
        redactor.values("Environment", &mut values);
        assert!(start.elapsed().as_secs() < 8, "{part:?} took {:?}", start.elapsed());
    }
}

proptest! {
    #[test]
    fn twice_is_once(line in any_line()) {
        let redactor = redactor();
        let mut once = line;
        redactor.redact(&mut once);
        let mut twice = once.clone();
        redactor.redact(&mut twice);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_variable_keeps_its_name_alone(name in "APP_[A-Z]{1,3}", value in "[!-~]{4,12}", quote in "[\"']?") {
        // Quotes and backslashes within are a matter of the tables above.
        let value = value.replace(['"', '\'', '\\', '<', '>'], "x");
        let redactor = redactor();
        let mut values = [format!("{quote}{name}={value}{quote}")];
        redactor.values("Environment", &mut values);
        prop_assert_eq!(&values[0], &format!("{quote}{name}={}{quote}", redactor.key.mark(value.as_bytes())));
    }
}
