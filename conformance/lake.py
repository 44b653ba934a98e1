"""A smelt lake as DuckDB sees it, and the bookkeeping of what was compared."""

import importlib.util
import json
import os
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


def differing_rows(database, found, expected, nearly=(), within=1e-13):
    """How two queries' columns and rows differ, as lines of text; nothing if they do not.

    The order of the rows does not count. Columns of `nearly` may differ by that fraction of their
    value: engines add, interpolate and take logarithms in different ways.
    """
    if columns(database, found) != columns(database, expected):
        return [f"columns {columns(database, found)}", f"not     {columns(database, expected)}"]
    lines = rows_missing(database, "unexpected", found, expected, nearly)
    lines += rows_missing(database, "missing", expected, found, nearly)
    if nearly and not lines:
        lines = apart(database, found, expected, nearly, within)
    return lines


def rows_missing(database, title, rows, among, leave_out=()):
    """The rows of one query that the other lacks, as lines of text; nulls equal each other."""
    names = ", ".join(exact_columns(database, rows, leave_out)) or "1"
    query = f"(SELECT {names} FROM ({rows}) EXCEPT ALL SELECT {names} FROM ({among}))"
    count = database.execute(f"SELECT count(*) FROM {query}").fetchone()[0]
    if not count:
        return []
    shown = database.execute(f"SELECT * FROM {query} ORDER BY ALL LIMIT {SHOWN}").fetchall()
    return [f"{count:,} rows {title}, for example", *[f"  {row}" for row in shown]]


def exact_columns(database, rows, leave_out=()):
    """The columns for a SELECT. Doubles are compared by their shortest decimal form, which is another
    one for each bit pattern.
    """
    names = []
    for name, kind in columns(database, rows):
        if name not in leave_out:
            names.append(f'CAST("{name}" AS VARCHAR) AS "{name}"' if kind == "DOUBLE" else f'"{name}"')
    return names


def apart(database, found, expected, nearly, within):
    """Doubles that are not nearly equal, of rows whose other columns are the same on both sides.

    Rows that are alike but for these doubles are paired in the order of the doubles.
    """
    kept = [name for name, _ in columns(database, expected) if name not in nearly]
    same = [f'f."{name}" IS NOT DISTINCT FROM e."{name}"' for name in [*kept, "nth_alike"]]
    lines = []
    for name in nearly:
        value = f'"{name}"'
        alike = ", ".join(f'"{column}"' for column in kept) or "1"
        nth = f"row_number() OVER (PARTITION BY {alike} ORDER BY {value} NULLS LAST) AS nth_alike"
        rows = database.execute(f"""
            WITH f AS (SELECT *, {nth} FROM ({found})), e AS (SELECT *, {nth} FROM ({expected}))
            SELECT {', '.join(f'e."{column}"' for column in [*kept, name])}, f.{value}
            FROM f JOIN e ON {' AND '.join(same)}
            WHERE coalesce(abs(f.{value} - e.{value}) > {within} * greatest(abs(e.{value}), 1e-3),
                           (f.{value} IS NULL) <> (e.{value} IS NULL))
            LIMIT {SHOWN}
        """).fetchall()
        lines += [f"{name}: {row[:-2]} has {row[-1]}, not {row[-2]}" for row in rows]
    return lines


class SmeltFailed(Exception):
    """The binary ended with an error; says with which."""


class Smelt:
    """The binary, on one lake; `variables` are added to its environment."""

    def __init__(self, binary, datasets, lake, **variables):
        self.lake = lake
        self.environment = {**os.environ, **variables}
        self.command = [binary, "--quiet", "--lake", lake, "--datasets", datasets]

    def run(self, *arguments):
        done = subprocess.run(
            [str(part) for part in [*self.command, *arguments]],
            capture_output=True,
            text=True,
            env=self.environment,
        )
        if done.returncode != 0:
            said = f"{done.stdout}{done.stderr}".strip()
            said = f"smelt {' '.join(map(str, arguments))} ended with {done.returncode}:\n{said}"
            raise SmeltFailed(said)
        return done.stdout

    def ingest(self, dataset, *files, table=None):
        """Loads files in the order given; without any, pulls the dataset's sources."""
        of_table = ["--table", table] if table else []
        self.run("ingest", dataset, *of_table, *(part for file in files for part in ("--file", file)))

    def balances(self, dataset):
        """The balance of each table of the dataset that has one, as `smelt status` tells it."""
        status = json.loads(self.run("status", "--format", "json"))
        return {Path(each["table"]).name: each for each in status[dataset]["balances"]}
