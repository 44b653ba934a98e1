//! An alert as the services that deliver it want it.

use smelt_domain::{Alert, AlertKind};

use super::incidents::INCIDENT;

/// Characters of a subject line, all of them printable ASCII: SNS takes less than 100.
pub const SUBJECT_CHARACTERS: usize = 99;
/// Bytes of a message's text. SNS takes 256 KB, of which the attributes need some as well.
pub const MESSAGE_BYTES: usize = 255 * 1024;

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

/// The text for people with a link into the dashboard, where there is one, then the alert as JSON. Where
/// that is too long, the details go first, then the end of the text.
pub fn message_text(alert: &Alert, dashboard: Option<&str>) -> String {
    let link = dashboard.map(|dashboard| {
        format!("\n\n{}/{}", dashboard.trim_end_matches('/'), dashboard_page(alert))
    });
    let link = link.unwrap_or_default();
    let message = deliverable(&alert.message);
    let with = |text: &str, details: &serde_json::Value| {
        let json = serde_json::json!({
            "alert_id": alert.alert_id,
            "dataset": alert.dataset,
            "kind": alert.kind,
            "severity": alert.severity,
            "subject": subject_line(&alert.subject),
            "first_seen": alert.first_seen,
            "details": details,
        });
        deliverable(&format!("{text}{link}{SEPARATOR}{json}\n"))
    };
    let whole = with(&message, &alert.details);
    if whole.len() <= MESSAGE_BYTES {
        return whole;
    }
    let bare = with(&message, &serde_json::Value::Null);
    if bare.len() <= MESSAGE_BYTES {
        return bare;
    }
    let surplus = bare.len() - MESSAGE_BYTES;
    let mut end = message.len().saturating_sub(surplus + "…".len());
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    with(&format!("{}…", &message[..end]), &serde_json::Value::Null)
}

/// Where the dashboard shows what an alert is about; its README lists the addresses.
fn dashboard_page(alert: &Alert) -> String {
    let dataset = &alert.dataset;
    let details = &alert.details;
    match alert.kind {
        AlertKind::Anomaly => match (details["what"].as_str(), details["of"].as_str()) {
            (Some(INCIDENT), _) => format!("#/datasets/{dataset}/anomalies/{}", alert.alert_id),
            (_, Some(incident)) => format!("#/datasets/{dataset}/anomalies/{incident}"),
            _ => format!("#/datasets/{dataset}/anomalies"),
        },
        AlertKind::Report => details["path"].as_str().unwrap_or_default().to_owned(),
        _ => format!("#/datasets/{dataset}"),
    }
}

/// The text without characters that XML does not have: a queue that subscribed refuses them, and an
/// error may quote what a file begins with.
fn deliverable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' | '\n' | '\r' => character,
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            _ => character,
        })
        .collect()
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
        assert_eq!(subject_line(&"x".repeat(99)), "x".repeat(99));
        assert_eq!(subject_line(&"x".repeat(100)), format!("{}...", "x".repeat(96)));
    }

    #[test]
    fn a_message_leaves_room_for_its_attributes() {
        let attributes = "alert_id severity dataset kind String String String String";
        let values = 2 * ("critical".len() + "expectation".len() + 2 * 63 + 64);
        let text = message_text(&alert("x".repeat(1 << 20), serde_json::json!({})), None);
        assert!(text.len() + attributes.len() + values < 256 * 1024, "{}", text.len());
        let long =
            Alert { subject: "s".repeat(1 << 20), ..alert("x".to_owned(), serde_json::json!({})) };
        assert!(message_text(&long, None).len() < 1024, "the subject in it is that of the message");
    }

    #[test]
    fn what_no_queue_takes_is_replaced() {
        let quoted = "begins with \u{0}\u{1b}[0m\u{ffff} Zürich\n\tüber";
        let text =
            message_text(&alert(quoted.to_owned(), serde_json::json!({ "q": quoted })), None);
        assert!(
            text.starts_with("begins with \u{fffd}\u{fffd}[0m\u{fffd} Zürich\n\tüber\n"),
            "{text}"
        );
        assert!(!text.contains(['\u{0}', '\u{1b}', '\u{ffff}']), "{text}");
        let long = "\u{1}".repeat(MESSAGE_BYTES);
        assert!(message_text(&alert(long, serde_json::json!({})), None).len() <= MESSAGE_BYTES);
    }

    #[test]
    fn the_message_ends_in_json() {
        let text = message_text(
            &alert("Look.".to_owned(), serde_json::json!({"age": 3})),
            Some("https://d"),
        );
        let (people, programs) = text.split_once(SEPARATOR).unwrap();
        assert_eq!(people, "Look.\n\nhttps://d/#/datasets/nyc311");
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
