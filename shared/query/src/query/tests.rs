use super::*;
use crate::filter::{Comparison, Test};

fn columns() -> Columns {
    let columns = [
        ("date", "DATE"),
        ("borough", "TEXT"),
        ("requests", "BIGINT"),
        ("amount", "DECIMAL(10,2)"),
        ("at", "TIMESTAMP"),
        ("flag", "BOOLEAN"),
        ("limit", "INT"),
    ];
    let columns = columns.map(|(name, column_type)| (name, column_type.parse().unwrap()));
    Columns::new("daily_requests", columns, ["date", "borough"]).unwrap()
}

fn parse(parameters: &[(&str, &str)]) -> Result<Query, QueryError> {
    Query::parse(parameters.iter().copied(), &columns())
}

fn error(parameters: &[(&str, &str)]) -> String {
    parse(parameters).unwrap_err().to_string()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn a_repeated_column_is_any_of_its_values() {
    let query = parse(&[("borough", "B"), ("borough.in", "C,A"), ("borough.eq", "B")]).unwrap();
    let test = Test::AnyOf(vec![text("A"), text("B"), text("C")]);
    assert_eq!(query.filters, [Filter { column: 1, test }]);
}

#[test]
fn sql_in_a_value_is_a_text() {
    let injection = "x' OR '1'='1'; DROP TABLE gold.nyc311_daily_requests; --";
    let query = parse(&[("borough", injection)]).unwrap();
    assert_eq!(query.filters, [Filter { column: 1, test: Test::AnyOf(vec![text(injection)]) }]);
    let error = error(&[(injection, "1")]);
    assert!(error.contains("daily_requests has no column"), "{error}");
}

#[test]
fn reserved_names_are_parameters_and_columns_of_that_name_have_an_operator() {
    let query = parse(&[("limit", "7"), ("limit.eq", "5")]).unwrap();
    assert_eq!(query.limit(), 7);
    let test = Test::AnyOf(vec![Value::Exact(5)]);
    assert_eq!(query.filters, [Filter { column: 6, test }]);
}

#[test]
fn the_key_is_appended_to_the_order() {
    let order = |parameters: &[(&str, &str)]| -> Vec<(usize, bool)> {
        let query = parse(parameters).unwrap();
        query.order.iter().map(|order| (order.column, order.descending)).collect()
    };
    assert_eq!(order(&[]), [(0, false), (1, false)]);
    assert_eq!(
        order(&[("order", "requests.desc,borough.asc")]),
        [(2, true), (1, false), (0, false)]
    );
    let by_month = [
        ("group", "date.month,borough"),
        ("aggregate", "sum(requests)"),
        ("order", "sum(requests).desc,date.month"),
    ];
    assert_eq!(order(&by_month), [(2, true), (0, false), (1, false)]);
    let by_name = [by_month[0], by_month[1], ("order", "sum_requests.desc,date_month")];
    assert_eq!(order(&by_name), order(&by_month));
}

#[test]
fn answers_in_groups_have_keys_and_aggregates() {
    let query = parse(&[
        ("group", "borough, date.month"),
        ("aggregate", "count,sum(requests),avg(amount),sum(amount),min(at),count(flag)"),
    ]);
    let columns: Vec<(String, String)> = query
        .unwrap()
        .answer_columns()
        .into_iter()
        .map(|(name, column_type)| (name, column_type.to_string()))
        .collect();
    let expected = [
        ("borough", "TEXT"),
        ("date_month", "DATE"),
        ("count", "BIGINT"),
        ("sum_requests", "BIGINT"),
        ("avg_amount", "DOUBLE"),
        ("sum_amount", "DECIMAL(38,2)"),
        ("min_at", "TIMESTAMP"),
        ("count_flag", "BIGINT"),
    ];
    let expected = expected.map(|(name, column_type)| (name.to_owned(), column_type.to_owned()));
    assert_eq!(columns, expected);
}

#[test]
fn errors_name_the_parameter_what_was_expected_and_what_there_is() {
    let cases: [(&[(&str, &str)], &str); 19] = [
        (
            &[("borogh", "x")],
            "`borogh`: daily_requests has no column `borogh`; there are date, borough,",
        ),
        (
            &[("date.like", "x")],
            "`date.like`: `like` is no operator; there are eq, in, ne, lt, lte, gt, gte, null",
        ),
        (&[("date.starts", "x")], "`starts` is no operator for DATE, which `date` is"),
        (&[("flag.gt", "true")], "`gt` is no operator for BOOLEAN"),
        (
            &[("date", "31.10.2026")],
            "`date`: expected a day such as 2026-10-31 (DATE), got `31.10.2026`",
        ),
        (
            &[("amount.gt", "1.005")],
            "`amount.gt`: expected a number such as 12.5 (DECIMAL(10,2)), got `1.005`",
        ),
        (&[("date.gt", "2026-01-01"), ("date.gt", "2026-01-02")], "`date.gt`: given twice"),
        (&[("limit", "0")], "`limit`: expected a number from 1 to 10000, got `0`"),
        (&[("limit", "ten")], "`limit`: expected a number from 1 to 10000, got `ten`"),
        (&[("limit", "1"), ("limit", "2")], "`limit`: given twice; give it once"),
        (&[("select", "date,")], "`select`: expected names with a comma between them, got `date,`"),
        (&[("select", "date,date")], "`select`: `date` comes twice"),
        (&[("select", "date"), ("group", "date")], "`select`: the columns of an answer in groups"),
        (
            &[("group", "borough.month")],
            "`month` is no span of time of TEXT, which `borough` is; there are none",
        ),
        (
            &[("group", "date.hour")],
            "`hour` is no span of time of DATE, which `date` is; there are day, week,",
        ),
        (
            &[("aggregate", "median(requests)")],
            "`median` is no function of a column; there are count, sum, avg, min, max",
        ),
        (
            &[("aggregate", "sum(borough)")],
            "`sum` is no function of TEXT, which `borough` is; there are count, min, max",
        ),
        (&[("order", "date.down")], "`order`: `down` is no direction; there are asc, desc"),
        (&[("format", "xml")], "`format`: expected one of json, csv, parquet, arrow, got `xml`"),
    ];
    for (parameters, expected) in cases {
        let error = error(parameters);
        assert!(error.contains(expected), "{parameters:?}: {error}");
    }
}

#[test]
fn what_is_too_long_or_too_many_is_refused() {
    let long = "x".repeat(10 * 1024 * 1024);
    for parameter in ["borough", "cursor", "limit", "format"] {
        let error = error(&[(parameter, &long)]);
        assert!(error.len() < 300 && error.contains("bytes"), "{error}");
    }
    assert!(error(&[(&long, "x")]).len() < 300);
    assert!(error(&[("select", &long)]).len() < 400);
    let many = vec![("borough", "x"); 101];
    assert!(error(&many).contains("at most 100 values"));
    let names: Vec<String> = (0..51).map(|place| format!("c{place}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    assert!(error(&many).contains("at most 50 filters"));
}

#[test]
fn a_cursor_belongs_to_one_question() {
    let question = [("borough", "BRONX"), ("order", "requests.desc")];
    let query = parse(&question).unwrap();
    let place = [Some(Value::Exact(5)), None, Some(text("BRONX"))];
    let cursor = crate::cursor::encode_cursor(&query, &place);
    let next = parse(&[question[0], question[1], ("cursor", &cursor), ("limit", "7")]).unwrap();
    assert_eq!(next.after.as_deref(), Some(&place[..]));
    let other = error(&[question[0], ("cursor", &cursor)]);
    assert!(other.contains("`cursor`: it belongs to another question"), "{other}");
    for nonsense in ["", "x", "!!", "bnVsbA", "W10"] {
        let error = error(&[("cursor", nonsense)]);
        assert!(error.contains("it is none that an answer gave"), "{nonsense}: {error}");
    }
}

#[test]
fn a_comparison_keeps_its_value() {
    let query = parse(&[("at.gte", "1970-01-02")]).unwrap();
    let test = Test::Compare(Comparison::GreaterOrEqual, Value::Exact(86_400_000_000));
    assert_eq!(query.filters, [Filter { column: 4, test }]);
}
