//! The portal: its two interfaces, and the names of its columns.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use smelt_domain::{Socrata, SodaApi};
use url::Url;

use super::MOST_PAGE_ROWS;
use super::keyset::{ROW_ID, UPDATED_AT};
use super::soql::Soql;
use crate::http::{HttpClient, HttpRequest, HttpSettings, Token, root_url};
use crate::names::UniqueNames;
use crate::{Secret, SourceError};

const TOKEN_HEADER: &str = "x-app-token";
const CREATED_AT: &str = ":created_at";
const VERSION: &str = ":version";

/// One resource of a portal.
#[derive(Debug)]
pub(super) struct Portal {
    client: HttpClient,
    root: Url,
    resource: String,
    api: SodaApi,
    has_token: bool,
}

/// A record as texts; nulls are left out or `None`.
pub(super) type Record = BTreeMap<String, Option<String>>;

/// The header that a key of a row stands for.
///
/// The update time keeps its name. The portal's other columns get names that no column of the data
/// has, whatever columns a page happens to have.
pub(super) fn header(key: &str) -> &str {
    match key {
        ROW_ID => "socrata_id",
        CREATED_AT => "socrata_created_at",
        VERSION => "socrata_version",
        other => other,
    }
}

impl Portal {
    pub(super) fn open(
        definition: &Socrata,
        url: &str,
        label: String,
        token: Option<&Secret>,
        settings: HttpSettings,
    ) -> Result<Self, SourceError> {
        let has_token = token.is_some();
        let token = Token {
            header: TOKEN_HEADER,
            setting: "app_token",
            variable: definition.app_token.as_deref(),
            value: token,
        };
        Ok(Self {
            root: root_url(&label, url)?,
            client: HttpClient::new(label, settings, token)?,
            resource: definition.resource.clone(),
            api: definition.api,
            has_token,
        })
    }

    pub(super) fn label(&self) -> &str {
        self.client.label()
    }

    pub(super) fn has_token(&self) -> bool {
        self.has_token
    }

    /// The answer to a question: a JSON array of rows.
    pub(super) async fn ask(
        &self,
        soql: &Soql,
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, SourceError> {
        let request = match self.api {
            SodaApi::V2 => {
                let mut url = self.url(&["resource", &format!("{}.json", self.resource)]);
                for (name, value) in soql.parameters() {
                    url.query_pairs_mut().append_pair(name, &value);
                }
                HttpRequest::Get(url)
            }
            SodaApi::V3 => {
                let url = self.url(&["api", "v3", "views", &self.resource, "query.json"]);
                // The page is always the first: the question itself says where it starts.
                let page =
                    json!({"pageNumber": 1, "pageSize": soql.rows().unwrap_or(MOST_PAGE_ROWS)});
                let body = json!({"query": soql.text(), "page": page, "includeSynthetic": false});
                HttpRequest::Post(url, body)
            }
        };
        self.client.ask(&request, deadline).await
    }

    /// The rows of a small answer.
    pub(super) async fn records(
        &self,
        soql: &Soql,
        deadline: Option<Instant>,
    ) -> Result<Vec<Record>, SourceError> {
        let body = self.ask(soql, deadline).await?;
        let records: Vec<BTreeMap<String, Value>> =
            serde_json::from_slice(&body).map_err(|error| self.unexpected(&error))?;
        Ok(records
            .into_iter()
            .map(|record| record.into_iter().map(|(name, value)| (name, text_of(value))).collect())
            .collect())
    }

    /// The rows of an answer, not yet taken apart.
    pub(super) fn objects<'a>(&self, body: &'a [u8]) -> Result<Vec<&'a RawValue>, SourceError> {
        serde_json::from_slice(body).map_err(|error| self.unexpected(&error))
    }

    /// All columns, as bronze names them.
    pub(super) async fn columns(&self) -> Result<Vec<String>, SourceError> {
        let url = self.url(&["api", "views", &format!("{}.json", self.resource)]);
        let body = self.client.ask(&HttpRequest::Get(url), None).await?;
        let view: View = serde_json::from_slice(&body).map_err(|error| self.unexpected(&error))?;
        let own = [ROW_ID, VERSION, CREATED_AT, UPDATED_AT].map(str::to_owned);
        let fields = view.columns.into_iter().map(|column| column.field_name);
        let mut names = UniqueNames::default();
        Ok(own
            .into_iter()
            .chain(fields)
            .enumerate()
            .map(|(index, field)| names.name(header(&field), index + 1))
            .collect())
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    fn unexpected(&self, error: &serde_json::Error) -> SourceError {
        SourceError::Definition {
            source_label: self.label().to_owned(),
            detail: format!("its answer is not what a Socrata portal answers ({error})"),
            remedy: "check the url in the source's definition".to_owned(),
        }
    }
}

/// What is known about a resource.
#[derive(Deserialize)]
struct View {
    #[serde(default)]
    columns: Vec<ViewColumn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ViewColumn {
    field_name: String,
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}
