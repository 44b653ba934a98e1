"""New York's 311 requests computed from the raw files by DuckDB alone, against the lake.

Nothing here comes from datasets/nyc311: the SQL is written from the description of the dataset.

- A file whose content was there before, under whatever name, does not count.
- Files arrive in the order given, rows in the order of their file.
- A unique_key that is no 64-bit integer, or no readable created_date: the row is refused.
- Of the versions of a key the one with the latest update time stays; one without an update time is
  older than one with; among equals the later arrival stays.
"""

import hashlib

from lake import differing_rows, table

COLUMNS = """unique_key created_date closed_date agency agency_name complaint_type descriptor
location_type incident_zip city borough status open_data_channel_type community_board latitude
longitude updated_at""".split()
UPDATE_TIME = "resolution_action_updated_date"
TEXTS = """agency agency_name complaint_type descriptor location_type city status
community_board""".split()

MARTS = {
    "daily_requests": """
        SELECT created_date AS date, borough, complaint_type, count(*) AS requests,
        count(closed_at) AS closed, quantile_cont(resolution_hours, 0.5) AS median_resolution_hours""",
    "borough_daily": """
        SELECT created_date AS date, borough, count(*) AS requests, count(closed_at) AS closed,
        quantile_cont(resolution_hours, 0.5) AS median_resolution_hours,
        quantile_cont(resolution_hours, 0.9) AS p90_resolution_hours""",
    "hourly_pattern": """
        SELECT created_month AS month, borough, day_of_week, created_hour AS hour,
        count(*) AS requests""",
    "agency_monthly": """
        SELECT created_month AS month, agency, count(*) AS requests, count(closed_at) AS closed,
        count(CASE WHEN resolution_hours <= 24 THEN 1 END) AS closed_within_24h,
        quantile_cont(resolution_hours, 0.5) AS median_resolution_hours""",
}


def check_raw(checks, database, lake, balance, files):
    """`files` in the order of their arrival, copies included."""
    read = compute(database, files)
    count = lambda query: database.execute(f"SELECT count(*) FROM {query}").fetchone()[0]
    rows, accepted, kept = count("received"), count("accepted"), count("newest")
    bronze = table(lake, "bronze", "nyc311", "requests")
    loaded = database.execute(f"SELECT count(DISTINCT _source) FROM {bronze}").fetchone()[0]
    checks.equal("files in bronze, each content once", loaded, read)
    checks.equal("bronze rows", balance["bronze"], rows)
    checks.equal("superseded versions", balance["superseded"], accepted - kept)
    checks.equal("refused rows", balance["quarantined"], rows - accepted)
    silver = f"SELECT * FROM {table(lake, 'silver', 'nyc311', 'requests')}"
    checks.check(
        f"silver: {kept:,} rows, all columns",
        differing_rows(database, silver, "SELECT * FROM newest"),
    )
    for mart, query in MARTS.items():
        expected = f"{query} FROM newest GROUP BY ALL"
        gold = f"SELECT * FROM {table(lake, 'gold', 'nyc311', mart)}"
        nearly = ("p90_resolution_hours",) if mart == "borough_daily" else ()
        note = " (p90 to 13 digits: interpolated in another way)" if nearly else ""
        checks.check(
            f"{mart}: {count(f'({expected})'):,} rows{note}",
            differing_rows(database, gold, expected, nearly),
        )


def content(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def compute(database, files):
    """Tables `received`, `accepted` and `newest`; returns how many files were read."""
    database.execute("SET threads = 1")  # with more, rows do not keep the order of the file
    known = set()
    database.execute(
        "CREATE OR REPLACE TEMP TABLE received (file INT, line BIGINT, "
        + ", ".join(f"{name} VARCHAR" for name in COLUMNS)
        + ")"
    )
    for file in files:
        if content(file) not in known:
            known.add(content(file))
            receive(database, file, len(known))
    database.execute(f"CREATE OR REPLACE TEMP TABLE accepted AS {ACCEPTED}")
    database.execute("""
        CREATE OR REPLACE TEMP TABLE newest AS
        SELECT * EXCLUDE (file, line) FROM accepted
        QUALIFY row_number() OVER (
            PARTITION BY unique_key ORDER BY _updated_at DESC NULLS LAST, file DESC, line DESC
        ) = 1
    """)
    database.execute("RESET threads")
    return len(known)


def receive(database, file, number):
    """Adds the rows of a file, all fields as text."""
    if file.suffix == ".parquet":
        source = f"read_parquet('{file}')"
    else:
        source = f"read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '\"')"
    found = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    columns = []
    for name in COLUMNS:
        name = UPDATE_TIME if name == "updated_at" and UPDATE_TIME in found else name
        text = f"CAST({name} AS VARCHAR)" if name in found else "NULL"
        columns.append(f"nullif(trim({text}, chr(32) || chr(9) || chr(10) || chr(13)), '')")
    database.execute(f"""
        INSERT INTO received
        SELECT {number}, row_number() OVER (), {', '.join(columns)} FROM {source}
    """)


def moment(column):
    """2026-04-13T02:56:23.000, with or without Z, or a date alone: the wall clock."""
    return f"TRY_CAST(regexp_replace({column}, 'Z$', '') AS TIMESTAMP)"


ACCEPTED = f"""
    SELECT
        file, line, unique_key, created_at, closed_at, agency, agency_name, complaint_type,
        descriptor, location_type, incident_zip, city, borough, status, channel, community_board,
        latitude, longitude,
        CAST(created_at AS DATE) AS created_date,
        CAST(date_part('hour', created_at) AS INTEGER) AS created_hour,
        CAST(date_part('isodow', created_at) AS INTEGER) AS day_of_week,
        date_part('isodow', created_at) IN (6, 7) AS is_weekend,
        CASE WHEN closed_at >= created_at
            THEN date_diff('microsecond', created_at, closed_at) / 3.6e9 END AS resolution_hours,
        strftime(created_at, '%Y-%m') AS created_month,
        _updated_at
    FROM (
        SELECT
            file, line,
            CASE WHEN regexp_full_match(unique_key, '[+-]?[0-9]+')
                THEN TRY_CAST(unique_key AS BIGINT) END AS unique_key,
            {moment('created_date')} AS created_at,
            {moment('closed_date')} AS closed_at,
            {', '.join(TEXTS)},
            open_data_channel_type AS channel,
            nullif(regexp_extract(incident_zip, '^([0-9]{{5}})(\\.0)?$', 1), '') AS incident_zip,
            coalesce(list_filter(
                ['MANHATTAN', 'BRONX', 'BROOKLYN', 'QUEENS', 'STATEN ISLAND'],
                lambda known: known = upper(borough)
            )[1], 'UNSPECIFIED') AS borough,
            TRY_CAST(latitude AS DOUBLE) AS latitude,
            TRY_CAST(longitude AS DOUBLE) AS longitude,
            {moment('updated_at')} AS _updated_at
        FROM received
    )
    WHERE unique_key IS NOT NULL AND created_at IS NOT NULL
"""
