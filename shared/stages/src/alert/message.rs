//! An alert as the services that deliver it want it.

use smelt_domain::Alert;

/// Characters of a subject line, all of them printable ASCII.
pub const SUBJECT_CHARACTERS: usize = 100;
/// Bytes of a message.
pub const MESSAGE_BYTES: usize = 256 * 1024;

/// Space between the text for people and the JSON for programs.
const SEPARATOR: &str = "\n\n---\n";

/// The subject on one line of printable ASCII, cut at its end if it is too long.
pub fn subject_line(subject: &str) -> String {
    let words: Vec<&str> = subject.split_whitespace().collect();
    let line: String = words
        .join(" ")
        .chars()
        .map(
            |character| {
                if character.is_ascii_graphic() || character == ' ' { character } else { '?' }
            },
        )
        .collect();
    if line.len() <= SUBJECT_CHARACTERS {
        return line;
    }
    format!("{}...", line[..SUBJECT_CHARACTERS - 3].trim_end())
}

/// The text for people, then the alert as JSON. Where that is too long, the details go first, then the
/// end of the text.
pub fn message_text(alert: &Alert, link: Option<&str>) -> String {
    let link = link.map(|link| format!("\n\n{link}")).unwrap_or_default();
    let with = |text: &str, details: &serde_json::Value| {
        let json = serde_json::json!({
            "alert_id": alert.alert_id,
            "dataset": alert.dataset,
            "kind": alert.kind,
            "severity": alert.severity,
            "subject": alert.subject,
            "first_seen": alert.first_seen,
            "details": details,
        });
        format!("{text}{link}{SEPARATOR}{json}\n")
    };
    let whole = with(&alert.message, &alert.details);
    if whole.len() <= MESSAGE_BYTES {
        return whole;
    }
    let bare = with(&alert.message, &serde_json::Value::Null);
    if bare.len() <= MESSAGE_BYTES {
        return bare;
    }
    let surplus = bare.len() - MESSAGE_BYTES;
    let mut end = alert.message.len().saturating_sub(surplus + "…".len());
    while !alert.message.is_char_boundary(end) {
        end -= 1;
    }
    with(&format!("{}…", &alert.message[..end]), &serde_json::Value::Null)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smelt_domain::{AlertId, AlertKind, AlertStatus, Severity};

    use super::*;

    fn alert(message: String, details: serde_json::Value) -> Alert {
        let now = chrono::DateTime::from_timestamp(1_764_000_000, 0).unwrap();
        Alert {
            alert_id: AlertId::from("nyc311-stale-0".to_owned()),
            dataset: "nyc311".parse().unwrap(),
            kind: AlertKind::Stale,
            severity: Severity::Warning,
            subject: "s".to_owned(),
            message,
            details,
            first_seen: now,
            status: AlertStatus::Pending,
            changed_at: now,
            notified_at: None,
        }
    }

    #[test]
    fn subjects_are_one_line_of_ascii() {
        assert_eq!(
            subject_line("nyc311: 3.2x expected\n(critical)"),
            "nyc311: 3.2x expected (critical)"
        );
        assert_eq!(subject_line("Zürich – ok"), "Z?rich ? ok");
        assert_eq!(subject_line(&"x".repeat(100)).len(), 100);
        assert_eq!(subject_line(&"x".repeat(101)), format!("{}...", "x".repeat(97)));
    }

    #[test]
    fn the_message_ends_in_json() {
        let text = message_text(
            &alert("Look.".to_owned(), serde_json::json!({"age": 3})),
            Some("https://d"),
        );
        let (people, programs) = text.split_once(SEPARATOR).unwrap();
        assert_eq!(people, "Look.\n\nhttps://d");
        let json: serde_json::Value = serde_json::from_str(programs).unwrap();
        assert_eq!((&json["severity"], &json["details"]["age"]), (&"warning".into(), &3.into()));
    }

    #[test]
    fn what_is_too_long_is_cut_where_it_hurts_least() {
        let long = serde_json::json!("x".repeat(MESSAGE_BYTES));
        let text = message_text(&alert("Look.".to_owned(), long), None);
        assert!(text.starts_with("Look.\n") && text.contains("\"details\":null"), "{text}");
        let text = message_text(&alert("ü".repeat(MESSAGE_BYTES), serde_json::json!({})), None);
        assert!(text.len() <= MESSAGE_BYTES && text.len() > MESSAGE_BYTES - 8, "{}", text.len());
        assert!(text.contains("…"), "the cut is seen");
    }

    proptest! {
        #[test]
        fn subjects_are_always_taken(subject in "\\PC*|[\\x00-\\x7f\\n]*") {
            let line = subject_line(&subject);
            prop_assert!(line.len() <= SUBJECT_CHARACTERS);
            prop_assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
        }
    }
}
