//! The portal: its actions, and the envelope that all of its answers come in.

use std::time::Instant;

use arrow::array::AsArray;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use crate::http::{AnswerBody, HttpClient, HttpRequest, HttpSettings, Token, root_url};
use crate::json::batch_of;
use crate::{Secret, SourceBatch, SourceError};

/// The datastore's number of a row within its resource.
pub(super) const ROW_NUMBER: &str = "_id";
const ROW_NUMBER_HEADER: &str = "ckan_id";
const TOKEN_HEADER: &str = "authorization";

/// A CKAN portal.
#[derive(Debug)]
pub(super) struct Portal {
    client: HttpClient,
    root: Url,
}

/// What every action answers.
#[derive(Deserialize)]
struct Envelope<T> {
    success: bool,
    result: Option<T>,
    error: Option<serde_json::Value>,
}

/// The result of a search.
#[derive(Deserialize)]
pub(super) struct SearchResult<'a> {
    #[serde(default)]
    pub(super) fields: Vec<FieldDescription>,
    #[serde(borrow, default)]
    pub(super) records: Vec<&'a RawValue>,
    /// Rows of the whole resource, when the search was asked to count them.
    pub(super) total: Option<u64>,
}

/// A column of a resource.
#[derive(Debug, Deserialize)]
pub(super) struct FieldDescription {
    pub(super) id: String,
    /// The type that its values have in the database.
    #[serde(rename = "type", default)]
    pub(super) kind: String,
}

/// What tells one state of a resource from another.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Metadata {
    last_modified: Option<String>,
    metadata_modified: Option<String>,
    hash: Option<String>,
    revision_id: Option<String>,
}

impl Metadata {
    /// A text that differs between states; `None` of a portal that tells nothing.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let parts = [&self.last_modified, &self.metadata_modified, &self.hash, &self.revision_id];
        let parts = parts.map(|part| part.as_deref().unwrap_or_default());
        let tells = parts.iter().any(|part| !part.is_empty());
        tells.then(|| parts.join("|"))
    }

    /// When it last changed, if the portal tells.
    pub(super) fn last_change(self) -> Option<String> {
        self.last_modified.or(self.metadata_modified)
    }
}

/// The resources of a package, by id.
#[derive(Debug)]
pub(super) struct PackageResources {
    /// Those that can be asked for rows. While one is loaded anew, it may not be among them.
    pub(super) in_datastore: Vec<String>,
    pub(super) all: Vec<String>,
}

/// A package, as far as it matters here.
#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    resources: Vec<PackageResource>,
}

/// A resource of a package; only one in the datastore can be asked for rows.
#[derive(Deserialize)]
struct PackageResource {
    id: String,
    #[serde(default)]
    datastore_active: bool,
}

/// The header that a key of a record stands for: the row number must not take the name of a column
/// `id` of the data.
pub(super) fn header(key: &str) -> &str {
    if key == ROW_NUMBER { ROW_NUMBER_HEADER } else { key }
}

impl Portal {
    pub(super) fn open(
        url: &str,
        label: String,
        token_variable: Option<&str>,
        token: Option<&Secret>,
        settings: HttpSettings,
    ) -> Result<Self, SourceError> {
        let token = Token {
            header: TOKEN_HEADER,
            setting: "token",
            variable: token_variable,
            value: token,
        };
        Ok(Self { root: root_url(&label, url)?, client: HttpClient::new(label, settings, token)? })
    }

    pub(super) fn label(&self) -> &str {
        self.client.label()
    }

    /// The resources of a package.
    pub(super) async fn package(
        &self,
        package: &str,
        deadline: Option<Instant>,
    ) -> Result<PackageResources, SourceError> {
        let body = self.act("package_show", &[("id", package)], deadline).await?;
        let shown: Package = self.result(&body)?;
        let ids = |resource: &PackageResource| resource.id.clone();
        let active = shown.resources.iter().filter(|resource| resource.datastore_active);
        let resources = PackageResources {
            in_datastore: active.map(ids).collect(),
            all: shown.resources.iter().map(ids).collect(),
        };
        if resources.in_datastore.is_empty() {
            return Err(SourceError::Definition {
                source_label: self.label().to_owned(),
                detail: format!("its package `{package}` has no resource in the datastore"),
                remedy: "check the package in the source's definition, or list `resources`"
                    .to_owned(),
            });
        }
        Ok(resources)
    }

    /// The state that a resource is in.
    pub(super) async fn metadata(
        &self,
        resource: &str,
        deadline: Option<Instant>,
    ) -> Result<Metadata, SourceError> {
        let body = self.act("resource_show", &[("id", resource)], deadline).await?;
        self.result(&body)
    }

    /// The answer with the rows of a resource from `offset` on, in the order of their numbers.
    pub(super) async fn search(
        &self,
        resource: &str,
        offset: u64,
        limit: u32,
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, SourceError> {
        let (offset, limit) = (offset.to_string(), limit.to_string());
        let arguments = [
            ("resource_id", resource),
            ("sort", ROW_NUMBER),
            ("offset", &offset),
            ("limit", &limit),
        ];
        self.act("datastore_search", &arguments, deadline).await
    }

    /// Brings a dump of all rows but the first `offset`, in the order of their numbers.
    pub(super) async fn dump(
        &self,
        resource: &str,
        offset: u64,
        body: &mut dyn AnswerBody,
        deadline: Option<Instant>,
    ) -> Result<(), SourceError> {
        let mut url = self.url(&["datastore", "dump", resource]);
        url.query_pairs_mut().append_pair("format", "csv");
        if offset > 0 {
            url.query_pairs_mut().append_pair("offset", &offset.to_string());
        }
        match self.client.fetch(&HttpRequest::Get(url), body, deadline).await {
            // The resource was there for other questions.
            Err(SourceError::Definition { detail, .. }) => {
                Err(self.no_dump(format!("asked for a dump of {resource}, {detail}")))
            }
            answer => answer,
        }
    }

    /// The answer to a query.
    pub(super) async fn search_sql(
        &self,
        sql: &str,
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, SourceError> {
        match self.act("datastore_search_sql", &[("sql", sql)], deadline).await {
            Err(error) if is_switched_off(&error) => Err(SourceError::Definition {
                source_label: self.label().to_owned(),
                detail: "the portal has queries in SQL (datastore_search_sql) switched off"
                    .to_owned(),
                remedy: "load its resources as snapshots".to_owned(),
            }),
            answer => answer,
        }
    }

    /// What is inside the envelope of an answer.
    pub(super) fn result<'a, T: Deserialize<'a>>(&self, body: &'a [u8]) -> Result<T, SourceError> {
        let unexpected = |detail: String| SourceError::Definition {
            source_label: self.label().to_owned(),
            detail,
            remedy: "check the url and the resources in the source's definition".to_owned(),
        };
        let envelope: Envelope<T> = serde_json::from_slice(body).map_err(|error| {
            unexpected(format!("its answer is not what a CKAN portal answers ({error})"))
        })?;
        match envelope.result {
            Some(result) if envelope.success => Ok(result),
            _ => {
                let error = envelope.error.map(|error| error.to_string()).unwrap_or_default();
                let error: String = error.chars().take(300).collect();
                Err(unexpected(format!("it answers that it failed: {error}")))
            }
        }
    }

    /// The records as one batch.
    pub(super) fn batch(
        &self,
        records: &[&RawValue],
        first_line: u64,
    ) -> Result<SourceBatch, SourceError> {
        batch_of(records, first_line, header).map_err(|detail| self.unsteady(detail))
    }

    /// How many rows a resource has, as a search says that was asked to count them.
    pub(super) fn counted(
        &self,
        resource: &str,
        answer: &SearchResult<'_>,
    ) -> Result<u64, SourceError> {
        let uncounted = || self.unsteady(format!("it does not count the rows of {resource}"));
        answer.total.ok_or_else(uncounted)
    }

    pub(super) fn no_dump(&self, detail: String) -> SourceError {
        SourceError::Definition {
            source_label: self.label().to_owned(),
            detail,
            remedy: "write `fetch: pages` in the source's definition".to_owned(),
        }
    }

    pub(super) fn unsteady(&self, detail: String) -> SourceError {
        SourceError::Unsteady { source_label: self.label().to_owned(), detail }
    }

    async fn act(
        &self,
        action: &str,
        arguments: &[(&str, &str)],
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, SourceError> {
        let mut url = self.url(&["api", "3", "action", action]);
        url.query_pairs_mut().extend_pairs(arguments);
        self.client.ask(&HttpRequest::Get(url), deadline).await
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

/// The portal answers as for an action that does not exist.
fn is_switched_off(error: &SourceError) -> bool {
    let SourceError::Definition { detail, .. } = error else { return false };
    detail.contains("404") || detail.contains("Action name not known")
}

/// The row numbers of a batch, in order; `None` where a row has none.
pub(super) fn row_numbers(rows: &SourceBatch) -> Vec<Option<i64>> {
    let column = rows
        .fields
        .column_by_name(ROW_NUMBER_HEADER)
        .and_then(|column| column.as_string_opt::<i32>());
    match column {
        None => vec![None; rows.line.len()],
        Some(column) => {
            column.iter().map(|number| number.and_then(|number| number.parse().ok())).collect()
        }
    }
}
