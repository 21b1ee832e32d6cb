//! What a control group's path tells: the unit and the container that a process belongs to.

use bstr::{BStr, BString, ByteSlice as _};

/// The components of a control group's path, innermost first.
fn components(path: &BStr) -> impl Iterator<Item = &[u8]> {
    path.rsplit(|byte| *byte == b'/')
}

/// The unit that `path` lies in: the innermost component that names a service, scope, socket, mount or swap.
///
/// Source: systemd's control group layout (systemd.slice(5)); a delegated subtree below a unit still belongs to it.
pub fn unit_of(path: &BStr) -> Option<BString> {
    // `user@1000.service/app.slice/x.service` is x.service of that user's manager.
    components(path)
        .find(|component| {
            [&b".service"[..], b".scope", b".socket", b".mount", b".swap"]
                .iter()
                .any(|suffix| component.ends_with(suffix) && component.len() > suffix.len())
        })
        .map(BString::from)
}

/// The user below whose manager `path` lies (`user@.service`, see systemd.special(7)).
pub fn user_manager(path: &BStr) -> Option<u32> {
    let (slice, rest) = path.strip_prefix(b"/user.slice/user-")?.split_once_str(".slice/user@")?;
    let (user, _below) = rest.split_once_str(".service/")?;
    if user == slice { user.to_str().ok()?.parse().ok() } else { None }
}

/// The container that `path` names: 64 hexadecimal digits, as Docker, containerd, CRI-O and Podman write them,
/// or the name of an nspawn or LXC container.
pub fn container_of(path: &BStr) -> Option<BString> {
    components(path).find_map(|component| {
        let name = component.strip_suffix(b".scope").unwrap_or(component);
        if let Some(lxc) = name.strip_prefix(b"lxc.payload.") {
            return Some(lxc.into());
        }
        if let Some(machine) = name.strip_prefix(b"machine-").filter(|_| component.ends_with(b".scope")) {
            return Some(machine.into());
        }
        // `docker-ID.scope`, `cri-containerd-ID.scope`, `libpod-ID.scope`, or the bare id.
        let id = name.rsplit_once_str("-").map_or(name, |(_runtime, id)| id);
        (id.len() == 64 && id.iter().all(u8::is_ascii_hexdigit)).then(|| id.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_and_container() {
        let id = "0123456789abcdef".repeat(4);
        let docker = format!("/system.slice/docker-{id}.scope");
        let pod = format!("/kubepods.slice/kubepods-burstable.slice/cri-containerd-{id}.scope");
        let bare = format!("/docker/{id}");
        let cases: &[(&str, Option<&str>, Option<&str>)] = &[
            ("/", None, None),
            ("/init.scope", Some("init.scope"), None),
            ("/system.slice/ssh.service", Some("ssh.service"), None),
            ("/system.slice/system-getty.slice/getty@tty1.service", Some("getty@tty1.service"), None),
            ("/user.slice/user-0.slice/session-3.scope", Some("session-3.scope"), None),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service", Some("x.service"), None),
            (&docker, docker.strip_prefix("/system.slice/"), Some(&id)),
            (&pod, pod.rsplit('/').next(), Some(&id)),
            (&bare, None, Some(&id)),
            ("/lxc.payload.web/system.slice/a.service", Some("a.service"), Some("web")),
            ("/machine.slice/machine-web.scope", Some("machine-web.scope"), Some("web")),
            ("/system.slice/.service", None, None),
        ];
        for (path, unit, container) in cases {
            assert_eq!(unit_of(BStr::new(path)), unit.map(BString::from), "{path}");
            assert_eq!(container_of(BStr::new(path)), container.map(BString::from), "{path}");
        }
    }

    #[test]
    fn managers_of_users() {
        for (path, user) in [
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service", Some(1000)),
            ("/user.slice/user-1000.slice/user@1000.service", None),
            ("/user.slice/user-1000.slice/user@0.service/app.slice/x.service", None),
            ("/user.slice/user-x.slice/user@x.service/x.service", None),
            ("/user.slice/user-1000.slice/session-3.scope", None),
            ("/system.slice/x.service", None),
        ] {
            assert_eq!(user_manager(BStr::new(path)), user, "{path}");
        }
    }
}
