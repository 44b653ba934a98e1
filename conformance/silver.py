"""The silver SQL: its very text run by DuckDB over the lake's bronze, against silver.

It gives one row for each bronze row; the platform refuses some and keeps the newest of each key. So
every silver row has to be among them, to the bit, and every key that was not refused has to be there.
"""

from lake import differing_rows, rows_missing, table

BLANKS = "' ' || chr(9) || chr(10) || chr(13)"


def check_silver(checks, database, lake, dataset, balance):
    for name in dataset.tables:
        create_bronze_view(database, lake, dataset, name)
        table_name = f"{dataset.name}_{name}"
        database.execute(f"CREATE OR REPLACE TEMP TABLE versions AS {dataset.silver_sql(name)}")
        database.execute("DELETE FROM versions WHERE unique_key IS NULL OR created_at IS NULL")
        silver = f"SELECT * FROM {table(lake, 'silver', dataset.name, name)}"

        accepted = database.execute("SELECT count(*) FROM versions").fetchone()[0]
        what = f"{table_name}: bronze rows that the silver SQL accepts in DuckDB"
        checks.equal(what, balance["silver"] + balance["superseded"], accepted)

        extra = rows_missing(database, "not among them", silver, "SELECT * FROM versions")
        checks.check(f"{table_name}: each silver row is one of them, all columns", extra)

        keys = differing_rows(
            database, f"SELECT unique_key FROM ({silver})", "SELECT DISTINCT unique_key FROM versions"
        )
        checks.check(f"{table_name}: each key once", keys)


def create_bronze_view(database, lake, dataset, name):
    """Bronze as silver SQL sees it: declared columns, trimmed, empty as null, without malformed rows."""
    bronze = f"{table(lake, 'bronze', dataset.name, name)}"
    present = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {bronze}").fetchall()}
    selected = []
    for column, aliases in dataset.tables[name]:
        texts = [f"nullif(trim({x}, {BLANKS}), '')" for x in (column, *aliases) if x in present]
        selected.append(f"coalesce({', '.join([*texts, 'CAST(NULL AS VARCHAR)'])}) AS {column}")
    database.execute(f"""
        CREATE OR REPLACE VIEW bronze.{dataset.name}_{name} AS
        SELECT {', '.join(selected)} FROM {bronze} WHERE _malformed IS NULL
    """)
