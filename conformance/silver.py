"""The silver SQL: its very text run by DuckDB over the lake's bronze, against silver.

It gives one row for each bronze row; the platform refuses some and keeps one of each key. So every
silver row has to be among them, to the bit, and every key that was not refused has to be there.
"""

from lake import columns, differing_rows, rows_missing, table

BLANKS = "' ' || chr(9) || chr(10) || chr(13)"
# What the platform adds to bronze for silver SQL to name; taken from there as it is.
GIVEN = ("_content_key",)


def check_silver(checks, database, lake, dataset, balances):
    """Every table that has taken in rows."""
    for name, definition in dataset.tables.items():
        if name in balances and (lake / "bronze" / dataset.name / name).exists():
            check_table(checks, database, lake, dataset, name, definition, balances[name])


def check_table(checks, database, lake, dataset, name, definition, balance):
    title = f"{dataset.name}_{name}"
    create_bronze(database, lake, dataset.name, name, definition)
    create_versions(database, dataset.silver_sql(name), f"bronze.{title}", definition)
    silver = f"SELECT * FROM {table(lake, 'silver', dataset.name, name)}"
    found = columns(database, silver)
    differ = [f"{found}, not {definition.columns}"] if found != definition.columns else []
    checks.check(f"{title}: columns and types as declared in dataset.yaml", differ)

    accepted = database.execute("SELECT count(*) FROM versions").fetchone()[0]
    kept = balance["silver"] + balance["superseded"] + balance["deleted"]
    checks.equal(f"{title}: bronze rows that the silver SQL accepts in DuckDB", kept, accepted)

    extra = rows_missing(database, "not among them", silver, "SELECT * FROM versions")
    checks.check(f"{title}: each silver row is one of them, all columns", extra)

    key = ", ".join(definition.key)
    once = f"SELECT DISTINCT {key} FROM versions"
    checks.check(f"{title}: each key once", differing_rows(database, f"SELECT {key} FROM ({silver})", once))


def create_bronze(database, lake, dataset, name, definition):
    """Bronze as silver SQL sees it: declared columns, trimmed, empty as null, without malformed rows.

    A table, so that its rows keep their order; `_fields` are the fields by their very names.
    """
    bronze = table(lake, "bronze", dataset, name)
    present = [column for column, _ in columns(database, f"SELECT * FROM {bronze}")]
    nothing = "CAST(NULL AS VARCHAR)"
    clean = {name: f"nullif(trim(CAST(\"{name}\" AS VARCHAR), {BLANKS}), '')" for name in present}
    selected, fields = [], {}
    for column, aliases in definition.source_columns:
        found = [clean[name] for name in (column, *aliases) if name in clean]
        selected.append(f'coalesce({", ".join([*found, nothing])}) AS "{column}"')
        fields.update((name, clean.get(name, nothing)) for name in (column, *aliases))
    selected += [name for name in GIVEN if name in present]
    packed = ", ".join(f'"{name}" := {field}' for name, field in fields.items())
    database.execute(f"""
        CREATE OR REPLACE TABLE bronze.{dataset}_{name} AS
        SELECT {', '.join(selected)}, struct_pack({packed}) AS _fields
        FROM {bronze} WHERE _malformed IS NULL
    """)


def create_versions(database, silver_sql, bronze, definition):
    """The rows that the silver SQL gives and that no rule refuses.

    Rules may compare with the fields as received, so each row is put beside the one that it was made of.
    """
    names = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in definition.columns)
    database.execute(f"""
        CREATE OR REPLACE TEMP TABLE versions AS SELECT {names}
        FROM ({silver_sql}\n) AS made POSITIONAL JOIN (SELECT _fields AS bronze FROM {bronze}) AS received
        WHERE {' AND '.join(definition.accepts)}
    """)
