//! Texts that mean nothing to Markdown.

/// A text in one line that Markdown shows as it is: no emphasis, link, image, HTML or table cell comes of
/// it. Plain words stay readable in the source.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let line = text.split(|character: char| character.is_control() || is_break(character));
    let line = line.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let line = line.trim();
    for (position, character) in line.char_indices() {
        if needs_escape(character, &line[..position], &line[position..]) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Ends a line in some readers.
fn is_break(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

fn needs_escape(character: char, before: &str, rest: &str) -> bool {
    let is_first = before.is_empty();
    let next = rest.chars().nth(1);
    let ends_word = next.is_none_or(char::is_whitespace);
    match character {
        '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '^' | '@' => true,
        // Within a word it means nothing.
        '_' => {
            let is_within = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
            !(is_within(before.chars().next_back()) && is_within(next))
        }
        // At the start of a line, of a heading, list, rule or definition.
        '+' if is_first => ends_word,
        '-' if is_first => !next.is_some_and(|next| next.is_ascii_digit()),
        '#' | '=' if is_first => true,
        // `1.` is the start of a list, `{#name}` the name of a heading; the rest is of addresses, which
        // some readers make links.
        '.' | ')' if !is_first && before.bytes().all(|byte| byte.is_ascii_digit()) => ends_word,
        '.' => before.ends_with("www") || before.ends_with("WWW"),
        ':' => is_first || rest.starts_with("://"),
        '{' | '}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    #[test]
    fn words_and_numbers_stay_readable() {
        for text in
            ["Noise - Residential in BROOKLYN", "silver.nyc311_requests", "+12.3 % (of 1,234.5)"]
        {
            let written = escaped(text);
            assert_eq!(written.trim_start_matches('\\'), text);
        }
        assert_eq!(escaped("a|b\n*c*"), r"a\|b \*c\*");
        assert_eq!(escaped("https://example.org"), r"https\://example.org");
        assert_eq!(escaped("www.example.org"), r"www\.example.org");
        assert_eq!(escaped("1. first"), r"1\. first");
    }

    /// Everything that readers make of Markdown, but nicer quotation marks.
    fn readers() -> Options {
        Options::all() - Options::ENABLE_SMART_PUNCTUATION
    }

    /// What a reader of Markdown shows of a text, if it is nothing but text.
    fn shown(written: &str, in_table: bool) -> Option<String> {
        let page = if in_table {
            format!("| a | b |\n|---|---|\n| {written} | end |\n")
        } else {
            format!("before\n\n{written}\n\nafter")
        };
        let mut shown = Vec::new();
        let mut cells = 0;
        for event in Parser::new_ext(&page, readers()) {
            match event {
                Event::Text(text) => match shown.last_mut() {
                    Some((cell, before)) if *cell == cells => *before = format!("{before}{text}"),
                    _ => shown.push((cells, text.to_string())),
                },
                Event::Start(Tag::Paragraph | Tag::TableCell) => cells += 1,
                Event::Start(Tag::Table(_) | Tag::TableHead | Tag::TableRow) | Event::End(_) => {}
                other => {
                    eprintln!("{other:?}");
                    return None;
                }
            }
        }
        let expected_cells = if in_table { 4 } else { 3 };
        let place = if in_table { 3 } else { 2 };
        let text = shown.iter().find(|(cell, _)| *cell == place).map(|(_, text)| text.clone());
        (cells == expected_cells).then(|| text.unwrap_or_default())
    }

    proptest! {
        #[test]
        fn any_text_is_shown_as_it_is(text in r#"[ a-cw1.:/\\`*_{}\[\]()<>#+|~&$^@!="'-]{1,24}|\PC{1,24}"#) {
            prop_assume!(!text.trim().is_empty());
            let as_line: String = text.trim().to_owned();
            let cell = shown(&escaped(&text), true);
            prop_assert_eq!(cell.map(|shown| shown.trim().to_owned()), Some(as_line.clone()));
            let paragraph = shown(&escaped(&text), false);
            prop_assert_eq!(paragraph.map(|shown| shown.trim().to_owned()), Some(as_line));
        }
    }
}
