//! Settings from the environment, read once when a function starts.
//!
//! A function lists its variables ([`Variable`]). One that it does not know but that starts with
//! `SMELT_` is an error: it is a misspelling, or a setting that somebody believes in.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use url::Url;

/// Start of the variables that are smelt's own.
const PREFIX: &str = "SMELT_";
/// End of the variables that take the place of URLs of sources.
const URL: &str = "_URL";

/// A variable that a function reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What is taken where it is not set or empty; `None`: it must be set.
    pub default: Option<&'static str>,
    /// What it means.
    pub meaning: &'static str,
}

impl Variable {
    /// One that must be set.
    pub const fn required(name: &'static str, meaning: &'static str) -> Self {
        Self { name, default: None, meaning }
    }

    /// One that may be left out.
    pub const fn optional(
        name: &'static str,
        default: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { name, default: Some(default), meaning }
    }
}

/// The variables that every function reads.
pub const COMMON: [Variable; 5] = [
    Variable::required("SMELT_LAKE", "where the lake is: `s3://bucket/prefix`, or a folder"),
    Variable::optional(
        "SMELT_DATASETS",
        "/var/task/datasets",
        "the folder with one folder per dataset",
    ),
    Variable::optional(
        "SMELT_LOG",
        "info",
        "filter of log lines, such as `info,smelt_stages=debug`",
    ),
    Variable::optional(
        "SMELT_METRICS_NAMESPACE",
        "smelt",
        "namespace of the metrics in CloudWatch",
    ),
    Variable::optional(
        "SMELT_OTLP_ENDPOINT",
        "",
        "root of an OpenTelemetry collector (OTLP over HTTP) that traces are sent to; empty: none",
    ),
];

/// Why a function does not start. The message names the variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A variable that must be set is not.
    #[error("{name} is not set; set it to {meaning}")]
    Missing {
        /// Its name.
        name: &'static str,
        /// What it means.
        meaning: &'static str,
    },
    /// A value cannot be understood. Values that may be secret are not shown.
    #[error("{name} cannot be understood: {reason}; it is {meaning}")]
    Invalid {
        /// Its name.
        name: &'static str,
        /// What it means.
        meaning: &'static str,
        /// Why not.
        reason: String,
    },
    /// Variables that no function of this kind reads.
    #[error("{names} mean nothing here; known are {known}")]
    Unknown {
        /// Their names.
        names: String,
        /// The names that are known.
        known: String,
    },
}

/// The environment of a function, apart what it does not read.
#[derive(Clone)]
pub struct Settings {
    values: BTreeMap<String, String>,
    variables: Vec<Variable>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.values.keys().collect();
        formatter.debug_struct("Settings").field("names", &names).finish_non_exhaustive()
    }
}

impl Settings {
    /// The environment, as a function reads it by these variables.
    pub fn read(
        environment: impl IntoIterator<Item = (String, String)>,
        variables: &[Variable],
    ) -> Self {
        Self { values: environment.into_iter().collect(), variables: variables.to_vec() }
    }

    /// An error if a variable that starts with `SMELT_` is neither one of the function's nor one of
    /// `also_known`, names that its datasets give a meaning.
    pub fn refuse_unknown(&self, also_known: &[String]) -> Result<(), SettingsError> {
        let is_known = |name: &String| {
            self.variables.iter().any(|variable| variable.name == name) || also_known.contains(name)
        };
        let names = self.values.keys().filter(|name| name.starts_with(PREFIX) && !is_known(name));
        let unknown: Vec<&str> = names.map(String::as_str).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let known: Vec<&str> = self.variables.iter().map(|variable| variable.name).collect();
        Err(SettingsError::Unknown { names: unknown.join(", "), known: known.join(", ") })
    }

    /// The value of a variable, or its default.
    pub fn text(&self, name: &'static str) -> Result<String, SettingsError> {
        let value = self.values.get(name).map(|value| value.trim());
        match value.filter(|value| !value.is_empty()) {
            Some(value) => Ok(value.to_owned()),
            None => {
                let variable = self.variable(name);
                variable.default.map(str::to_owned).ok_or(SettingsError::Missing {
                    name: variable.name,
                    meaning: variable.meaning,
                })
            }
        }
    }

    /// The value of a variable; `None` where it and its default are empty.
    pub fn text_if_set(&self, name: &'static str) -> Result<Option<String>, SettingsError> {
        Ok(Some(self.text(name)?).filter(|value| !value.is_empty()))
    }

    /// The value of a variable as something else than text.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(
        &self,
        name: &'static str,
    ) -> Result<T, SettingsError> {
        self.text(name)?.parse().map_err(|error: T::Err| SettingsError::Invalid {
            name,
            meaning: self.variable(name).meaning,
            reason: error.to_string(),
        })
    }

    /// Any variable of the environment by its name: sources and their secrets have names of their own.
    pub fn other(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// All variables that start so.
    pub fn starting_with(&self, start: &str) -> impl Iterator<Item = (String, String)> {
        let found = self.values.iter().filter(|(name, _)| name.starts_with(start));
        found.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>().into_iter()
    }

    /// The function's variables with the values that are taken, for its log, and those that take the place of
    /// URLs of sources: rows then come from elsewhere than the definition says. Of addresses without what may
    /// be secret in them: user, password and query. What else sources read is not listed, and not shown.
    pub fn shown(&self) -> BTreeMap<&str, String> {
        let shown = |variable: &Variable| {
            let value = self.text(variable.name).unwrap_or_default();
            (variable.name, without_secrets(&value))
        };
        self.variables.iter().map(shown).chain(self.urls_of_sources()).collect()
    }

    /// Variables that only definitions give a meaning: no function starts with others of smelt's own, see
    /// [`Self::refuse_unknown`].
    fn urls_of_sources(&self) -> impl Iterator<Item = (&str, String)> {
        let is_listed =
            move |name: &str| self.variables.iter().any(|variable| variable.name == name);
        let others = self.values.iter().filter(move |(name, _)| {
            name.starts_with(PREFIX) && name.ends_with(URL) && !is_listed(name)
        });
        others.map(|(name, value)| {
            let shown = Url::parse(value).map(|_| without_secrets(value));
            (name.as_str(), shown.unwrap_or_else(|_| "no URL".to_owned()))
        })
    }

    fn variable(&self, name: &'static str) -> Variable {
        let known = self.variables.iter().find(|variable| variable.name == name).copied();
        debug_assert!(known.is_some(), "{name} is read but not listed");
        known.unwrap_or(Variable::required(name, "a setting"))
    }
}

/// An address without user, password and query; any other text as it is.
fn without_secrets(value: &str) -> String {
    let Ok(mut url) = Url::parse(value) else { return value.to_owned() };
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() {
        return value.to_owned();
    }
    url.set_query(None);
    // Addresses that can have no user have none.
    let _ = (url.set_username(""), url.set_password(None));
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARIABLES: [Variable; 3] = [
        Variable::required("SMELT_LAKE", "where the lake is"),
        Variable::optional("SMELT_HOURS", "168", "hours"),
        Variable::optional("SMELT_LINK", "", "a link"),
    ];

    fn settings(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::read(environment, &VARIABLES);
        settings.refuse_unknown(&["SMELT_NYC311_PORTAL_URL".to_owned()])?;
        Ok(settings)
    }

    #[test]
    fn values_and_defaults() {
        let set = settings(&[
            ("SMELT_LAKE", " s3://lake "),
            ("SMELT_HOURS", ""),
            ("AWS_REGION", "eu-central-1"),
            ("SMELT_NYC311_PORTAL_URL", "http://x"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(set.text("SMELT_LAKE").unwrap(), "s3://lake");
        assert_eq!(set.parsed::<u32>("SMELT_HOURS").unwrap(), 168);
        assert_eq!(set.text_if_set("SMELT_LINK").unwrap(), None);
        assert_eq!(set.other("SMELT_NYC311_PORTAL_URL"), Some("http://x"));
        let aws: Vec<_> = set.starting_with("AWS_").collect();
        assert_eq!(aws, [("AWS_REGION".to_owned(), "eu-central-1".to_owned())]);
        assert!(!format!("{set:?}").contains("s3://lake"), "values may be secret");
    }

    #[test]
    fn the_log_shows_what_is_taken_and_no_secret() {
        let set = settings(&[
            ("SMELT_LAKE", "s3://lake/data"),
            ("SMELT_LINK", "https://me:secret@collector.example.org:4318/v1?token=secret"),
            ("SMELT_NYC311_PORTAL_URL", "https://me:secret@x/?token=secret"),
            ("SOCRATA_APP_TOKEN", "secret"),
        ]);
        let shown = serde_json::json!(set.unwrap().shown());
        let expected = serde_json::json!({
            "SMELT_LAKE": "s3://lake/data",
            "SMELT_HOURS": "168",
            "SMELT_LINK": "https://collector.example.org:4318/v1",
            "SMELT_NYC311_PORTAL_URL": "https://x/",
        });
        assert_eq!(shown, expected);
        let no_url = settings(&[("SMELT_NYC311_PORTAL_URL", "secret")]).unwrap();
        assert_eq!(no_url.shown()["SMELT_NYC311_PORTAL_URL"], "no URL");
        // What has a colon is not yet an address.
        assert_eq!(without_secrets("arn:aws:sns:x:1:alerts"), "arn:aws:sns:x:1:alerts");
        assert_eq!(without_secrets("{\"a\": 1}"), "{\"a\": 1}");
    }

    #[test]
    fn errors_name_the_variable_and_what_it_is() {
        let error = settings(&[("SMELT_LAEK", "x"), ("SMELT_HUORS", "1")]).unwrap_err().to_string();
        assert_eq!(
            error,
            "SMELT_HUORS, SMELT_LAEK mean nothing here; known are SMELT_LAKE, SMELT_HOURS, SMELT_LINK"
        );
        let empty = settings(&[]).unwrap();
        let error = empty.text("SMELT_LAKE").unwrap_err().to_string();
        assert_eq!(error, "SMELT_LAKE is not set; set it to where the lake is");
        let wrong = settings(&[("SMELT_HOURS", "many")]).unwrap();
        let error = wrong.parsed::<u32>("SMELT_HOURS").unwrap_err().to_string();
        assert!(error.starts_with("SMELT_HOURS cannot be understood: invalid digit"), "{error}");
    }
}
