"""The marts: the very text of gold/*.sql run by DuckDB over the lake's silver, against gold."""

import duckdb

from lake import columns, differing_rows, published, table, version


def check_marts(checks, database, lake, dataset):
    """Compares each mart with its Delta table and with its published snapshot, exactly."""
    for name in dataset.tables:
        view = f"silver.{dataset.name}_{name}"
        silver = table(lake, "silver", dataset.name, name)
        database.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {silver}")
    for mart in dataset.marts:
        try:
            check_mart(checks, database, lake, dataset, mart)
        except duckdb.Error as error:
            checks.check(f"{mart}: its SQL in DuckDB", str(error).splitlines())


def check_mart(checks, database, lake, dataset, mart):
    expected = dataset.gold_sql(mart)
    declared = dataset.marts[mart]
    rows = database.execute(f"SELECT count(*) FROM ({expected})").fetchone()[0]
    what = f"{mart}: {rows:,} rows, {len(declared)} columns"

    gold = f"SELECT * FROM {table(lake, 'gold', dataset.name, mart)}"
    checks.check(f"{what}, gold by DuckDB's delta reader", differing_rows(database, gold, expected))
    found = columns(database, gold)
    differ = [f"{found}, not {declared}"] if found != declared else []
    checks.check(f"{mart}: columns and types as declared in dataset.yaml", differ)

    latest, snapshot = published(lake, dataset.name, mart)
    differ = differing_rows(database, f"SELECT * FROM {snapshot}", expected)
    file = lake / latest["path"]
    for name, told, real in (
        ("version", latest["version"], version(lake, "gold", dataset.name, mart)),
        ("rows", latest["rows"], rows),
        ("bytes", latest["bytes"], file.stat().st_size),
    ):
        if told != real:
            differ.append(f"latest.json says {name} {told}, it is {real}")
    checks.check(f"{what}, published Parquet and latest.json", differ)
