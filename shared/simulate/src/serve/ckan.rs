//! A CKAN portal with a datastore over rows in memory.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Query as Parameters, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::ckan_dump::dump;
use super::drift::{Drift, Drifts};
use super::evaluate::Table;
use super::faults::Faults;
use super::query::{Query, Selected, Term, parse_sql};
use super::server::Server;
use super::value::{Column, ColumnKind, Row};

/// The most rows of one answer.
const MOST_ROWS: usize = 32_000;
/// The rows of an answer to a question without a limit.
const USUAL_ROWS: usize = 100;
pub(super) const ROW_NUMBER: &str = "_id";

/// A resource in the datastore.
#[derive(Debug, Clone, Default)]
pub struct CkanResource {
    /// Its id.
    pub id: String,
    /// Its columns, without `_id`.
    pub columns: Vec<Column>,
    /// Its rows. A row without an `_id` gets the next free one.
    pub rows: Vec<Row>,
    /// When it was last uploaded, as its metadata says.
    pub last_modified: String,
    /// The hash of its file, as its metadata says; often empty.
    pub hash: String,
    /// Whether its rows are on their way into the datastore, and cannot be asked for yet.
    pub is_loading: bool,
}

/// How a portal is set up.
#[derive(Debug, Clone, Default)]
pub struct CkanSettings {
    /// The port it listens on; 0 for any that is free.
    pub port: u16,
    /// The package that all resources belong to.
    pub package: String,
    /// The token that every request must carry, as for a private package; `None` asks for none.
    pub token: Option<String>,
    /// Whether queries in SQL are switched off.
    pub refuses_sql: bool,
    /// The most rows of one dump; `None` gives all.
    pub most_dump_rows: Option<usize>,
    /// What goes wrong.
    pub faults: Faults,
    /// What changes in the middle of a load.
    pub drifts: Vec<Drift>,
}

/// A running portal; dropping it stops it.
#[derive(Debug)]
pub struct CkanServer {
    server: Server,
    portal: Arc<Portal>,
}

#[derive(Debug)]
pub(super) struct Portal {
    package: String,
    resources: Mutex<BTreeMap<String, CkanResource>>,
    token: Option<String>,
    refuses_sql: bool,
    pub(super) most_dump_rows: Option<usize>,
    drifts: Drifts,
}

pub(super) type Arguments = Parameters<HashMap<String, String>>;

impl CkanServer {
    /// Starts a portal of these resources on loopback, within the current tokio runtime.
    pub async fn start(
        resources: impl IntoIterator<Item = CkanResource>,
        settings: CkanSettings,
    ) -> io::Result<Self> {
        let resources: BTreeMap<String, CkanResource> = resources
            .into_iter()
            .map(|mut resource| {
                resource.number_rows();
                (resource.id.clone(), resource)
            })
            .collect();
        let columns: Vec<Column> =
            resources.values().flat_map(|resource| resource.columns.iter().cloned()).collect();
        let portal = Arc::new(Portal {
            package: settings.package,
            resources: Mutex::new(resources),
            token: settings.token,
            refuses_sql: settings.refuses_sql,
            most_dump_rows: settings.most_dump_rows,
            drifts: Drifts::new(settings.drifts, &columns)?,
        });
        let router = Router::new()
            .route("/api/3/action/package_show", get(package_show))
            .route("/api/3/action/resource_show", get(resource_show))
            .route("/api/3/action/datastore_search", get(datastore_search))
            .route("/api/3/action/datastore_search_sql", get(datastore_search_sql))
            .layer(middleware::from_fn_with_state(Arc::clone(&portal), check_token))
            .route("/datastore/dump/{resource}", get(dump))
            .with_state(Arc::clone(&portal));
        let server = Server::start(router, settings.port, settings.faults).await?;
        Ok(Self { server, portal })
    }

    /// The root of the portal, without a slash at its end.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// How many requests came so far.
    pub fn requests(&self) -> u64 {
        self.server.requests()
    }

    /// Changes a resource while the portal runs: its rows, its metadata, or both.
    pub fn update(&self, resource: &str, change: impl FnOnce(&mut CkanResource)) {
        if let Some(resource) = self.portal.resources().get_mut(resource) {
            change(resource);
            resource.number_rows();
        }
    }

    /// Takes a resource out of its package, and away.
    pub fn remove(&self, resource: &str) {
        self.portal.resources().remove(resource);
    }

    /// Adds a resource to the package.
    pub fn add(&self, mut resource: CkanResource) {
        resource.number_rows();
        self.portal.resources().insert(resource.id.clone(), resource);
    }

    /// Stops taking requests and waits for the answers that are under way.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl Portal {
    pub(super) fn resources(&self) -> MutexGuard<'_, BTreeMap<String, CkanResource>> {
        self.resources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Portal {
    /// The rows that a question is answered with. An answer with rows is a page, and comes after
    /// what changes with it.
    pub(super) fn page(
        &self,
        resources: &mut BTreeMap<String, CkanResource>,
        id: &str,
        question: impl Fn(&CkanResource) -> Result<Vec<Row>, Refusal>,
    ) -> Result<Vec<Row>, Refusal> {
        let resource = resources.get(id).ok_or_else(|| Refusal::not_found(id))?;
        let rows = question(resource)?;
        if rows.is_empty() {
            return Ok(rows);
        }
        let drifts = self.drifts.of_next_page();
        for (name, resource) in resources.iter_mut() {
            for drift in drifts.iter().filter(|drift| !drift.is_of_rows() || name == id) {
                drift.apply(&mut resource.columns, &mut resource.rows, as_newest);
                resource.number_rows();
            }
        }
        match resources.get(id) {
            Some(resource) if !drifts.is_empty() => question(resource),
            _ => Ok(rows),
        }
    }

    pub(super) fn lets_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|token| token.to_str().ok());
        self.token.is_none() || self.token.as_deref() == given
    }
}

async fn check_token(
    State(portal): State<Arc<Portal>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    match portal.lets_in(request.headers()) {
        true => Ok(next.run(request).await),
        false => Err(Refusal::access()),
    }
}

/// Takes the numbers off rows: they get the ones behind the greatest.
fn as_newest(_: &[Row], newest: &mut [Row]) {
    newest.iter_mut().for_each(|row| drop(row.shift_remove(ROW_NUMBER)));
}

impl CkanResource {
    fn number_rows(&mut self) {
        let number = |row: &Row| row.get(ROW_NUMBER).and_then(Value::as_u64);
        let mut next = self.rows.iter().filter_map(number).max().unwrap_or_default() + 1;
        for row in &mut self.rows {
            if number(row).is_none() {
                row.insert(ROW_NUMBER.to_owned(), next.into());
                next += 1;
            }
        }
    }

    /// The columns of the datastore's table.
    pub(super) fn all_columns(&self) -> Vec<Column> {
        let number = Column::new(ROW_NUMBER, ColumnKind::Number);
        std::iter::once(number).chain(self.columns.iter().cloned()).collect()
    }

    /// The rows that a query selects, each with all columns in their order, null or not.
    pub(super) fn answer(&self, query: &Query) -> Result<Vec<Row>, Refusal> {
        let columns = self.all_columns();
        let table = Table { rows: &self.rows, columns: &columns, system: &[] };
        let rows = table.answer(query).map_err(Refusal::validation)?;
        let selected = |selected: &Selected| match selected {
            Selected::Value(_, name) => vec![name.clone()],
            _ => columns.iter().map(|column| column.name.clone()).collect(),
        };
        let names: Vec<String> = query.select.iter().flat_map(selected).collect();
        let whole = |mut row: Row| {
            let value = |name: &String| (name.clone(), row.remove(name).unwrap_or_default());
            names.iter().map(value).collect()
        };
        Ok(rows.into_iter().map(whole).collect())
    }

    /// So many rows behind the first `offset`.
    pub(super) fn rows_from(
        &self,
        offset: usize,
        limit: Option<usize>,
        sort: Option<&str>,
    ) -> Result<Vec<Row>, Refusal> {
        let sort = sort.map(|column| (Term::Column(column.to_owned()), true));
        let query = Query {
            select: vec![Selected::Data],
            from: None,
            filter: None,
            group_by: Vec::new(),
            order_by: sort.into_iter().collect(),
            limit: limit.map(|limit| offset.saturating_add(limit)),
        };
        Ok(self.answer(&query)?.into_iter().skip(offset).collect())
    }

    fn fields(&self) -> Vec<Value> {
        let kind = |column: &Column| match column.kind {
            ColumnKind::Number => "numeric",
            ColumnKind::Time => "timestamp",
            ColumnKind::ZonedTime => "timestamptz",
            ColumnKind::Boolean => "bool",
            ColumnKind::Json => "json",
            ColumnKind::List => "_text",
            ColumnKind::Text | ColumnKind::RowId => "text",
        };
        std::iter::once(json!({"id": ROW_NUMBER, "type": "int"}))
            .chain(
                self.columns.iter().map(|column| json!({"id": column.name, "type": kind(column)})),
            )
            .collect()
    }
}

async fn package_show(
    State(portal): State<Arc<Portal>>,
    Parameters(arguments): Arguments,
) -> Result<Response, Refusal> {
    let id = required(&arguments, "id")?;
    if id != portal.package {
        return Err(Refusal::not_found(id));
    }
    let resources = portal.resources();
    let mut listed: Vec<_> = resources
        .values()
        .map(|resource| json!({"id": resource.id, "datastore_active": !resource.is_loading}))
        .collect();
    // Packages also have what is no table, such as a description of the columns.
    listed.push(json!({"id": "columns-explained", "datastore_active": false}));
    Ok(success(json!({ "id": id, "resources": listed })))
}

async fn resource_show(
    State(portal): State<Arc<Portal>>,
    Parameters(arguments): Arguments,
) -> Result<Response, Refusal> {
    let id = required(&arguments, "id")?;
    let resources = portal.resources();
    let resource = resources.get(id).ok_or_else(|| Refusal::not_found(id))?;
    Ok(success(json!({
        "id": resource.id,
        "last_modified": resource.last_modified,
        "metadata_modified": resource.last_modified,
        "hash": resource.hash,
        "datastore_active": !resource.is_loading,
    })))
}

async fn datastore_search(
    State(portal): State<Arc<Portal>>,
    Parameters(arguments): Arguments,
) -> Result<Response, Refusal> {
    let known = ["resource_id", "limit", "offset", "sort"];
    if let Some(unknown) = arguments.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(Refusal::validation(format!("unknown argument {unknown}")));
    }
    let id = required(&arguments, "resource_id")?;
    let limit = number(&arguments, "limit", USUAL_ROWS)?.min(MOST_ROWS);
    let offset = number(&arguments, "offset", 0)?;
    let sort = arguments.get("sort").map(String::as_str);
    let mut resources = portal.resources();
    let records = portal
        .page(&mut resources, id, |resource| resource.rows_from(offset, Some(limit), sort))?;
    let resource = resources.get(id).ok_or_else(|| Refusal::not_found(id))?;
    Ok(success(json!({
        "resource_id": id,
        "fields": resource.fields(),
        "records": records,
        "limit": limit,
        "offset": offset,
        "total": resource.rows.len(),
        "total_was_estimated": false,
    })))
}

async fn datastore_search_sql(
    State(portal): State<Arc<Portal>>,
    Parameters(arguments): Arguments,
) -> Result<Response, Refusal> {
    if portal.refuses_sql {
        return Err(Refusal::unknown_action("datastore_search_sql"));
    }
    let mut query = parse_sql(required(&arguments, "sql")?).map_err(Refusal::validation)?;
    query.limit = Some(query.limit.unwrap_or(MOST_ROWS).min(MOST_ROWS));
    let id = query.from.clone().unwrap_or_default();
    let mut resources = portal.resources();
    let records = portal.page(&mut resources, &id, |resource| resource.answer(&query))?;
    let resource = resources.get(&id).ok_or_else(|| Refusal::not_found(&id))?;
    Ok(success(json!({"records": records, "fields": resource.fields()})))
}

fn success(result: Value) -> Response {
    Json(json!({"success": true, "result": result})).into_response()
}

fn required<'a>(arguments: &'a HashMap<String, String>, name: &str) -> Result<&'a str, Refusal> {
    let value = arguments.get(name).map(String::as_str);
    value.ok_or_else(|| Refusal::validation(format!("{name}: Missing value")))
}

fn number(arguments: &HashMap<String, String>, name: &str, usual: usize) -> Result<usize, Refusal> {
    match arguments.get(name) {
        None => Ok(usual),
        Some(text) => {
            text.parse().map_err(|_| Refusal::validation(format!("{name}: Invalid integer")))
        }
    }
}

/// An error in the words of CKAN.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    fn validation(message: String) -> Self {
        let error = json!({"__type": "Validation Error", "query": [message]});
        Self { status: StatusCode::CONFLICT, body: json!({"success": false, "error": error}) }
    }

    fn not_found(id: &str) -> Self {
        let message = format!("Not found: Resource \"{id}\" was not found.");
        let error = json!({"__type": "Not Found Error", "message": message});
        Self { status: StatusCode::NOT_FOUND, body: json!({"success": false, "error": error}) }
    }

    fn access() -> Self {
        let message = "Access denied: User  not authorized to read package";
        let error = json!({"__type": "Authorization Error", "message": message});
        Self { status: StatusCode::FORBIDDEN, body: json!({"success": false, "error": error}) }
    }

    fn unknown_action(action: &str) -> Self {
        let body = json!(format!("Bad request - Action name not known: {action}"));
        Self { status: StatusCode::BAD_REQUEST, body }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
