//! What is written to a file, by the ending of its name.

use std::path::Path;

/// Endings that say what is in a file, to whoever opens it.
const KNOWN: [&str; 6] = ["csv", "tsv", "json", "jsonl", "ndjson", "parquet"];

/// The formats that a command writes to files.
#[derive(Debug)]
pub(super) struct Formats<F: 'static> {
    /// Endings of names, and what a file of such a name holds.
    pub(super) endings: &'static [(&'static str, F)],
    /// Where neither the name nor anybody says what it is to be.
    pub(super) usual: F,
    /// The argument that says it, if there is one.
    pub(super) argument: Option<&'static str>,
}

impl<F: Copy + PartialEq + 'static> Formats<F> {
    /// The format that is told, or that of the name. A name without an ending (`/dev/stdout`) says
    /// nothing; one that says something else than what would be written is refused.
    pub(super) fn choose(&self, told: Option<F>, output: Option<&Path>) -> Result<F, String> {
        let ending = output.and_then(Path::extension).map(|it| it.to_string_lossy().to_lowercase());
        let Some(ending) = ending else { return Ok(told.unwrap_or(self.usual)) };
        let meant = self.endings.iter().find(|(known, _)| *known == ending).map(|(_, it)| *it);
        match (told, meant) {
            (None, Some(meant)) => Ok(meant),
            (Some(told), Some(meant)) if told == meant => Ok(told),
            (Some(told), None) if !KNOWN.contains(&ending.as_str()) => Ok(told),
            (Some(told), _) => Err(self.contradiction(&ending, told)),
            (None, None) => Err(self.unknown(&ending)),
        }
    }

    fn contradiction(&self, ending: &str, told: F) -> String {
        let argument = self.argument.unwrap_or("the format");
        let own = self.names(|it| it == told);
        let remedy = if own.is_empty() {
            "name the file without an ending".to_owned()
        } else {
            format!("name the file {own}")
        };
        format!(
            "a file that ends in .{ending} is not what {argument} writes: {remedy}, or leave \
             {argument} out"
        )
    }

    fn unknown(&self, ending: &str) -> String {
        let all = self.names(|_| true);
        let or_say = self.argument.map(|it| format!(", or say with {it} what it is to be"));
        format!(
            "nothing is written to a file that ends in .{ending}: name it {all}{}",
            or_say.unwrap_or_default()
        )
    }

    fn names(&self, wanted: impl Fn(F) -> bool) -> String {
        let own = self.endings.iter().filter(|(_, it)| wanted(*it));
        own.map(|(ending, _)| format!(".{ending}")).collect::<Vec<_>>().join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Kind {
        Csv,
        Json,
        Table,
    }

    const FORMATS: Formats<Kind> = Formats {
        endings: &[("csv", Kind::Csv), ("json", Kind::Json), ("jsonl", Kind::Json)],
        usual: Kind::Table,
        argument: Some("--format"),
    };

    fn chosen(told: Option<Kind>, name: &str) -> Result<Kind, String> {
        FORMATS.choose(told, Some(Path::new(name)))
    }

    #[test]
    fn the_ending_says_what_is_written_unless_somebody_does() {
        assert_eq!(chosen(None, "a.CSV"), Ok(Kind::Csv));
        assert_eq!(chosen(None, "a.b.jsonl"), Ok(Kind::Json));
        assert_eq!(chosen(None, "/dev/stdout"), Ok(Kind::Table));
        assert_eq!(FORMATS.choose(None, None), Ok(Kind::Table));
        assert_eq!(chosen(Some(Kind::Csv), "a.csv"), Ok(Kind::Csv));
        assert_eq!(chosen(Some(Kind::Csv), "a.dat"), Ok(Kind::Csv));
        assert_eq!(chosen(Some(Kind::Csv), "a"), Ok(Kind::Csv));
    }

    #[test]
    fn what_would_say_something_else_is_refused() {
        let error = chosen(Some(Kind::Json), "a.csv").unwrap_err();
        assert!(error.contains(".csv") && error.contains("name the file .json or"), "{error}");
        let error = chosen(Some(Kind::Csv), "a.parquet").unwrap_err();
        assert!(error.contains(".parquet") && error.contains("name the file .csv"), "{error}");
        let error = chosen(Some(Kind::Table), "a.csv").unwrap_err();
        assert!(error.contains("without an ending"), "{error}");
        let error = chosen(None, "a.ods").unwrap_err();
        assert!(error.contains(".ods") && error.contains("--format"), "{error}");
    }
}
