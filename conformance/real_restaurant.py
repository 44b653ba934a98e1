"""A year of a pizza place, pulled from each kind of database that its orders may lie in."""

import duckdb

from expected import NEAR
from order_db import has_mariadb, mariadb_url, sqlite_url
from raw_restaurant import check_raw, compute
from setting import check_lake, real_data


def check(checks, setting):
    data = real_data(checks, "restaurant/pizza_2015")
    if not data:
        return
    folder = setting.folder("restaurant")
    database = duckdb.connect()
    compute(database, data, folder)
    compare(checks, setting, data, folder, "SQLite", sqlite_url(database, folder))
    if has_mariadb():
        with mariadb_url(database, folder) as url:
            compare(checks, setting, data, folder, "MariaDB", url)
    else:
        checks.section("restaurant from MariaDB: skipped, mariadbd and its client are not installed")


def compare(checks, setting, data, folder, kind, url):
    smelt = setting.smelt(f"restaurant-{kind.lower()}-lake", ORDER_DB_URL=url)
    # The second pull finds nothing new, or the same rows again: neither may count twice.
    for _ in range(2):
        smelt.ingest("restaurant")
        smelt.run("refresh", "restaurant")
    checks.section(f"restaurant from {kind}, the definitions' SQL in DuckDB")
    database, balances = check_lake(checks, smelt, "restaurant", NEAR)
    checks.section(f"restaurant from {kind}, computed from the raw files by DuckDB alone")
    compute(database, data, folder)
    check_raw(checks, database, smelt.lake, balances)
