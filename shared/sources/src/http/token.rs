//! The token that a portal knows its caller by, which is never seen.

use reqwest::header::{HeaderName, HeaderValue};

use crate::{Secret, SourceError};

/// Where a token goes and where it comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    /// The header that carries it.
    pub(crate) header: &'static str,
    /// The key of the definition that names its variable.
    pub(crate) setting: &'static str,
    /// The environment variable that the definition names.
    pub(crate) variable: Option<&'a str>,
    /// What the variable holds, if it is set.
    pub(crate) value: Option<&'a Secret>,
}

impl Token<'_> {
    /// The header to send; `None` without a token.
    pub(super) fn to_header(
        self,
        source_label: &str,
    ) -> Result<Option<(HeaderName, HeaderValue)>, SourceError> {
        let Some(secret) = self.value else { return Ok(None) };
        let mut value =
            HeaderValue::from_str(secret.reveal().trim()).map_err(|_| SourceError::Setting {
                source_label: source_label.to_owned(),
                detail: "its token has characters that no token has".to_owned(),
                variable: self.variable.unwrap_or(self.setting).to_owned(),
            })?;
        value.set_sensitive(true);
        Ok(Some((HeaderName::from_static(self.header), value)))
    }

    /// What helps when the portal refuses access.
    pub(super) fn remedy(self) -> String {
        match (self.variable, self.value) {
            (Some(variable), Some(_)) => {
                format!("check the token in {variable} and that it may read the resource")
            }
            (Some(variable), None) => format!("set {variable} to a token that may read it"),
            (None, _) => format!(
                "name the variable that holds a token as `{}` in the source's definition, or choose \
                 a public resource",
                self.setting
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(value: Option<&Secret>) -> Token<'_> {
        Token { header: "x-app-token", setting: "app_token", variable: Some("APP_TOKEN"), value }
    }

    #[test]
    fn a_token_is_trimmed_and_not_seen() {
        let secret = Secret::new(" hidden\n");
        let header = token(Some(&secret)).to_header("portal").unwrap();
        assert!(!format!("{header:?}").contains("hidden"), "{header:?}");
        assert_eq!(header.unwrap().1.to_str().unwrap(), "hidden");
        assert_eq!(token(None).to_header("portal").unwrap(), None);
        let secret = Secret::new("hid\nden");
        let error = token(Some(&secret)).to_header("portal").unwrap_err().to_string();
        assert!(!error.contains("hid") && error.ends_with("set APP_TOKEN"), "{error}");
    }

    #[test]
    fn a_refusal_says_what_to_set() {
        let secret = Secret::new("hidden");
        assert!(token(Some(&secret)).remedy().starts_with("check the token in APP_TOKEN"));
        assert!(token(None).remedy().starts_with("set APP_TOKEN"));
        let unnamed = Token { variable: None, ..token(None) };
        assert!(unnamed.remedy().contains("as `app_token`"), "{}", unnamed.remedy());
    }
}
