"""The bench's job in DuckDB: CSV files to silver (Parquet by month) and the four marts.

    python duckdb_peer.py load CSV_FOLDER OUT      everything, onto an empty folder
    python duckdb_peer.py day NEW.csv OUT          one more file, touched months only

It computes what datasets/nyc311 defines, for the columns and notations that the bench's files have.
It keeps no bronze, no quarantine, no log and no older version: it is the script that one writes by hand.
"""

import shutil
import sys
from pathlib import Path

import duckdb

TEXTS = ["agency", "complaint_type", "descriptor", "location_type", "city"]
BOROUGHS = "('MANHATTAN', 'BRONX', 'BROOKLYN', 'QUEENS', 'STATEN ISLAND')"
BLANKS = "' ' || chr(9) || chr(10) || chr(13)"


def typed(files):
    """One typed row for each line; `arrival` counts them in the order of the files and lines."""
    # Ragged rows and rows that are not UTF-8 are left out.
    texts = ", ".join(f"nullif(trim({name}, {BLANKS}), '') AS {name}" for name in TEXTS)
    return f"""
        SELECT *,
            CAST(created_at AS DATE) AS created_date,
            CAST(hour(created_at) AS INT) AS created_hour,
            CAST(isodow(created_at) AS INT) AS day_of_week,
            isodow(created_at) >= 6 AS is_weekend,
            CASE WHEN closed_at >= created_at
                THEN (epoch_us(closed_at) - epoch_us(created_at)) / 3.6e9 END AS resolution_hours,
            strftime(created_at, '%Y-%m') AS created_month
        FROM (
            SELECT
                row_number() OVER () AS arrival,
                TRY_CAST(unique_key AS BIGINT) AS unique_key,
                TRY_CAST(created_date AS TIMESTAMP) AS created_at,
                TRY_CAST(closed_date AS TIMESTAMP) AS closed_at,
                {texts},
                CASE WHEN regexp_full_match(trim(incident_zip, {BLANKS}), '[0-9]{{5}}(\\.0)?')
                    THEN substr(trim(incident_zip, {BLANKS}), 1, 5) END AS incident_zip,
                CASE WHEN upper(trim(borough, {BLANKS})) IN {BOROUGHS}
                    THEN upper(trim(borough, {BLANKS})) ELSE 'UNSPECIFIED' END AS borough,
                TRY_CAST(latitude AS DOUBLE) AS latitude,
                TRY_CAST(longitude AS DOUBLE) AS longitude
            FROM read_csv({files}, all_varchar = true, header = true, ignore_errors = true)
            WHERE regexp_full_match(trim(unique_key, {BLANKS}), '[+-]?[0-9]+')
        )
        WHERE unique_key IS NOT NULL AND created_at IS NOT NULL
    """


MARTS = {
    "daily_requests": """
        SELECT created_date AS date, borough, complaint_type, count(*) AS requests,
            count(closed_at) AS closed, median(resolution_hours) AS median_resolution_hours
        FROM silver GROUP BY ALL""",
    "borough_daily": """
        SELECT created_date AS date, borough, count(*) AS requests, count(closed_at) AS closed,
            median(resolution_hours) AS median_resolution_hours,
            quantile_cont(resolution_hours, 0.9) AS p90_resolution_hours
        FROM silver GROUP BY ALL""",
    "hourly_pattern": """
        SELECT created_month AS month, borough, day_of_week, created_hour AS hour,
            count(*) AS requests
        FROM silver GROUP BY ALL""",
    "agency_monthly": """
        SELECT created_month AS month, agency, count(*) AS requests, count(closed_at) AS closed,
            count(*) FILTER (resolution_hours <= 24) AS closed_within_24h,
            median(resolution_hours) AS median_resolution_hours
        FROM silver GROUP BY ALL""",
}


def newest(database, name, rows):
    """A table with the last version of every key. (A window function takes twice the time.)"""
    database.execute(f"CREATE TABLE versions AS {rows}")
    database.execute(f"""
        CREATE TABLE {name} AS SELECT * EXCLUDE arrival FROM versions
        SEMI JOIN (SELECT max(arrival) AS arrival FROM versions GROUP BY unique_key) USING (arrival)
    """)
    database.execute("DROP TABLE versions")


def load(csv_folder, out):
    """Everything from the CSV files onto an empty folder."""
    database = duckdb.connect()
    files = [str(file) for file in sorted(Path(csv_folder).glob("*.csv"))]
    newest(database, "silver", typed(files))
    (out / "gold").mkdir(parents=True)
    write_by_month(database, out / "silver")
    for name, query in MARTS.items():
        database.execute(f"COPY ({query}) TO '{out}/gold/{name}.parquet' (FORMAT parquet)")


def day(new_file, out):
    """One more file: only the months that its rows belong to are read and written again."""
    database = duckdb.connect()
    newest(database, "new", typed([new_file]))
    months = [month for (month,) in database.execute("SELECT DISTINCT created_month FROM new").fetchall()]
    known = [f"{out}/silver/created_month={month}/*.parquet" for month in months]
    known = [files for files in known if Path(files).parent.exists()]
    database.execute(f"""
        CREATE TABLE silver AS
        SELECT * FROM new UNION ALL BY NAME
        SELECT * FROM read_parquet({known}, hive_types = {{'created_month': VARCHAR}})
        ANTI JOIN new USING (unique_key)
    """)
    write_by_month(database, out / "touched")
    for folder in (out / "touched").iterdir():
        shutil.rmtree(out / "silver" / folder.name, ignore_errors=True)
        folder.rename(out / "silver" / folder.name)
    for name, query in MARTS.items():
        path = out / "gold" / f"{name}.parquet"
        month = "month" if " AS month" in query else "strftime(date, '%Y-%m')"
        database.execute(f"""
            COPY (SELECT * FROM '{path}' WHERE {month} NOT IN (SELECT created_month FROM new)
                UNION ALL {query}) TO '{path}.new' (FORMAT parquet)
        """)
        Path(f"{path}.new").rename(path)


def write_by_month(database, folder):
    options = "FORMAT parquet, COMPRESSION zstd, PARTITION_BY (created_month)"
    database.execute(f"COPY silver TO '{folder}' ({options})")


if __name__ == "__main__":
    job, source, target = sys.argv[1:]
    {"load": load, "day": day}[job](source, Path(target))
