"""The marts: the very text of gold/*.sql run by DuckDB over the lake's silver, against gold."""

import duckdb

from lake import columns, differing_rows, published, table, version

# What the SQL may select beside the mart's columns, to say where a row belongs.
PLACE = "_partition"


def check_marts(checks, database, lake, dataset, within=None):
    """Compares each mart with its Delta table and with its published snapshot: exactly, or with doubles
    that may differ by the fraction `within`.
    """
    for name, definition in dataset.tables.items():
        view = f"silver.{dataset.name}_{name}"
        database.execute(f"CREATE OR REPLACE VIEW {view} AS {silver(lake, dataset, name, definition)}")
    for mart in dataset.marts:
        try:
            check_mart(checks, database, lake, dataset, mart, within)
        except duckdb.Error as error:
            checks.check(f"{mart}: its SQL in DuckDB", str(error).splitlines())


def silver(lake, dataset, name, definition):
    """A query of all rows of a silver table; of none, if nothing was ingested into it yet."""
    if (lake / "silver" / dataset.name / name).exists():
        return f"SELECT * FROM {table(lake, 'silver', dataset.name, name)}"
    nulls = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, kind in definition.columns)
    return f"SELECT {nulls} WHERE false"


def check_mart(checks, database, lake, dataset, mart, within):
    declared = dataset.marts[mart]
    create_by_sql(database, dataset.gold_sql(mart), declared)
    expected = "SELECT * FROM by_sql"
    rows = database.execute("SELECT count(*) FROM by_sql").fetchone()[0]
    nearly = [name for name, kind in declared if kind == "DOUBLE"] if within else []
    what = f"{mart}: {rows:,} rows, {len(declared)} columns"

    gold = f"SELECT * FROM {table(lake, 'gold', dataset.name, mart)}"
    differ = differing_rows(database, gold, expected, nearly, within)
    checks.check(f"{what}, gold by DuckDB's delta reader", differ)
    found = columns(database, gold)
    differ = [f"{found}, not {declared}"] if found != declared else []
    checks.check(f"{mart}: columns and types as declared in dataset.yaml", differ)

    latest, snapshot = published(lake, dataset.name, mart)
    differ = differing_rows(database, f"SELECT * FROM {snapshot}", expected, nearly, within)
    file = lake / latest["path"]
    for name, told, real in (
        ("version", latest["version"], version(lake, "gold", dataset.name, mart)),
        ("rows", latest["rows"], rows),
        ("bytes", latest["bytes"], file.stat().st_size),
    ):
        if told != real:
            differ.append(f"latest.json says {name} {told}, it is {real}")
    checks.check(f"{what}, published Parquet and latest.json", differ)


def create_by_sql(database, gold_sql, declared):
    """Table `by_sql`: what the SQL gives, in the declared types. DuckDB's sums are wider than their
    summands.
    """
    extra = {name for name, _ in columns(database, gold_sql)} - {name for name, _ in declared} - {PLACE}
    if extra:
        raise duckdb.BinderException(f"the SQL selects columns that are not declared: {sorted(extra)}")
    names = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in declared)
    database.execute(f"CREATE OR REPLACE TEMP TABLE by_sql AS SELECT {names} FROM ({gold_sql}\n)")
