"""What DuckDB computed from the raw files, against the lake."""

from lake import columns, differing_rows, table

# Sums, shares and logarithms of doubles come out nearly alike in two engines.
NEAR = 1e-9


def text(column):
    """A field as the datasets take it: trimmed, empty as null."""
    return f"nullif(trim(CAST({column} AS VARCHAR), ' ' || chr(9) || chr(10) || chr(13)), '')"


def count(database, query):
    return database.execute(f"SELECT count(*) FROM ({query})").fetchone()[0]


def check_silver_columns(checks, database, lake, dataset, name, expected):
    """The columns of `expected`, in its types; silver may have more, such as ids that are hashes."""
    silver = table(lake, "silver", dataset, name)
    names = columns(database, expected)
    present = {column for column, _ in columns(database, f"SELECT * FROM {silver}")}
    absent = [column for column, _ in names if column not in present]
    if absent:
        checks.check(f"silver {name}", [f"no column {column}" for column in absent])
        return
    found = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in names)
    checks.check(
        f"silver {name}: {count(database, expected):,} rows, {len(names)} columns",
        differing_rows(database, f"SELECT {found} FROM {silver}", expected),
    )


def check_marts(checks, database, lake, dataset, marts, leave_out=()):
    """`marts` is a query for each mart: exactly its columns but for those of `leave_out`, in any order.

    Counts, decimals, times and texts have to be equal, doubles nearly.
    """
    for mart, query in marts.items():
        database.execute(f"CREATE OR REPLACE TEMP TABLE of_raw AS {query}")
        rows = count(database, "SELECT * FROM of_raw")
        checks.check(f"{mart}: {rows:,} rows", differing_mart(database, lake, dataset, mart, leave_out))


def differing_mart(database, lake, dataset, mart, leave_out):
    """How a mart differs from the table `of_raw`, as lines of text."""
    gold = table(lake, "gold", dataset, mart)
    found = dict(columns(database, f"SELECT * FROM {gold}"))
    expected = dict(columns(database, "SELECT * FROM of_raw"))
    if set(found) - set(leave_out) != set(expected):
        return [f"columns {sorted(found)}", f"not     {sorted(expected)}"]
    # INT or BIGINT is the definition's choice.
    whole = {"INTEGER", "BIGINT"}
    kinds = {name: kind for name, kind in expected.items() if {kind, found[name]} <= whole}
    names = ", ".join(f'CAST("{name}" AS {kinds.get(name, found[name])}) AS "{name}"' for name in expected)
    nearly = [name for name, kind in expected.items() if kind == "DOUBLE"]
    query = f"SELECT {names} FROM {gold}"
    return differing_rows(database, query, "SELECT * FROM of_raw", nearly, NEAR)
