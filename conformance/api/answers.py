"""Typical questions to marts, answered over HTTP and by DuckDB from the same published files."""

import csv
import io
import json
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

import duckdb

from lake import SHOWN, published

# Averages of doubles are added up in another order.
WITHIN = 1e-12


@dataclass
class Question:
    """A question as parameters, and as SQL over `mart`."""

    what: str
    dataset: str
    mart: str
    parameters: list
    sql: str

    def target(self, **more):
        parameters = urlencode([*self.parameters, *more.items()])
        return f"/v1/datasets/{self.dataset}/marts/{self.mart}?{parameters}"


QUESTIONS = [
    Question("rows as they are", "restaurant", "daily_revenue", [("limit", 1000)],
             "SELECT * FROM mart ORDER BY date"),
    Question("a range of days, the newest first", "restaurant", "daily_revenue",
             [("date.gte", "2024-04-01"), ("date.lt", "2024-05-01"), ("order", "date.desc")],
             "SELECT * FROM mart WHERE date >= DATE '2024-04-01' AND date < DATE '2024-05-01' ORDER BY date DESC"),
    Question("the best days", "restaurant", "daily_revenue",
             [("select", "date,revenue"), ("order", "revenue.desc"), ("limit", 10)],
             "SELECT date, revenue FROM mart ORDER BY revenue DESC, date LIMIT 10"),
    Question("decimals that are compared", "restaurant", "daily_revenue",
             [("revenue.gt", "5000.5"), ("revenue.lte", "7000"), ("avg_order_value.gte", "50"), ("limit", 1000)],
             "SELECT * FROM mart WHERE revenue > 5000.5 AND revenue <= 7000 AND avg_order_value >= 50 ORDER BY date"),
    Question("months", "restaurant", "daily_revenue",
             [("group", "date.month"),
              ("aggregate", "sum(orders),sum(revenue),avg(orders),min(revenue),max(date),count")],
             """SELECT date_trunc('month', date)::DATE AS date_month, sum(orders)::BIGINT AS sum_orders,
                sum(revenue) AS sum_revenue, avg(orders) AS avg_orders, min(revenue) AS min_revenue,
                max(date) AS max_date, count(*) AS count FROM mart GROUP BY ALL ORDER BY 1"""),
    Question("weeks from Monday on", "restaurant", "daily_revenue",
             [("group", "date.week"), ("aggregate", "sum(revenue)"), ("order", "date_week.desc"), ("limit", 5)],
             """SELECT date_trunc('week', date)::DATE AS date_week, sum(revenue) AS sum_revenue
                FROM mart GROUP BY ALL ORDER BY 1 DESC LIMIT 5"""),
    Question("hours of the day", "restaurant", "hourly_orders",
             [("group", "hour"), ("aggregate", "sum(orders),avg(revenue)"), ("date.gte", "2024-04-01")],
             """SELECT hour, sum(orders)::BIGINT AS sum_orders, avg(revenue) AS avg_revenue
                FROM mart WHERE date >= DATE '2024-04-01' GROUP BY ALL ORDER BY hour"""),
    Question("one row for everything", "restaurant", "hourly_orders",
             [("aggregate", "count,count(orders),sum(revenue),min(date),max(hour)")],
             """SELECT count(*) AS count, count(orders) AS count_orders, sum(revenue) AS sum_revenue,
                min(date) AS min_date, max(hour) AS max_hour FROM mart"""),
    Question("any of several", "restaurant", "hourly_orders",
             [("hour.in", "11,12,13"), ("orders.ne", "0"), ("order", "orders.desc"), ("limit", 20)],
             """SELECT * FROM mart WHERE hour IN (11, 12, 13) AND orders <> 0
                ORDER BY orders DESC, date, hour LIMIT 20"""),
    Question("top items of a month", "restaurant", "top_items",
             [("month", "2024-05"), ("order", "rank"), ("limit", 5), ("select", "item,quantity,revenue,rank")],
             """SELECT item, quantity, revenue, rank FROM mart WHERE month = '2024-05'
                ORDER BY rank, month, item LIMIT 5"""),
    Question("items over all months", "restaurant", "top_items",
             [("group", "item"), ("aggregate", "sum(quantity),sum(revenue)"),
              ("order", "sum_revenue.desc"), ("limit", 10)],
             """SELECT item, sum(quantity)::BIGINT AS sum_quantity, sum(revenue) AS sum_revenue FROM mart
                GROUP BY ALL ORDER BY sum_revenue DESC, item LIMIT 10"""),
    Question("part of a text", "spending", "monthly_spending",
             [("department.contains", "Public"), ("city.starts", "B"), ("limit", 1000)],
             """SELECT * FROM mart WHERE contains(department, 'Public') AND starts_with(city, 'B')
                ORDER BY city, fiscal_year, month, department"""),
    Question("one of two cities", "spending", "monthly_spending",
             [("city", "Boston"), ("city", "Phoenix"), ("group", "city,fiscal_year"),
              ("aggregate", "sum(payments),sum(amount)")],
             """SELECT city, fiscal_year, sum(payments)::BIGINT AS sum_payments, sum(amount) AS sum_amount
                FROM mart WHERE city IN ('Boston', 'Phoenix') GROUP BY ALL ORDER BY 1, 2"""),
    Question("what is not known", "spending", "department_insight",
             [("yoy_change.null", "true"), ("select", "city,fiscal_year,department,share,yoy_change")],
             """SELECT city, fiscal_year, department, share, yoy_change FROM mart WHERE yoy_change IS NULL
                ORDER BY city, fiscal_year, department"""),
    Question("what is not known comes last", "spending", "department_insight",
             [("order", "yoy_change.desc"), ("limit", 1000)],
             """SELECT * FROM mart ORDER BY yoy_change DESC NULLS LAST, city, fiscal_year, department"""),
    Question("no rows at all", "spending", "outliers", [("amount.lt", "-999999999")],
             "SELECT * FROM mart WHERE amount < -999999999"),
]


def check_answers(checks, server, lake):
    checks.section("API: answers beside DuckDB's")
    database = duckdb.connect()
    for question in QUESTIONS:
        _, source = published(lake, question.dataset, question.mart)
        expected = rows_of(database, question.sql.replace("FROM mart", f"FROM {source}"))
        for form, read in [("parquet", from_parquet), ("json", from_json), ("csv", from_csv)]:
            answer = server.get(question.target(format=form))
            if answer.status != 200:
                checks.check(f"{question.what}, as {form}", [f"{answer.status} {answer.body[:300]}"])
                continue
            lines = read(answer, expected, database, lake.parent / "answer.parquet")
            checks.check(f"{question.what}, as {form}: {len(expected.rows)} rows", lines)
    check_pages(checks, server, database, lake)
    check_tags(checks, server)


@dataclass
class Rows:
    """Names and types of columns, and rows in their order."""

    names: list
    types: list
    rows: list


def rows_of(database, query):
    found = database.execute(query)
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    types = [row[1] for row in database.execute(f"DESCRIBE {query}").fetchall()]
    return Rows(names, types, rows)


def from_parquet(answer, expected, database, file):
    file.write_bytes(answer.body)
    found = rows_of(database, f"SELECT * FROM read_parquet('{file}')")
    lines = [] if found.types == expected.types else [f"types {found.types}, not {expected.types}"]
    return lines + differences(found.names, found.rows, expected)


def from_json(answer, expected, *_):
    said = json.loads(answer.body, parse_float=Decimal)
    names = [column["name"] for column in said["columns"]]
    types = [column["type"].replace("TEXT", "VARCHAR").replace("INT", "INTEGER") for column in said["columns"]]
    types = [kind.replace("BIGINTEGER", "BIGINT") for kind in types]
    lines = [] if types == expected.types else [f"types {types}, not {expected.types}"]
    texts = [tuple(None if row[name] is None else str(row[name]) for name in names) for row in said["rows"]]
    return lines + differences(names, texts, expected)


def from_csv(answer, expected, *_):
    """An empty field is what is not known."""
    names, *rows = csv.reader(io.StringIO(answer.body.decode()))
    texts = [tuple(field or None for field in row) for row in rows]
    return differences(names, texts, expected)


def differences(names, rows, expected):
    """How rows differ from those expected, in their order, as lines of text."""
    lines = [] if names == expected.names else [f"columns {names}, not {expected.names}"]
    if len(rows) != len(expected.rows):
        return [*lines, f"{len(rows)} rows, not {len(expected.rows)}"]
    differ = [
        f"row {place}: {found}, not {wanted}"
        for place, (found, wanted) in enumerate(zip(rows, expected.rows))
        if not all(map(is_same, found, wanted, expected.types))
    ]
    return lines + differ[:SHOWN]


def is_same(found, wanted, kind):
    """A value, or the text of one, against what DuckDB has."""
    if found is None or wanted is None:
        return found is wanted
    if kind == "DOUBLE":
        return abs(float(found) - wanted) <= WITHIN * max(abs(wanted), 1e-3)
    # Of decimals all digits, of days and times all parts.
    return str(found) == str(wanted)


def check_pages(checks, server, database, lake):
    """Page by page there is the same as at once, in every order."""
    for dataset, mart, parameters, sql in [
        ("restaurant", "hourly_orders", [("limit", 500)], "SELECT * FROM mart ORDER BY date, hour"),
        ("restaurant", "hourly_orders", [("limit", 400), ("order", "orders.desc")],
         "SELECT * FROM mart ORDER BY orders DESC, date, hour"),
        ("spending", "department_insight", [("limit", 7), ("order", "yoy_change")],
         "SELECT * FROM mart ORDER BY yoy_change NULLS LAST, city, fiscal_year, department"),
        ("spending", "monthly_spending", [("limit", 3), ("group", "department"), ("aggregate", "sum(amount)")],
         "SELECT department, sum(amount) AS sum_amount FROM mart GROUP BY ALL ORDER BY department"),
    ]:
        question = Question("pages", dataset, mart, parameters, sql)
        _, source = published(lake, dataset, mart)
        expected = rows_of(database, sql.replace("FROM mart", f"FROM {source}"))
        rows, pages = all_pages(server, question, len(expected.rows))
        what = " ".join(f"{name}={value}" for name, value in parameters)
        checks.check(f"{mart}, {what}: {pages} pages", differences(expected.names, rows, expected))


def all_pages(server, question, enough):
    """The rows of all pages, unless there are more than enough."""
    rows, pages, cursor = [], 0, None
    while pages == 0 or cursor:
        target = question.target(cursor=cursor) if cursor else question.target()
        said = json.loads(server.get(target).body, parse_float=Decimal)
        texts = [tuple(None if value is None else str(value) for value in row.values()) for row in said["rows"]]
        rows, pages, cursor = rows + texts, pages + 1, said["next"]
        if len(rows) > enough:
            break
    return rows, pages


def check_tags(checks, server):
    """Who has an answer already is told so, until there is another one."""
    target = QUESTIONS[0].target()
    tag = server.get(target).headers["ETag"]
    again = server.get(target, **{"If-None-Match": tag})
    checks.equal("an answer that is known: 304, and no bytes", (again.status, again.body), (304, b""))
    other = server.get(QUESTIONS[1].target(), **{"If-None-Match": tag})
    checks.equal("another answer: 200", other.status, 200)
