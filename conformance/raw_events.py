"""Events of two sites computed from the raw files by DuckDB alone, against the lake.

Nothing here comes from datasets/events: the SQL is written from the description of the dataset.

- Of the events of one id the first arrival stays. The shop's events have no id: rows of one file that
  are wholly equal are as many events, the n-th of them in one file and in another are the same.
- A user's pause of more than 30 minutes ends a session. Events of one moment are in the order of their
  ids, which are hashes for the shop; there any of the moment's events may be the first or the last.
"""

from expected import check_marts, check_silver_columns, count, text
from lake import rows_missing, table


def check_raw(checks, database, lake, balance, site, shop_files):
    compute(database, site, shop_files)
    received, kept = count(database, "FROM received"), count(database, "FROM events")
    checks.equal("bronze rows", balance["bronze"], received)
    checks.equal("refused rows", balance["quarantined"], 0)
    checks.equal("events that came again", balance["superseded"], received - kept)
    query = "SELECT * EXCLUDE (event_id) FROM events"
    check_silver_columns(checks, database, lake, "events", "events", query)
    ids = "SELECT event_id FROM events WHERE event_id IS NOT NULL"
    found = f"SELECT event_id FROM {table(lake, 'silver', 'events', 'events')}"
    checks.check("the site's own event ids", rows_missing(database, "missing", ids, found))
    check_marts(checks, database, lake, "events", MARTS, leave_out=("entry_event", "exit_event"))
    gold = table(lake, "gold", "events", "sessions")
    checks.check("sessions: entry and exit", other_ends(database, f"SELECT * FROM {gold}"))


def other_ends(database, sessions):
    """Sessions whose first or last event is none that may be it, as lines of text."""
    rows = database.execute(f"""
        SELECT user_id, session_start, entry_event, entry_events, exit_event, exit_events
        FROM ({sessions}) JOIN ({SESSION_ENDS}) USING (user_id, session_start)
        WHERE NOT coalesce(list_contains(entry_events, entry_event), false)
            OR NOT coalesce(list_contains(exit_events, exit_event), false)
        ORDER BY ALL LIMIT 5
    """).fetchall()
    return [f"{row}" for row in rows]


def compute(database, site, shop_files):
    """Tables `received` and `events`; each user's events with their session in `visits`."""
    database.execute("SET threads = 1")  # with more, rows do not keep the order of the file
    shop = " UNION ALL ".join(SHOP.format(file) for file in shop_files)
    database.execute(f"""
        CREATE OR REPLACE TEMP TABLE received AS
        SELECT row_number() OVER () AS line, * FROM ({SITE.format(site)} UNION ALL {shop})
    """)
    database.execute("RESET threads")
    create_events(database)


def create_events(database):
    """From `received` to what the marts are computed of."""
    database.execute("""
        CREATE OR REPLACE TEMP TABLE events AS
        SELECT * EXCLUDE (line, file, whole, nth) FROM (
            SELECT *, row_number() OVER (PARTITION BY file, whole ORDER BY line) AS nth FROM received
        )
        QUALIFY row_number() OVER (
            PARTITION BY coalesce(event_id, whole), CASE WHEN event_id IS NULL THEN nth END ORDER BY line
        ) = 1
    """)
    database.execute(f"CREATE OR REPLACE TEMP TABLE visits AS {VISITS}")


# `whole` is the row as it was, of a source without ids.
SITE = f"""
    SELECT {text('event_id')} AS event_id, {text('event')} AS event, {text('domain_userid')} AS user_id,
        {text('domain_sessionid')} AS session_id, CAST(dvce_created_tstamp AS TIMESTAMP) AS occurred_at,
        CAST(collector_tstamp AS TIMESTAMP) AS received_at, CAST(NULL AS VARCHAR) AS platform,
        {text('geo_country')} AS country, 'site' AS file, NULL AS whole
    FROM read_json('{{}}', format = 'newline_delimited', columns = {{{{
        event_id: 'VARCHAR', event: 'VARCHAR', domain_userid: 'VARCHAR', domain_sessionid: 'VARCHAR',
        dvce_created_tstamp: 'VARCHAR', collector_tstamp: 'VARCHAR', geo_country: 'VARCHAR'}}}})
"""

SHOP = f"""
    SELECT NULL, {text('event')}, {text('user_id')}, {text('session_id')}, CAST(timestamp AS TIMESTAMP),
        NULL, {text('platform')}, NULL, '{{0}}', CAST(shop AS VARCHAR)
    FROM read_csv('{{0}}', all_varchar = true, header = true, delim = ',', quote = '"') AS shop
"""

MINUTE_COUNTS = """
    SELECT date_trunc('minute', occurred_at) AS window_start, event, count(*) AS events,
        count(DISTINCT user_id) AS users
    FROM events GROUP BY ALL
"""

# An event lies in the five windows that start in its own minute and in the four before.
SLIDING_5M = """
    SELECT date_trunc('minute', occurred_at) - before * INTERVAL 1 MINUTE AS window_start, event,
        count(*) AS events, count(DISTINCT user_id) AS users
    FROM events, range(5) AS minutes (before) GROUP BY ALL
"""

VISITS = """
    SELECT *, sum(CASE WHEN occurred_at <= former + INTERVAL 30 MINUTE THEN 0 ELSE 1 END) OVER (
        PARTITION BY user_id ORDER BY occurred_at ROWS UNBOUNDED PRECEDING
    ) AS visit
    FROM (
        SELECT *, lag(occurred_at) OVER (PARTITION BY user_id ORDER BY occurred_at) AS former
        FROM events WHERE user_id IS NOT NULL
    )
"""

SESSIONS = """
    SELECT user_id, min(occurred_at) AS session_start, max(occurred_at) AS session_end,
        count(*) AS events,
        date_diff('microsecond', min(occurred_at), max(occurred_at)) / 1e6 AS duration_s
    FROM visits GROUP BY user_id, visit
"""

# Of events of one moment that all have an id, the least and the greatest id decide.
SESSION_ENDS = """
    SELECT user_id, starts AS session_start,
        CASE WHEN bool_and(event_id IS NOT NULL) FILTER (WHERE occurred_at = starts)
            THEN [arg_min(event, event_id) FILTER (WHERE occurred_at = starts)]
            ELSE list(event) FILTER (WHERE occurred_at = starts) END AS entry_events,
        CASE WHEN bool_and(event_id IS NOT NULL) FILTER (WHERE occurred_at = ends)
            THEN [arg_max(event, event_id) FILTER (WHERE occurred_at = ends)]
            ELSE list(event) FILTER (WHERE occurred_at = ends) END AS exit_events
    FROM (
        SELECT *, min(occurred_at) OVER one AS starts, max(occurred_at) OVER one AS ends
        FROM visits WINDOW one AS (PARTITION BY user_id, visit)
    )
    GROUP BY user_id, visit, starts
"""

DAILY_ACTIVE = """
    SELECT CAST(occurred_at AS DATE) AS date, country, count(DISTINCT user_id) AS users,
        count(DISTINCT session_id) AS sessions, count(*) AS events
    FROM events GROUP BY ALL
"""

STEPS = {
    "view": ("page_view", "product_view"),
    "add_to_cart": ("add_to_cart",),
    "checkout": ("checkout", "shipping_details", "payment_details"),
    "purchase": ("purchase",),
}


def funnel():
    """One step after the other: each user's first time of it at or after the former step's."""
    parts = [
        "days AS (SELECT CAST(occurred_at AS DATE) AS date, user_id, occurred_at, event FROM events"
        " WHERE user_id IS NOT NULL)"
    ]
    former = None
    for step, names in STEPS.items():
        chosen = ", ".join(f"'{name}'" for name in names)
        after = f"JOIN step_{former} USING (date, user_id)" if former else ""
        since = "AND occurred_at >= reached" if former else ""
        parts.append(
            f"step_{step} AS (SELECT date, user_id, min(occurred_at) AS reached FROM days {after}"
            f" WHERE event IN ({chosen}) {since} GROUP BY date, user_id)"
        )
        former = step
    counted = " UNION ALL ".join(
        f"SELECT date, '{step}' AS step, count({step}.user_id) AS users FROM"
        f" (SELECT DISTINCT date FROM step_view) LEFT JOIN step_{step} AS {step} USING (date) GROUP BY date"
        for step in STEPS
    )
    return f"""
        WITH {', '.join(parts)}, counted AS ({counted})
        SELECT *, users / max(users) FILTER (WHERE step = 'view') OVER (PARTITION BY date) AS conversion
        FROM counted
    """


MARTS = {
    "minute_counts": MINUTE_COUNTS,
    "sliding_5m": SLIDING_5M,
    "sessions": SESSIONS,
    "daily_active": DAILY_ACTIVE,
    "funnel": funnel(),
}
