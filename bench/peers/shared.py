"""What the DuckDB peers of the datasets share.

They run the definitions' own silver and gold SQL, over the raw files, and write silver and the marts as
Parquet. They keep no bronze, no quarantine, no log and no older version: each is the script that one
writes by hand for its dataset, with its columns and the rules that refuse rows.
"""

import sys
from pathlib import Path

import duckdb

DATASETS = Path(__file__).resolve().parent.parent.parent / "datasets"
BLANKS = "' ' || chr(9) || chr(10) || chr(13)"


def arguments():
    """The source's folder and the folder to write to."""
    source, out = sys.argv[1:]
    return Path(source), Path(out)


def files(folder, suffix):
    """In the order of arrival."""
    return [str(file) for file in sorted(folder.glob(f"*{suffix}"))]


def connect():
    database = duckdb.connect()
    database.execute("CREATE SCHEMA bronze")
    database.execute("CREATE SCHEMA silver")
    return database


def clean(name, alias=None):
    """A field as silver SQL sees it: trimmed, empty as null."""
    return f"nullif(trim(\"{name}\", {BLANKS}), '') AS {alias or name}"


def csv(paths):
    return f"read_csv({paths}, all_varchar = true, header = true, filename = true, ignore_errors = true)"


def create_silver(database, dataset, table, accepted, key=None, keep="max"):
    """Silver's table by its own SQL, of the rows that fulfil `accepted`.

    Of rows with the same key the last arrival stays, or with `keep="min"` the first. Without `key` the
    source has each key once. (A window function takes twice the time.)
    """
    sql = (DATASETS / dataset / "silver" / f"{table}.sql").read_text()
    name = f"silver.{dataset}_{table}"
    if not key:
        database.execute(f"CREATE TABLE {name} AS SELECT * FROM ({sql}\n) WHERE {accepted}")
        return
    database.execute(f"""
        CREATE TABLE versions AS
        SELECT row_number() OVER () AS arrival, * FROM ({sql}\n) WHERE {accepted}
    """)
    database.execute(f"""
        CREATE TABLE {name} AS SELECT * EXCLUDE arrival FROM versions
        SEMI JOIN (SELECT {keep}(arrival) AS arrival FROM versions GROUP BY {key}) USING (arrival)
    """)
    database.execute("DROP TABLE versions")


def write_silver(database, dataset, table, out, partition=None):
    options = "FORMAT parquet, COMPRESSION zstd"
    (out / "silver").mkdir(parents=True, exist_ok=True)
    target = out / "silver" / (table if partition else f"{table}.parquet")
    if partition:
        options += f", PARTITION_BY ({partition})"
    database.execute(f"COPY silver.{dataset}_{table} TO '{target}' ({options})")


def write_marts(database, dataset, out):
    """Every mart by its own SQL; columns with an underscore only tell smelt where a row belongs."""
    (out / "gold").mkdir(parents=True)
    for file in sorted((DATASETS / dataset / "gold").glob("*.sql")):
        # As aggregates they have other names here.
        sql = file.read_text().replace("FIRST_VALUE(", "FIRST(").replace("LAST_VALUE(", "LAST(")
        query = f"SELECT COLUMNS('^[^_]') FROM ({sql}\n)"
        database.execute(f"COPY ({query}) TO '{out}/gold/{file.stem}.parquet' (FORMAT parquet)")
