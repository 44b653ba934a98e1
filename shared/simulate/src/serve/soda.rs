//! A Socrata portal: SODA 2 and SODA 3 over rows in memory.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde::Deserialize;
use serde_json::{Value, json};

use super::drift::{Drift, Drifts};
use super::evaluate::Table;
use super::faults::Faults;
use super::query::{Condition, Query, Selected, Term, parse_soql};
use super::row_id::{row_id, row_number};
use super::server::Server;
use super::value::{Column, ColumnKind, Row};

/// The most rows of one answer.
const MOST_ROWS: usize = 50_000;
/// The rows of an answer to a question without a limit.
const USUAL_ROWS: usize = 1000;
const ROW_ID: &str = ":id";
const UPDATED_AT: &str = ":updated_at";

/// A resource and its rows.
#[derive(Debug, Clone, Default)]
pub struct SodaResource {
    /// Its id, such as `erm2-nwe9`.
    pub id: String,
    /// The columns of its data. A column that rows have and that is not named here is delivered,
    /// but cannot be asked for.
    pub columns: Vec<Column>,
    /// Its rows, each with an `:id` (see [`row_id`](super::row_id)) and an `:updated_at`.
    pub rows: Vec<Row>,
}

/// How a portal is set up.
#[derive(Debug, Clone, Default)]
pub struct SodaSettings {
    /// The port it listens on; 0 for any that is free.
    pub port: u16,
    /// The app token that every request must carry; `None` asks for none in SODA 2, for any in SODA 3.
    pub app_token: Option<String>,
    /// Whether `:id` cannot be filtered or sorted by.
    pub refuses_row_id: bool,
    /// The most rows of one answer, however many are asked for, as of a proxy that cuts long ones;
    /// `None` cuts none.
    pub most_rows: Option<usize>,
    /// What goes wrong.
    pub faults: Faults,
    /// What changes in the middle of a load.
    pub drifts: Vec<Drift>,
}

/// A running portal; dropping it stops it.
#[derive(Debug)]
pub struct SodaServer {
    server: Server,
    portal: Arc<Portal>,
}

#[derive(Debug)]
struct Portal {
    resources: Mutex<BTreeMap<String, SodaResource>>,
    system: Vec<Column>,
    app_token: Option<String>,
    refuses_row_id: bool,
    most_rows: usize,
    drifts: Drifts,
}

impl SodaServer {
    /// Starts a portal of these resources on loopback, within the current tokio runtime.
    pub async fn start(
        resources: impl IntoIterator<Item = SodaResource>,
        settings: SodaSettings,
    ) -> io::Result<Self> {
        let resources: BTreeMap<String, SodaResource> =
            resources.into_iter().map(|resource| (resource.id.clone(), resource)).collect();
        let columns: Vec<Column> =
            resources.values().flat_map(|resource| resource.columns.iter().cloned()).collect();
        let portal = Arc::new(Portal {
            resources: Mutex::new(resources),
            system: vec![
                Column::new(ROW_ID, ColumnKind::RowId),
                Column::new(":version", ColumnKind::Text),
                Column::new(":created_at", ColumnKind::Time),
                Column::new(UPDATED_AT, ColumnKind::Time),
            ],
            app_token: settings.app_token,
            refuses_row_id: settings.refuses_row_id,
            most_rows: settings.most_rows.unwrap_or(usize::MAX),
            drifts: Drifts::new(settings.drifts, &columns)?,
        });
        let router = Router::new()
            .route("/resource/{file}", get(soda_2))
            .route("/api/v3/views/{resource}/query.json", post(soda_3))
            .route("/api/views/{file}", get(view))
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

    /// Changes the rows of a resource while the portal runs; an unknown resource has none.
    pub fn update(&self, resource: &str, change: impl FnOnce(&mut Vec<Row>)) {
        if let Some(resource) = self.portal.resources().get_mut(resource) {
            change(&mut resource.rows);
        }
    }

    /// Stops taking requests and waits for the answers that are under way.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl Portal {
    fn resources(&self) -> MutexGuard<'_, BTreeMap<String, SodaResource>> {
        self.resources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, resource: &str, soql: &str, most_rows: usize) -> Result<Response, Refusal> {
        let mut query = parse_soql(soql).map_err(Refusal::query)?;
        if self.refuses_row_id && query.goes_by_row_id() {
            return Err(Refusal::query(format!("No such column: {ROW_ID}")));
        }
        match query.limit {
            Some(limit) if limit > most_rows => {
                return Err(Refusal::query(format!("Invalid limit: {limit}, at most {most_rows}")));
            }
            Some(limit) => query.limit = Some(limit.min(self.most_rows)),
            None => query.limit = Some(USUAL_ROWS.min(most_rows)),
        }
        let mut resources = self.resources();
        let resource = resources.get_mut(resource).ok_or_else(Refusal::not_found)?;
        let rows = self.rows(resource, &query)?;
        // An answer with whole rows is a page, and comes after what changes with it.
        let is_page = !rows.is_empty() && query.select.contains(&Selected::Data);
        let drifts = if is_page { self.drifts.of_next_page() } else { Vec::new() };
        if drifts.is_empty() {
            return Ok(Json(rows).into_response());
        }
        for drift in drifts {
            drift.apply(&mut resource.columns, &mut resource.rows, as_newest);
        }
        Ok(Json(self.rows(resource, &query)?).into_response())
    }

    fn rows(&self, resource: &SodaResource, query: &Query) -> Result<Vec<Row>, Refusal> {
        let table =
            Table { rows: &resource.rows, columns: &resource.columns, system: &self.system };
        table.answer(query).map_err(Refusal::query)
    }

    fn check_token(&self, headers: &HeaderMap, required: bool) -> Result<(), Refusal> {
        let given = headers.get("x-app-token").and_then(|token| token.to_str().ok());
        let fits = match &self.app_token {
            Some(token) => given == Some(token),
            None => given.is_some() || !required,
        };
        if fits { Ok(()) } else { Err(Refusal::token()) }
    }
}

/// Gives rows new ids, and update times behind those of the others.
fn as_newest(others: &[Row], newest: &mut [Row]) {
    let text = |row: &Row, name: &str| Some(row.get(name)?.as_str()?.to_owned());
    let numbers = others.iter().filter_map(|row| row_number(&text(row, ROW_ID)?));
    let times = others.iter().filter_map(|row| {
        DateTime::parse_from_rfc3339(&text(row, UPDATED_AT)?).ok().map(|time| time.to_utc())
    });
    let (number, time) = (numbers.max().unwrap_or_default(), times.max().unwrap_or_default());
    for (behind, row) in (1..).zip(newest) {
        let time = time + TimeDelta::minutes(behind);
        let time = time.to_rfc3339_opts(SecondsFormat::Millis, true);
        row.insert(ROW_ID.to_owned(), Value::from(row_id(number + behind.unsigned_abs())));
        row.insert(UPDATED_AT.to_owned(), Value::from(time));
    }
}

async fn soda_2(
    State(portal): State<Arc<Portal>>,
    Path(file): Path<String>,
    Parameters(parameters): Parameters<HashMap<String, String>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    portal.check_token(&headers, false)?;
    let resource = file.strip_suffix(".json").ok_or_else(Refusal::not_found)?;
    let clauses = [
        ("$select", "SELECT"),
        ("$where", "WHERE"),
        ("$group", "GROUP BY"),
        ("$order", "ORDER BY"),
        ("$limit", "LIMIT"),
    ];
    if let Some(unknown) =
        parameters.keys().find(|name| clauses.iter().all(|(known, _)| known != name))
    {
        return Err(Refusal::query(format!("Unrecognized arguments [{unknown}]")));
    }
    let mut soql = String::new();
    for (name, word) in clauses {
        match parameters.get(name) {
            Some(clause) => soql.push_str(&format!("{word} {clause} ")),
            None if name == "$select" => soql.push_str("SELECT * "),
            None => {}
        }
    }
    portal.answer(resource, &soql, MOST_ROWS)
}

/// The body of a question of SODA 3.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Question {
    query: String,
    page: Option<PageAsked>,
    #[serde(default)]
    include_synthetic: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageAsked {
    page_number: usize,
    page_size: usize,
}

async fn soda_3(
    State(portal): State<Arc<Portal>>,
    Path(resource): Path<String>,
    headers: HeaderMap,
    Json(question): Json<Question>,
) -> Result<Response, Refusal> {
    portal.check_token(&headers, true)?;
    if question.include_synthetic {
        return Err(Refusal::query("includeSynthetic is not simulated".to_owned()));
    }
    let page_rows = match question.page {
        Some(page) if page.page_number != 1 => {
            return Err(Refusal::query("only the first page is simulated".to_owned()));
        }
        Some(page) if page.page_size > MOST_ROWS => {
            return Err(Refusal::query(format!("Invalid page size: {}", page.page_size)));
        }
        Some(page) => page.page_size,
        None => MOST_ROWS,
    };
    portal.answer(&resource, &question.query, page_rows)
}

async fn view(
    State(portal): State<Arc<Portal>>,
    Path(file): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let id = file.strip_suffix(".json").ok_or_else(Refusal::not_found)?;
    let resources = portal.resources();
    let resource = resources.get(id).ok_or_else(Refusal::not_found)?;
    let columns: Vec<Value> = resource
        .columns
        .iter()
        .map(|column| {
            let kind = match column.kind {
                ColumnKind::Number => "number",
                ColumnKind::Time | ColumnKind::ZonedTime => "calendar_date",
                ColumnKind::Boolean => "checkbox",
                ColumnKind::Json | ColumnKind::List => "json",
                ColumnKind::Text | ColumnKind::RowId => "text",
            };
            json!({"fieldName": column.name, "name": column.name, "dataTypeName": kind})
        })
        .collect();
    Ok(Json(json!({"id": id, "columns": columns})))
}

/// An error in the words of Socrata.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn query(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "query.compiler.malformed", message }
    }

    fn not_found() -> Self {
        let message = "Cannot find view".to_owned();
        Self { status: StatusCode::NOT_FOUND, code: "dataset.missing", message }
    }

    fn token() -> Self {
        let message = "Invalid app_token specified".to_owned();
        Self { status: StatusCode::FORBIDDEN, code: "permission_denied", message }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": true, "code": self.code, "message": self.message});
        (self.status, Json(body)).into_response()
    }
}

impl Query {
    fn goes_by_row_id(&self) -> bool {
        let ordered =
            self.order_by.iter().any(|(term, _)| *term == Term::Column(ROW_ID.to_owned()));
        ordered || self.filter.as_ref().is_some_and(Condition::names_row_id)
    }
}

impl Condition {
    fn names_row_id(&self) -> bool {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.names_row_id() || right.names_row_id()
            }
            Self::Compare(column, ..) | Self::IsNull(column) | Self::IsNotNull(column) => {
                column == ROW_ID
            }
        }
    }
}
