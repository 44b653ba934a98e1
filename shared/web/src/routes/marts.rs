//! Questions to published tables.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, json};
use smelt_domain::{Dataset, SeriesTable, TableId, shown};
use smelt_lake::published::Latest;
use smelt_query::{Columns, Format, Query, QueryError, Snapshot};
use url::form_urlencoded;
use utoipa::IntoParams;

use super::table_answers::TableAnswers;
use crate::answers::SentAnswer;
use crate::api::{Api, listed, mart as mart_of};
use crate::etag::ETag;
use crate::extract::{Path, decoded};
use crate::problem::Problem;

/// Bytes of the part behind the question mark.
const LONGEST_QUERY: usize = 32 * 1024;

/// What may be asked, beside conditions on columns. Only for the description: see
/// [`smelt_query::Query::parse`].
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by smelt_query, which knows the columns")]
pub(crate) struct TableParameters {
    /// These columns, in this order: `date,borough`
    select: Option<String>,
    /// `date.desc,borough`; the key is appended
    order: Option<String>,
    /// A row for each group: `borough,date.month` (times by hour, day, week, month or year)
    group: Option<String>,
    /// Of each group, or of all rows: `sum(requests),avg(x),min(x),max(x),count`
    aggregate: Option<String>,
    /// Rows of a page
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Goes on behind the page that it came with
    cursor: Option<String>,
    /// `json`, `csv`, `parquet` or `arrow`; else by the header `Accept`
    #[param(pattern = "^(json|csv|parquet|arrow)$")]
    format: Option<String>,
}

/// Rows of a mart, with conditions, groups and pages
///
/// Conditions are parameters called after columns: `borough=BROOKLYN` (given again: any of them),
/// `date.gte=2026-10-01`, and `.eq .ne .gt .gte .lt .lte .in .contains .starts .null` alike. An answer
/// in JSON has `columns`, `rows`, and in `next` the cursor of the next page; others name the next page
/// in the header `Link`.
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/marts/{mart}",
    tag = "tables",
    params(("dataset" = String, Path), ("mart" = String, Path), TableParameters),
    responses(TableAnswers),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn mart(
    State(api): State<Api>,
    Path((dataset, mart)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let dataset = api.dataset(&dataset)?;
    let mart = mart_of(dataset, &mart)?;
    answer(&api, dataset, &dataset.gold_id(&mart.name), "", query.as_deref(), &headers).await
}

/// A named question to a mart, as the definition of the dataset says
///
/// Takes the parameters of the mart as well: one that is given takes the place of the view's own. With other
/// groups or aggregates, what the view's order says of columns that the answer no longer has is left out.
#[utoipa::path(
    get,
    path = "/v1/datasets/{dataset}/views/{view}",
    tag = "tables",
    params(("dataset" = String, Path), ("view" = String, Path), TableParameters),
    responses(TableAnswers),
    security(("token" = []), ("api_key" = []))
)]
pub(crate) async fn view(
    State(api): State<Api>,
    Path((dataset, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let dataset = api.dataset(&dataset)?;
    let Some(view) = dataset.views.iter().find(|view| view.name.as_str() == name) else {
        let known = listed(dataset.views.iter().map(|view| view.name.as_str()));
        let detail = format!("{} has no view `{}`; {known}", dataset.name, shown(&name));
        return Err(Problem::not_found(detail));
    };
    let table = dataset.gold_id(&view.table);
    answer(&api, dataset, &table, &view.query, query.as_deref(), &headers).await
}

/// The decoded parameters of a URL.
fn parameters(query: &str) -> Result<Vec<(String, String)>, Problem> {
    if query.len() > LONGEST_QUERY {
        let detail = format!(
            "the parameters have {} bytes, and at most {LONGEST_QUERY} are read; ask for less at once",
            query.len()
        );
        return Err(Problem::too_large(detail));
    }
    Ok(decoded(query)?.into_owned().collect())
}

/// The answer to a question to a published table: to `preset`, of which the URL's `query` replaces what
/// it says of the same.
pub(crate) async fn answer(
    api: &Api,
    dataset: &Dataset,
    table: &TableId,
    preset: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let asked = parameters(query.unwrap_or_default())?;
    let mut parameters = parameters(preset)?;
    parameters.retain(|(name, _)| !asked.iter().any(|(other, _)| other == name));
    let Some(columns) = api.columns(table) else {
        return Err(Problem::not_found(format!("{} is not published", table.sql_name())));
    };
    if asked.iter().any(|(name, _)| name == "group" || name == "aggregate") {
        parameters = in_other_groups(parameters, &asked, columns)?;
    }
    parameters.extend_from_slice(&asked);
    let query = Query::parse(parameters.iter().map(|(name, value)| (name, value)), columns)?;
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Format::negotiate(query.format(), accept)?;
    let Some(newest) = api.pointers().latest(table).await? else {
        let detail = format!(
            "{} has no rows yet: nothing was published; `smelt {} {}` does, once there is data",
            table.sql_name(),
            publisher(table),
            dataset.name
        );
        return Err(Problem::not_found(detail));
    };
    let tag = tag(table, &newest, &parameters, format);
    if tag.is_known_by(headers) {
        return Ok(with_headers(StatusCode::NOT_MODIFIED.into_response(), table, &tag, format));
    }
    let sent = match api.answers().get(&tag) {
        Some(sent) => sent,
        None => {
            let sent = ask(api, table, &newest, &query, format).await?;
            api.answers().keep(tag.clone(), sent.clone());
            sent
        }
    };
    let mut response = with_headers(sent.body.into_response(), table, &tag, format);
    if let Some(next) = &sent.next {
        let link = HeaderValue::try_from(next_page(&asked, next));
        response.headers_mut().extend(link.ok().map(|link| (header::LINK, link)));
    }
    Ok(response)
}

/// The command that publishes a table: what models say is made where they are fitted.
fn publisher(table: &TableId) -> &'static str {
    let learnt = [SeriesTable::Forecast, SeriesTable::ForecastAccuracy, SeriesTable::Clusters];
    if learnt.iter().any(|known| known.name() == table.table) { "train" } else { "refresh" }
}

/// The parameters of a view beside a question with other groups: of its order, what the answer still has, and
/// no selection. Whoever asks did not name the others, and need not know of them.
fn in_other_groups(
    view: Vec<(String, String)>,
    asked: &[(String, String)],
    columns: &Columns,
) -> Result<Vec<(String, String)>, QueryError> {
    let (orders, mut left): (Vec<_>, Vec<_>) =
        view.into_iter().partition(|(name, _)| name == "order");
    left.retain(|(name, _)| name != "select");
    if orders.is_empty() {
        return Ok(left);
    }
    // A cursor belongs to the whole question.
    let asked = asked.iter().filter(|(name, _)| name != "cursor");
    let unordered = left.iter().chain(asked).map(|(name, value)| (name, value));
    let answered = Query::parse(unordered, columns)?.answer_columns();
    let is_answered = |item: &&str| {
        let column = item.trim();
        let column = column.strip_suffix(".desc").or(column.strip_suffix(".asc")).unwrap_or(column);
        answered.iter().any(|(name, _)| name == column)
    };
    for (name, order) in orders {
        let items: Vec<&str> = order.split(',').filter(is_answered).collect();
        if !items.is_empty() {
            left.push((name, items.join(",")));
        }
    }
    Ok(left)
}

async fn ask(
    api: &Api,
    table: &TableId,
    newest: &Latest,
    query: &Query,
    format: Format,
) -> Result<SentAnswer, Problem> {
    let snapshot =
        Snapshot { path: newest.path.clone(), identity: newest.identity, bytes: newest.bytes };
    let answer = api.snapshots().answer(query, &snapshot).await?;
    let about = Map::from_iter([
        ("dataset".to_owned(), json!(table.dataset)),
        ("table".to_owned(), json!(table.table)),
        ("version".to_owned(), json!(newest.version)),
        ("published_at".to_owned(), json!(newest.published_at)),
    ]);
    let body = Bytes::from(answer.encode(format, &about)?);
    Ok(SentAnswer { body, next: answer.next().map(str::to_owned) })
}

fn tag(table: &TableId, newest: &Latest, parameters: &[(String, String)], format: Format) -> ETag {
    let path = table.path();
    let (identity, version) = (newest.identity.to_le_bytes(), newest.version.to_le_bytes());
    let mut parts: Vec<&[u8]> =
        vec![path.as_bytes(), &identity, &version, format.as_str().as_bytes()];
    for (name, value) in parameters {
        parts.extend([name.as_bytes(), value.as_bytes()]);
    }
    ETag::of(&parts)
}

fn with_headers(mut response: Response, table: &TableId, tag: &ETag, format: Format) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.append(header::VARY, HeaderValue::from_static("Accept"));
    headers.extend(tag.header().map(|tag| (header::ETAG, tag)));
    if format != Format::Json {
        let name = format!("attachment; filename=\"{}.{}\"", table.sql_table(), format.as_str());
        let name = HeaderValue::try_from(name).ok();
        headers.extend(name.map(|name| (header::CONTENT_DISPOSITION, name)));
    }
    response
}

/// `<?borough=BROOKLYN&cursor=…>; rel="next"`: the same question, going on.
fn next_page(parameters: &[(String, String)], cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(name, _)| name != "cursor") {
        query.append_pair(name, value);
    }
    format!("<?{}>; rel=\"next\"", query.append_pair("cursor", cursor).finish())
}

#[cfg(test)]
mod tests {
    use smelt_domain::ColumnType;

    use super::*;

    #[test]
    fn the_next_page_is_the_same_question() {
        let parameters = parameters("borough=A%20B&cursor=old&limit=2").unwrap();
        let expected = "<?borough=A+B&limit=2&cursor=new>; rel=\"next\"";
        assert_eq!(next_page(&parameters, "new"), expected);
    }

    #[test]
    fn of_the_order_of_a_view_other_groups_keep_what_they_have() {
        let of = |name: &str, kind| (name.to_owned(), kind);
        let columns = [of("city", ColumnType::Text), of("month", ColumnType::Text)];
        let columns = columns.into_iter().chain([of("amount", ColumnType::Double)]);
        let columns = Columns::new("spending", columns, ["city", "month"]).unwrap();
        let order = |view: &str, asked: &str| {
            let (view, asked) = (parameters(view).unwrap(), parameters(asked).unwrap());
            let left = in_other_groups(view, &asked, &columns).unwrap();
            left.into_iter().find(|(name, _)| name == "order").map(|(_, order)| order)
        };
        let view = "aggregate=sum(amount)&order=month,sum_amount.desc,city&limit=9";
        assert_eq!(order(view, "group=city").as_deref(), Some("sum_amount.desc,city"));
        assert_eq!(order("order=month", "group=city&cursor=abc"), None);
        assert_eq!(order("limit=9", "group=city"), None);
        assert_eq!(order("select=month&order=city", "group=city").as_deref(), Some("city"));
        let (view, asked) = (parameters("order=city").unwrap(), parameters("group=town").unwrap());
        assert!(in_other_groups(view, &asked, &columns).is_err());
    }

    #[test]
    fn too_many_parameters_are_not_read() {
        assert!(parameters(&"a=b&".repeat(LONGEST_QUERY)).is_err());
    }
}
