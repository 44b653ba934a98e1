"""The formulas of the comparisons on cases so small that a person can tell what comes out.

What is computed from the raw files is only worth comparing with if it is right itself.
"""

import duckdb

import raw_events
import raw_llm_usage
import raw_restaurant
import raw_spending
from rules import condition


def check(checks):
    checks.section("Cases made by hand: the expected values are what a person expects")
    for case in (rules, payments, vendors, outliers, language_models, orders, sessions, windows, funnel):
        case(checks, duckdb.connect())


def asked(database, query):
    """Rows with doubles of nine digits."""
    rows = database.execute(query).fetchall()
    return [tuple(float(f"{x:.9g}") if isinstance(x, float) else x for x in row) for row in rows]


def fill(database, table, rows):
    for row in rows:
        database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def rules(checks, database):
    schemas = {"search": {"query": "text"}, "error": {"code": "integer", "message?": "text"}}
    rule = condition({"json_schema": {"column": "properties", "by": "event", "schemas": schemas}})
    rows = [("search", None), ("other", "no JSON"), ("error", '{"code": 1, "more": 2}')]
    rows += [("search", '{"query": 1}'), ("search", "no JSON"), ("error", '{"code": 1.5}'), ("error", "[]")]
    database.execute("CREATE TABLE events (event VARCHAR, properties VARCHAR)")
    fill(database, "events", rows)
    found = asked(database, f"SELECT event, properties FROM events WHERE {rule}")
    checks.equal("json_schema: null and unknown kinds pass", found, rows[:3])


def receive_payments(database, rows):
    raw_spending.create_received(database)
    fill(database, "received", [("Phoenix", *row) for row in rows])
    raw_spending.make_marts_tables(database)


def payments(checks, database):
    same, other = ("6/30/2018", "Fire", "V", "A", "(9.36)"), ("07/01/2018", "Fire", "V", "A", "1,234.50")
    total = (None, None, None, None, "1,000.00")
    receive_payments(database, [(0, *same)] * 2 + [(1, *same)] * 3 + [(1, *other), (1, *total)])
    query = """SELECT fiscal_year, month, CAST(amount AS VARCHAR), count(*) FROM payments
        GROUP BY ALL ORDER BY ALL"""
    expected = [(2018, "2018-06", "-9.36", 3), (2019, "2018-07", "1234.50", 1)]
    checks.equal("payments: as many as the file with the most has", asked(database, query), expected)


def vendors(checks, database):
    rows = [("7/1/2017", "Fire", "X", "A", "-50"), ("7/1/2018", "Fire", "B", "A", "60")]
    rows += [("7/1/2018", "Fire", "C", "A", "60"), ("7/1/2018", "Fire", "D", "A", "-20")]
    receive_payments(database, [(0, *row) for row in rows])
    query = f"""SELECT fiscal_year, share, yoy_change, vendors, avg_payment, top_vendor, top_vendor_share
        FROM ({raw_spending.DEPARTMENT_INSIGHT}) ORDER BY 1"""
    expected = [(2018, 1.0, None, 1, -50.0, "X", 1.0), (2019, 1.0, 3.0, 3, 33.3333333, "B", 0.6)]
    checks.equal("department_insight: after a year below zero", asked(database, query), expected)
    query = f"""SELECT department, vendors, hhi, top1_share, top5_share
        FROM ({raw_spending.VENDOR_CONCENTRATION}) WHERE fiscal_year = 2019 ORDER BY 1"""
    expected = [(name, 2, 5000.0, 0.5, 1.0) for name in ("ALL", "Fire")]
    checks.equal("vendor_concentration: of positive totals only", asked(database, query), expected)


def outliers(checks, database):
    """Logarithms to ten 15 times 1, 14 times 3, once 9: median 2, median deviation 1, score 0.6745 * 7."""
    amounts = ["10"] * 15 + ["1000"] * 14 + ["1000000000", "-5"]
    few = ["10"] * 15 + ["1000"] * 13 + ["1000000000", "-5"]
    even = ["10"] * 30 + ["1000000000"]
    rows = [(0, "7/1/2018", "Fire", "V", "A", amount) for amount in amounts]
    rows += [(0, "7/1/2018", "Fire", "V", "few", amount) for amount in few]
    rows += [(0, "7/1/2018", "Fire", "V", "no deviation", amount) for amount in even]
    receive_payments(database, rows)
    query = raw_spending.OUTLIERS
    found = asked(database, f"SELECT account, CAST(amount AS VARCHAR), score FROM ({query})")
    checks.equal("outliers: seven median deviations away", found, [("A", "1000000000.00", 4.7215)])


def language_models(checks, database):
    database.execute("""
        CREATE TABLE transactions AS
        SELECT user_id, model, 1 AS prompt_tokens, 1 AS completion_tokens, tokens,
            CAST(cost AS DECIMAL(18, 6)) AS cost, CAST(moment AS TIMESTAMP) AS occurred_at, NULL AS status
        FROM (VALUES (NULL, 'b', 500, 2, '2024-01-31 23:59:59.999999'), ('1', 'a', 1500, 2, '2024-01-01'),
            ('1', 'a', 100, 3, '2024-02-01'), ('2', 'a', 100, 3, '2024-02-02'), ('1', 'a', 0, 5, '2024-04-01')
        ) AS rows (user_id, model, tokens, cost, moment)
    """)
    database.execute("CREATE TABLE users AS SELECT '1' AS user_id, 'Acme' AS company, 'EU' AS region")
    raw_llm_usage.create_requests(database)
    query = f"SELECT * EXCLUDE (total_cost) FROM ({raw_llm_usage.KPIS}) ORDER BY month"
    expected = [("2024-01", 2, 1, 2.0, "Acme", "a", None), ("2024-02", 2, 2, 30.0, "Acme", "a", 0.5)]
    expected.append(("2024-04", 1, 1, None, "Acme", "a", None))
    checks.equal("kpis: equals by name, a month left out", asked(database, query), expected)
    query = f"""SELECT region, active_users, avg_cost_per_user FROM ({raw_llm_usage.DAILY_METRICS})
        WHERE date IN ('2024-01-31', '2024-02-02') ORDER BY date"""
    expected = [("unknown", 0, None), ("unknown", 1, 3.0)]
    checks.equal("daily_metrics: without a user, with an unknown one", asked(database, query), expected)


def orders(checks, database):
    database.execute("""
        CREATE TABLE orders AS SELECT order_id, CAST(moment AS TIMESTAMP) AS ordered_at, status,
            CAST(amount AS DECIMAL(18, 2)) AS total_amount
        FROM (VALUES (1, '2015-01-01 10:00:00', 'SERVED', 5), (2, '2015-01-03 23:59:59', 'SERVED', 7.5),
            (3, '2015-01-02 09:00:00', 'OPEN', 100), (4, '2015-01-09 09:00:00', 'OPEN', 100)
        ) AS rows (order_id, moment, status, amount)
    """)
    raw_restaurant.create_served(database)
    query = f"SELECT count(*), sum(orders), count(DISTINCT date) FROM ({raw_restaurant.HOURLY_ORDERS})"
    checks.equal("hourly_orders: three days", asked(database, query), [(72, 2, 3)])
    query = f"SELECT * EXCLUDE (as_of), day(as_of) FROM ({raw_restaurant.SUMMARY})"
    [found] = database.execute(query).fetchall()
    expected = (1, 7.5, 0, 0, 2, 12.5, 2, 12.5, 3)
    checks.equal("summary: as of the newest order that was served", found, expected)


def receive_events(database, rows):
    """Rows of an event, a user and a time; ids ascend."""
    database.execute("""
        CREATE TABLE received (line INT, event_id VARCHAR, event VARCHAR, user_id VARCHAR,
            occurred_at TIMESTAMP, file VARCHAR, whole VARCHAR)
    """)
    rows = [(n, f"id-{n:02}", *row[:2], f"2024-05-01 {row[2]}", "f", None) for n, row in enumerate(rows)]
    fill(database, "received", rows)
    raw_events.create_events(database)


def sessions(checks, database):
    rows = [("in", "u", "23:00:00"), ("out", "u", "23:30:00"), ("one", "v", "12:00:00")]
    rows += [("two", "v", "12:30:00.000001"), ("zero", "v", "12:00:00"), ("no", None, "12:00:00")]
    receive_events(database, rows)
    query = f"""
        SELECT user_id, events, duration_s, entry_events, exit_events
        FROM ({raw_events.SESSIONS}) JOIN ({raw_events.SESSION_ENDS}) USING (user_id, session_start)
        ORDER BY user_id, session_start
    """
    expected = [("u", 2, 1800.0, ["in"], ["out"]), ("v", 2, 0.0, ["one"], ["zero"])]
    expected.append(("v", 1, 0.0, ["two"], ["two"]))
    checks.equal("sessions: a pause of 30 minutes, and a microsecond more", asked(database, query), expected)


def windows(checks, database):
    receive_events(database, [("e", "u", "00:04:59.9"), ("e", "u", "00:05:00"), ("e", None, "00:05:30")])
    query = f"""SELECT strftime(window_start, '%d %H:%M'), events, users
        FROM ({raw_events.SLIDING_5M}) ORDER BY window_start"""
    expected = [("01 00:00", 1, 1), *[(f"01 00:0{minute}", 3, 1) for minute in (1, 2, 3, 4)]]
    checks.equal("sliding_5m: ends are excluded", asked(database, query), [*expected, ("01 00:05", 2, 1)])


def funnel(checks, database):
    whole = [("product_view", "u", "10:00:00"), ("add_to_cart", "u", "10:00:00")]
    whole += [("payment_details", "u", "09:00:00"), ("checkout", "u", "11:00:00")]
    whole += [("purchase", "u", "12:00:00")]
    wrong = [("purchase", "v", "08:00:00"), ("page_view", "v", "09:00:00"), ("checkout", "v", "10:00:00")]
    receive_events(database, [*whole, *wrong, ("add_to_cart", "w", "09:00:00")])
    query = f"SELECT step, users, conversion FROM ({raw_events.MARTS['funnel']}) ORDER BY users DESC, step"
    steps = [(step, 1, 0.5) for step in ("add_to_cart", "checkout", "purchase")]
    checks.equal("funnel: steps in order of time", asked(database, query), [("view", 2, 1.0), *steps])
