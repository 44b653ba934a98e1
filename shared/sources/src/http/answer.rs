//! What a server's answer means for the caller.

use reqwest::StatusCode;

use crate::SourceError;

/// The longest message of a server that is shown, in characters.
const MESSAGE_CHARACTERS: usize = 300;

/// Whether the same question may be answered differently in a moment.
pub(super) fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

/// The error for an answer that will not change by asking again; `access_remedy` is what helps
/// when access is refused. A server that repeats the token is not quoted with it.
pub(super) fn lasting_error(
    source_label: &str,
    status: StatusCode,
    body: &[u8],
    token: Option<&str>,
    access_remedy: &str,
) -> SourceError {
    let source_label = source_label.to_owned();
    let detail = format!("it answers {status}{}", message_of(body, token));
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            SourceError::Refused { source_label, detail, remedy: access_remedy.to_owned() }
        }
        StatusCode::NOT_FOUND => SourceError::Definition {
            source_label,
            detail,
            remedy: "check the url and the resource in the source's definition".to_owned(),
        },
        status if status.is_redirection() => SourceError::Definition {
            source_label,
            detail,
            remedy: "the portal has moved: write its new url in the source's definition".to_owned(),
        },
        _ => SourceError::Definition {
            source_label,
            detail,
            remedy: "check the columns in the source's definition".to_owned(),
        },
    }
}

/// The server's own words, cut to a line.
fn message_of(body: &[u8], token: Option<&str>) -> String {
    let text = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|answer| message_in(&answer))
        .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let text = match token.filter(|token| !token.is_empty()) {
        Some(token) => text.replace(token, "…"),
        None => text,
    };
    let line: Vec<&str> = text.split_whitespace().collect();
    let line: String = line.join(" ").chars().take(MESSAGE_CHARACTERS).collect();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

/// Where Socrata (`message`) and CKAN (`error.message`, or `error` by field) say what is wrong.
fn message_in(answer: &serde_json::Value) -> Option<String> {
    let error = answer.get("error");
    let message = answer.get("message").or_else(|| error.and_then(|error| error.get("message")));
    match message.and_then(serde_json::Value::as_str) {
        Some(message) => Some(message.to_owned()),
        None => error.filter(|error| error.is_object()).map(serde_json::Value::to_string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> String {
        lasting_error("portal", StatusCode::BAD_REQUEST, body.as_bytes(), Some("hid/den"), "")
            .to_string()
    }

    #[test]
    fn a_token_that_the_server_repeats_is_not_shown() {
        for body in [r#"{"message":"bad token hid\/den!"}"#, "bad token hid/den!"] {
            assert!(message(body).contains("bad token …!"), "{}", message(body));
        }
    }

    #[test]
    fn the_servers_own_message_is_shown_on_one_short_line() {
        assert!(
            message(r#"{"message":"No such column:\n x","error":true}"#)
                .contains(": No such column: x;")
        );
        assert!(message(r#"{"error":{"message":"no SQL"}}"#).contains(": no SQL;"));
        assert!(message(r#"{"error":{"limit":["too large"]}}"#).contains("too large"));
        assert!(message("<html>\n  gone").contains(": <html> gone;"));
        assert!(message("").contains("400 Bad Request;"));
        assert!(message(&"x".repeat(5000)).chars().count() < 500);
    }

    #[test]
    fn errors_are_told_apart_by_what_helps() {
        let error = |status| lasting_error("portal", status, b"", None, "set TOKEN");
        assert!(matches!(error(StatusCode::FORBIDDEN), SourceError::Refused { .. }));
        assert!(error(StatusCode::UNAUTHORIZED).to_string().ends_with("; set TOKEN"));
        assert!(matches!(error(StatusCode::NOT_FOUND), SourceError::Definition { .. }));
        assert!(error(StatusCode::FOUND).to_string().contains("has moved"));
        assert!(is_passing(StatusCode::TOO_MANY_REQUESTS));
        assert!(is_passing(StatusCode::BAD_GATEWAY));
        assert!(!is_passing(StatusCode::BAD_REQUEST));
    }
}
