"""The bench's job in DuckDB for restaurant: an SQLite order database to silver and the marts.

    python restaurant.py SOURCE OUT

The queries are those of the dataset's sources, as one statement each where smelt reads in pages.
"""

import importlib.util
from pathlib import Path

from shared import arguments, clean, connect, create_silver, write_marts, write_silver

ORDERS = ("order_id", "ordered_at", "status", "total_amount", "updated_at")
ORDER_ITEMS = ("order_item_id", "order_id", "item", "category", "quantity", "unit_price")
ORDER_ITEMS += ("ordered_at", "updated_at")


def attach(database, file):
    """By DuckDB's own SQLite reader, from the extension's Python package; no network needed."""
    package = importlib.util.find_spec("duckdb_extension_sqlite_scanner")
    [extension] = Path(package.origin).parent.glob("extensions/*/sqlite_scanner.duckdb_extension")
    database.execute(f"LOAD '{extension}'")
    database.execute("SET sqlite_all_varchar = true")
    database.execute(f"ATTACH '{file}' AS order_db (TYPE sqlite, READ_ONLY)")


def create_bronze(database):
    for table, names, source in (
        ("orders", ORDERS, "order_db.orders"),
        ("order_items", ORDER_ITEMS, "order_db.order_items JOIN order_db.orders USING (order_id)"),
    ):
        fields = ", ".join(clean(name) for name in names)
        database.execute(f"CREATE VIEW bronze.restaurant_{table} AS SELECT {fields} FROM {source}")


def main():
    source, out = arguments()
    database = connect()
    attach(database, source / "order_db.sqlite")
    create_bronze(database)
    accepted = "order_id IS NOT NULL AND ordered_at IS NOT NULL AND total_amount IS NOT NULL"
    create_silver(database, "restaurant", "orders", accepted)
    accepted = "order_item_id IS NOT NULL AND quantity IS NOT NULL"
    create_silver(database, "restaurant", "order_items", accepted)
    for table in ("orders", "order_items"):
        write_silver(database, "restaurant", table, out, partition="ordered_month")
    write_marts(database, "restaurant", out)


if __name__ == "__main__":
    main()
