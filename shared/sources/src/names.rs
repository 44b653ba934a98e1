//! Column names: from whatever a header says to plain lower-case snake.

use std::collections::HashSet;

/// The column name for a header, in lower-case snake.
///
/// Every run of characters other than `a-z` and `0-9` becomes one `_`, trimmed at both ends; accented
/// Latin letters lose their accents; a leading digit is prefixed with `c`. A header of which nothing
/// is left is named by its 1-based `position`. Names never start with `_`: that is reserved for
/// technical columns.
///
/// ```
/// # use smelt_sources::column_name;
/// assert_eq!(column_name("6 Digit Org Name", 1), "c6_digit_org_name");
/// assert_eq!(column_name("", 3), "column_3");
/// ```
pub fn column_name(header: &str, position: usize) -> String {
    let mut name = String::with_capacity(header.len() + 1);
    let mut gap = false;
    for letter in header.chars().flat_map(char::to_lowercase) {
        let plain: &str = match letter {
            'a'..='z' | '0'..='9' => {
                start_word(&mut name, &mut gap, letter.is_ascii_digit());
                name.push(letter);
                continue;
            }
            // Accents written as a mark of their own, after the letter.
            '\u{300}'..='\u{36f}' => continue,
            _ => without_accent(letter),
        };
        if plain.is_empty() {
            gap = true;
        } else {
            start_word(&mut name, &mut gap, false);
            name.push_str(plain);
        }
    }
    if name.is_empty() { format!("column_{position}") } else { name }
}

/// Writes what has to stand before the next letter: `_` after a gap, `c` before a leading digit.
fn start_word(name: &mut String, gap: &mut bool, digit: bool) {
    if name.is_empty() && digit {
        name.push('c');
    } else if *gap && !name.is_empty() {
        name.push('_');
    }
    *gap = false;
}

/// The plain letters for an accented lower-case Latin letter; empty for every other character.
fn without_accent(letter: char) -> &'static str {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

/// Name of the column that bronze is partitioned by: no source column may have it.
const RESERVED: &str = "ingestion_date";

/// Hands out column names in order, adding `_2`, `_3`, … where a name is taken.
#[derive(Debug)]
pub(crate) struct UniqueNames {
    taken: HashSet<String>,
}

impl Default for UniqueNames {
    fn default() -> Self {
        Self { taken: HashSet::from([RESERVED.to_owned()]) }
    }
}

impl UniqueNames {
    /// The name for the header at the 1-based `position`.
    pub(crate) fn name(&mut self, header: &str, position: usize) -> String {
        let base = column_name(header, position);
        let mut name = base.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_become_lower_case_snake() {
        for (header, expected) in [
            ("Unique Key", "unique_key"),
            ("6 Digit Org Name", "c6_digit_org_name"),
            (":updated_at", "updated_at"),
            ("location.latitude", "location_latitude"),
            ("  Amount ($) ", "amount"),
            ("__x__y__", "x_y"),
            ("Größe", "grosse"),
            ("STRAẞE", "strasse"),
            ("Cafe\u{301} Name", "cafe_name"),
            ("İl", "il"),
            ("Łódź No.", "lodz_no"),
            ("名前", "column_4"),
            ("名前 2", "c2"),
            ("", "column_4"),
            ("%%%", "column_4"),
            ("\u{feff}id", "id"),
        ] {
            assert_eq!(column_name(header, 4), expected, "{header}");
        }
    }

    #[test]
    fn repeated_names_are_numbered() {
        let mut names = UniqueNames::default();
        let headers = ["a", "A ", "a_2", "", "column_4", "a", "Ingestion Date"];
        let given: Vec<String> = headers
            .iter()
            .enumerate()
            .map(|(index, header)| names.name(header, index + 1))
            .collect();
        assert_eq!(
            given,
            ["a", "a_2", "a_2_2", "column_4", "column_4_2", "a_3", "ingestion_date_2"]
        );
    }
}
