"""A lake as readers see it: published snapshots by `latest.json`, gold by DuckDB's own reader of Delta."""

import importlib.util
import json
from pathlib import Path

import duckdb

from .cloud import Cloud

# Beside the marts, and of another kind: they hold when something was found or made.
SERIES_TABLES = {"forecast", "forecast_accuracy", "anomalies", "experiments", "clusters"}
Rows = list[tuple]
Marts = dict[str, tuple[list[tuple], Rows]]


def connect() -> duckdb.DuckDBPyConnection:
    """DuckDB with its reader of Delta from the extension's Python package."""
    package = importlib.util.find_spec("duckdb_extension_delta")
    [extension] = Path(package.origin).parent.glob("extensions/*/delta.duckdb_extension")
    database = duckdb.connect()
    database.execute(f"LOAD '{extension}'")
    return database


def download(cloud: Cloud, folder: Path, prefixes: tuple[str, ...]) -> None:
    for prefix in prefixes:
        for key in cloud.objects(prefix):
            file = folder / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(cloud.read(key))


def published(folder: Path) -> Marts:
    """The rows of each mart's snapshot that a `latest.json` points to, by dataset and mart."""
    database = duckdb.connect()
    return {
        name: rows(database, f"read_parquet('{path}')")
        for name, path in snapshots(folder).items() if name.split("/")[1] not in SERIES_TABLES
    }


def published_anomalies(folder: Path) -> Marts:
    """What is published of the tables of anomalies, without when it was found."""
    database = duckdb.connect()
    return {
        name: rows(database, f"(SELECT * EXCLUDE (first_seen, notified_at) FROM read_parquet('{path}'))")
        for name, path in snapshots(folder).items() if name.endswith("/anomalies")
    }


def snapshots(folder: Path) -> dict[str, Path]:
    """The newest snapshot of each table, by dataset and table."""
    pointers = sorted(folder.glob("published/*/*/latest.json"))
    return {
        "/".join(pointer.parts[-3:-1]): folder / json.loads(pointer.read_text())["path"]
        for pointer in pointers if pointer.parts[-3] != "reports"
    }


def gold(folder: Path) -> Marts:
    """The rows of each mart, by dataset and mart."""
    database, marts = connect(), {}
    for log in sorted(folder.glob("gold/*/*/_delta_log")):
        if log.parts[-2] not in SERIES_TABLES:
            marts["/".join(log.parts[-3:-1])] = rows(database, f"delta_scan('{log.parent}')")
    return marts


def anomalies(folder: Path) -> Marts:
    """What was found in the series of each dataset, without when it was."""
    database, found = connect(), {}
    for log in sorted(folder.glob("gold/*/anomalies/_delta_log")):
        table = f"(SELECT * EXCLUDE (first_seen, notified_at) FROM delta_scan('{log.parent}'))"
        found[f"{log.parts[-3]}/anomalies"] = rows(database, table)
    return found


def select(folder: Path, table: str, columns: str) -> Rows:
    """Columns of a table, such as `gold/till/forecast`."""
    return connect().execute(f"SELECT {columns} FROM delta_scan('{folder / table}')").fetchall()


def rows(database: duckdb.DuckDBPyConnection, table: str) -> tuple[list[tuple], Rows]:
    """Names and types of the columns, and all rows in an order of their own."""
    columns = [row[:2] for row in database.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()]
    return columns, database.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()


def differences(found: Marts, expected: Marts) -> list[str]:
    """How marts differ, as lines of text."""
    lines = [f"{mart} is missing" for mart in sorted(expected.keys() - found.keys())]
    lines += [f"{mart} is not expected" for mart in sorted(found.keys() - expected.keys())]
    for mart in sorted(found.keys() & expected.keys()):
        if found[mart][0] != expected[mart][0]:
            lines.append(f"{mart} has the columns {found[mart][0]}, not {expected[mart][0]}")
        elif found[mart][1] != expected[mart][1]:
            lines.append(f"{mart} has other rows: {first_difference(found[mart][1], expected[mart][1])}")
    return lines


def first_difference(found: Rows, expected: Rows) -> str:
    for left, right in zip(found, expected, strict=False):
        if left != right:
            return f"{left} instead of {right}"
    return f"{len(found)} instead of {len(expected)} rows"
