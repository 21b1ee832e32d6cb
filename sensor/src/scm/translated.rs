//! Words of the SCM's records in other languages than English.
//!
//! Windows translates start types and types of services where it logs them, in wordings that change from version to version.
//! So they are told by parts of words, of those languages that Windows is sold in most. States are not among them: their
//! records hold a number beside the word.

use super::setting::StartType;

/// Parts of the words for a start type. The order counts: what is disabled is also said to start in some languages.
const STARTS: [(StartType, &[&str]); 3] = [
    (
        StartType::Disabled,
        &[
            "deaktiviert",
            "désactivé",
            "deshabilitad",
            "disabilitat",
            "disattivat",
            "desabilitad",
            "desativad",
            "uitgeschakeld",
            "wyłączon",
            "отключен",
            "zakázán",
            "letiltva",
            "inaktiverad",
            "deaktiveret",
            "deaktivert",
            "devre dışı",
            "禁用",
            "停用",
            "無効",
            "사용 안 함",
        ],
    ),
    (
        StartType::Demand,
        &[
            "manuell",
            "manuel",
            "demande",
            "petición",
            "solicitar inicio",
            "por demanda",
            "richiesta",
            "handmatig",
            "op verzoek",
            "op aanvraag",
            "żądanie",
            "ręczn",
            "вручную",
            "по требованию",
            "ruční",
            "na vyžádání",
            "igény szerint",
            "kézi",
            "isteğe",
            "按需",
            "手动",
            "手動",
            "要求",
            "依需求",
            "요구",
            "수동",
        ],
    ),
    (StartType::Auto, &["autom", "autostart", "авто", "otomatik", "自动", "自動", "자동"]),
];

/// Parts of the words for a type of service, and the words of English records.
const TYPES: [(&str, &[&str]); 3] = [
    (
        "file system driver",
        &["dateisystem", "système de fichiers", "sistema de archivos", "файловой системы", "文件系统"],
    ),
    ("kernel mode driver", &["kernel", "noyau", "núcleo", "ядра", "内核", "カーネル", "커널"]),
    (
        "user mode service",
        &[
            "benutzermodus",
            "utilisateur",
            "usuario",
            "utente",
            "usuário",
            "пользовательск",
            "用户模式",
            "ユーザー",
        ],
    ),
];

/// The start type that a word of a record stands for.
pub(super) fn start_type(word: &str) -> Option<StartType> {
    named(&STARTS, word)
}

/// The type of service, in the words of English records, that a word of a record stands for.
pub(super) fn service_type(word: &str) -> Option<&'static str> {
    named(&TYPES, word)
}

fn named<T: Copy>(table: &[(T, &[&str])], word: &str) -> Option<T> {
    let word = word.to_lowercase();
    table.iter().find(|(_, parts)| parts.iter().any(|part| word.contains(part))).map(|(what, _)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_types_are_known_in_other_languages() {
        for (word, expected) in [
            ("Autom. starten", Some(StartType::Auto)),
            ("Manuell starten", Some(StartType::Demand)),
            ("Deaktiviert", Some(StartType::Disabled)),
            ("Démarrage automatique", Some(StartType::Auto)),
            ("Démarrage à la demande", Some(StartType::Demand)),
            ("Désactivé", Some(StartType::Disabled)),
            ("inicio automático", Some(StartType::Auto)),
            ("Вручную", Some(StartType::Demand)),
            ("自动启动", Some(StartType::Auto)),
            ("按需启动", Some(StartType::Demand)),
            ("已禁用", Some(StartType::Disabled)),
            ("Systemstart", None),
            ("", None),
        ] {
            assert_eq!(start_type(word), expected, "{word}");
        }
    }

    #[test]
    fn types_are_known_in_other_languages() {
        for (word, expected) in [
            ("Kernelmodustreiber", Some("kernel mode driver")),
            ("Benutzermodusdienst", Some("user mode service")),
            ("pilote de système de fichiers", Some("file system driver")),
            ("用户模式服务", Some("user mode service")),
            ("x", None),
        ] {
            assert_eq!(service_type(word), expected, "{word}");
        }
    }
}
