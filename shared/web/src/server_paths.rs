//! Keeps paths of the server out of what callers read. Reports and records hold errors in the words of
//! whoever met them, and a file system names its files from the root: to callers that says nothing but how
//! the server is laid out. What is not quoted ends at a blank, and what stands behind `//` is taken for a host.

use std::path::Path;

/// What a path may stand behind.
const BEFORE: &[char] = &['`', '\'', '"', '(', '[', '{', '<', '=', ':', ',', ';'];
/// What ends a path that is not quoted, beside a blank.
const BEHIND: &[char] = &['`', '\'', '"', ')', ']', '}', '>', ':', ',', ';'];

/// The text with keys of the lake in place of paths in its folder, and names of files in place of other
/// paths from the root. A value that looks like such a path is cut as well.
pub(crate) fn without_server_paths(text: &str, lake: Option<&Path>) -> String {
    let text = text.replace("file:///", "/");
    let lake = lake.map(|folder| format!("{}/", folder.display()));
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        let (found, instead) = match path_at(rest, before, lake.as_deref()) {
            Some(path) => path,
            None => (next.len_utf8(), None),
        };
        let (seen, behind) = rest.split_at(found);
        shown.push_str(instead.as_deref().unwrap_or(seen));
        before = seen.chars().next_back();
        rest = behind;
    }
    shown
}

/// How long a path is that begins here, if one does, and what is shown in its place.
fn path_at(
    rest: &str,
    before: Option<char>,
    lake: Option<&str>,
) -> Option<(usize, Option<String>)> {
    let may_begin = before.is_none_or(|sign| sign.is_whitespace() || BEFORE.contains(&sign));
    // Behind a scheme two slashes begin the name of a host.
    if !may_begin || !rest.starts_with('/') || rest.starts_with("//") {
        return None;
    }
    let is_key =
        |behind: &&str| behind.starts_with(|sign: char| sign.is_alphanumeric() || sign == '_');
    if let Some(key) = lake.and_then(|lake| rest.strip_prefix(lake)).filter(is_key) {
        return Some((rest.len() - key.len(), Some(String::new())));
    }
    let quote = before.filter(|sign| ['`', '\'', '"'].contains(sign));
    let end = quote.and_then(|quote| rest.find(quote)).unwrap_or_else(|| {
        rest.find(|sign: char| sign.is_whitespace() || BEHIND.contains(&sign)).unwrap_or(rest.len())
    });
    let mut parts = rest[..end].split('/').filter(|part| !part.is_empty());
    let name = parts.next_back();
    // A name alone says nothing of the server.
    let is_deep = parts.next().is_some();
    Some((end, name.filter(|_| is_deep).map(|name| format!("…/{name}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_read_keys_and_names_of_files() {
        let lake = Path::new("/srv/a lake");
        for (text, shown) in [
            (
                "cannot read `/tmp/.tmpX1/0-a b.csv`: No space left (os error 28); check the disk",
                "cannot read `…/0-a b.csv`: No space left (os error 28); check the disk",
            ),
            (
                "Unable to open file /srv/a lake/landing/till/a.csv: Permission denied",
                "Unable to open file landing/till/a.csv: Permission denied",
            ),
            ("there is no lake at /srv/lakes/one; load", "there is no lake at …/one; load"),
            ("it said (/var/tmp/x/y.arrow)", "it said (…/y.arrow)"),
            ("file:///srv/a lake/bronze/x.parquet", "bronze/x.parquet"),
            ("ingest till --file=/home/me/sales.csv", "ingest till --file=…/sales.csv"),
            ("/home/me/sales.csv, /home/me/more/", "…/sales.csv, …/more"),
            ("`/home/me", "`…/me"),
        ] {
            assert_eq!(without_server_paths(text, Some(lake)), shown);
        }
    }

    #[test]
    fn what_is_no_path_of_the_server_stays() {
        for text in [
            "",
            "https://data.example.com/api/views: it answers 503",
            "s3://bucket/landing/till/a.csv does not answer",
            "landing/till/sales/a.csv: 3/4 of it, n/a, and/or 1 / 2",
            "scratch space /tmp cannot be used",
            "größer als 5 €/m²",
        ] {
            assert_eq!(without_server_paths(text, None), text);
            assert_eq!(without_server_paths(text, Some(Path::new("/srv/lake"))), text);
        }
    }
}
