//! What somebody sent, as a message shows it.

/// The most characters of it that a message shows.
const MOST: usize = 80;

/// A text that somebody sent, cut to 80 characters: a message is read by people and kept in logs, however
/// much was sent.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shown("größe"), "größe");
        assert_eq!(shown(&"ö".repeat(MOST)), "ö".repeat(MOST));
        assert_eq!(shown(&"ö".repeat(MOST + 1)), format!("{}…", "ö".repeat(MOST)));
    }
}
