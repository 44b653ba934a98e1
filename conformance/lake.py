"""A smelt lake as DuckDB sees it, and the bookkeeping of what was compared."""

import importlib.util
import json
import subprocess
from pathlib import Path

import duckdb

SHOWN = 5


class Checks:
    """Prints every comparison and counts how they went."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def section(self, title):
        print(f"\n{title}", flush=True)

    def check(self, what, problems):
        """`problems` are lines of text; none means that it passed."""
        problems = list(problems)
        print(f"  {'FAIL' if problems else 'ok  '}  {what}", flush=True)
        for line in problems:
            print(f"        {line}")
        if problems:
            self.failed += 1
        else:
            self.passed += 1

    def equal(self, what, found, expected):
        differ = [] if found == expected else [f"found {found}, expected {expected}"]
        self.check(f"{what}: {expected:,}" if isinstance(expected, int) else what, differ)


def connect():
    """DuckDB with its own delta reader, from the extension's Python package; no network needed."""
    package = importlib.util.find_spec("duckdb_extension_delta")
    [extension] = Path(package.origin).parent.glob("extensions/*/delta.duckdb_extension")
    database = duckdb.connect()
    database.execute(f"LOAD '{extension}'")
    for schema in ("bronze", "silver", "gold"):
        database.execute(f"CREATE SCHEMA {schema}")
    return database


def table(lake, layer, dataset, name):
    """A Delta table of the lake, for a FROM clause."""
    return f"delta_scan('{lake}/{layer}/{dataset}/{name}')"


def published(lake, dataset, mart):
    """The newest snapshot: what latest.json says, and its Parquet file for a FROM clause."""
    latest = json.loads((lake / "published" / dataset / mart / "latest.json").read_text())
    return latest, f"read_parquet('{lake / latest['path']}')"


def version(lake, layer, dataset, name):
    """The newest version in a table's log."""
    log = lake / layer / dataset / name / "_delta_log"
    return max(int(entry.stem) for entry in log.glob("*.json"))


def columns(database, query):
    """Names and types of a query's columns."""
    return [row[:2] for row in database.execute(f"DESCRIBE {query}").fetchall()]


def differing_rows(database, found, expected, key=None, nearly=()):
    """How two queries' columns and rows differ, as lines of text; nothing if they do not.

    The order of the rows does not count. Columns of `nearly` may differ in the 13th digit, as
    different ways of interpolation do.
    """
    if columns(database, found) != columns(database, expected):
        return [f"columns {columns(database, found)}", f"not     {columns(database, expected)}"]
    lines = rows_missing(database, "unexpected", found, expected, nearly)
    lines += rows_missing(database, "missing", expected, found, nearly)
    for name in nearly if not lines else ():
        lines += nearly_equal(database, found, expected, key, name)
    return lines


def rows_missing(database, title, rows, among, leave_out=()):
    """The rows of one query that the other lacks, as lines of text.

    Nulls equal each other. Doubles are compared by their shortest decimal form, which is another one
    for each bit pattern.
    """
    names = []
    for name, kind in columns(database, rows):
        if name not in leave_out:
            names.append(f"CAST({name} AS VARCHAR) AS {name}" if kind == "DOUBLE" else name)
    names = ", ".join(names)
    query = f"(SELECT {names} FROM ({rows}) EXCEPT ALL SELECT {names} FROM ({among}))"
    count = database.execute(f"SELECT count(*) FROM {query}").fetchone()[0]
    if not count:
        return []
    shown = database.execute(f"SELECT * FROM {query} ORDER BY ALL LIMIT {SHOWN}").fetchall()
    return [f"{count:,} rows {title}, for example", *[f"  {row}" for row in shown]]


def nearly_equal(database, found, expected, key, name):
    join = " AND ".join(f"f.{column} IS NOT DISTINCT FROM e.{column}" for column in key)
    apart = f"abs(f.{name} - e.{name}) > 1e-13 * greatest(abs(e.{name}), 1)"
    rows = database.execute(f"""
        SELECT {', '.join(f'e.{column}' for column in key)}, f.{name}, e.{name}
        FROM ({found}) AS f JOIN ({expected}) AS e ON {join}
        WHERE {apart} OR (f.{name} IS NULL) <> (e.{name} IS NULL) LIMIT {SHOWN}
    """).fetchall()
    return [f"{name}: {row}" for row in rows]


class Smelt:
    """The binary, on one lake."""

    def __init__(self, binary, datasets, lake):
        self.lake = lake
        self.command = [binary, "--quiet", "--lake", lake, "--datasets", datasets]

    def run(self, *arguments):
        done = subprocess.run(
            [str(part) for part in [*self.command, *arguments]], capture_output=True, text=True
        )
        if done.returncode != 0:
            said = f"{done.stdout}{done.stderr}".strip()
            raise SystemExit(f"smelt {' '.join(map(str, arguments))} ended with {done.returncode}:\n{said}")
        return done.stdout

    def balance(self, dataset):
        """The dataset's balance as `smelt status` tells it."""
        status = json.loads(self.run("status", "--format", "json"))
        [balance] = status[dataset]["balances"]
        return balance
