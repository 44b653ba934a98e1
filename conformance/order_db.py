"""The restaurant's own database, as SQLite and as MariaDB, filled from what DuckDB computed."""

import contextlib
import shutil
import socket
import sqlite3
import subprocess
import time

COLUMNS = {
    "orders": "order_id, ordered_at, status, total_amount, updated_at",
    "order_items": "order_item_id, order_id, item, category, quantity, unit_price",
}

# Amounts once as texts and once as binary numbers, as SQLite's users have them.
SQLITE = """
    CREATE TABLE orders (order_id INTEGER PRIMARY KEY, ordered_at TEXT NOT NULL, status TEXT NOT NULL,
        total_amount TEXT NOT NULL, updated_at TEXT NOT NULL);
    CREATE TABLE order_items (order_item_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL,
        item TEXT NOT NULL, category TEXT NOT NULL, quantity INTEGER NOT NULL, unit_price NUMERIC NOT NULL);
"""

MARIADB = """
    CREATE DATABASE order_db CHARACTER SET utf8mb4;
    USE order_db;
    CREATE TABLE orders (order_id BIGINT PRIMARY KEY, ordered_at DATETIME NOT NULL,
        status VARCHAR(20) NOT NULL, total_amount DECIMAL(18, 2) NOT NULL, updated_at DATETIME NOT NULL);
    CREATE TABLE order_items (order_item_id BIGINT PRIMARY KEY, order_id BIGINT NOT NULL,
        item VARCHAR(200) NOT NULL, category VARCHAR(50) NOT NULL, quantity INT NOT NULL,
        unit_price DECIMAL(18, 2) NOT NULL);
"""
READER, PASSWORD = "smelt_reader", "only-reads"
LONGEST_START = 60
ROWS_OF_A_STATEMENT = 2000


def sqlite_url(database, folder):
    """Writes the tables of a DuckDB connection into a SQLite file; returns its URL."""
    file = folder / "order_db.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as written, written:
        written.executescript(SQLITE)
        for table in COLUMNS:
            rows = texts(database, table)
            marks = ", ".join("?" * len(rows[0]))
            written.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    return f"sqlite://{file}"


def texts(database, table):
    """All rows, each value as a text."""
    names = ", ".join(f"CAST({name} AS VARCHAR)" for name in COLUMNS[table].split(", "))
    return database.execute(f"SELECT {names} FROM {table}").fetchall()


def has_mariadb():
    return all(map(shutil.which, ("mariadbd", "mariadb", "mariadb-install-db")))


@contextlib.contextmanager
def mariadb_url(database, folder):
    """A server of our own with the tables of a DuckDB connection; gives the URL of a user who only reads."""
    data, at = folder / "mariadb", folder / "mariadb.sock"
    with open(folder / "mariadb.log", "w") as log:
        # A server that belongs to the system may have its files where ours must not look.
        quiet = {"stdout": log, "stderr": log, "check": True}
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root",
             "--auth-root-authentication-method=normal", "--skip-test-db"], **quiet
        )
        port = free_port()
        server = subprocess.Popen(
            ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={at}", f"--port={port}",
             "--bind-address=127.0.0.1", f"--pid-file={folder / 'mariadb.pid'}", "--user=root"],
            stdout=log, stderr=log,
        )
    client = ["mariadb", "--no-defaults", f"--socket={at}", "--user=root"]
    try:
        wait_until_up(server, client, folder / "mariadb.log")
        subprocess.run(client, input="".join(statements(database)), text=True, check=True)
        yield f"mysql://{READER}:{PASSWORD}@127.0.0.1:{port}/order_db"
    finally:
        server.terminate()
        server.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(server, client, log):
    for _ in range(LONGEST_START * 10):
        if server.poll() is not None:
            break
        if subprocess.run([*client, "--execute=SELECT 1"], capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    raise OSError(f"mariadbd did not start: {log.read_text()[-2000:]}")


def statements(database):
    """SQL that makes and fills the tables, and the user who may only read them."""
    yield MARIADB
    for table in COLUMNS:
        rows = texts(database, table)
        for start in range(0, len(rows), ROWS_OF_A_STATEMENT):
            values = ",\n".join(map(quoted, rows[start : start + ROWS_OF_A_STATEMENT]))
            yield f"INSERT INTO {table} VALUES {values};\n"
    yield f"CREATE USER '{READER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
    yield f"GRANT SELECT ON order_db.* TO '{READER}'@'127.0.0.1';\n"


def quoted(row):
    return "(" + ", ".join("'" + value.replace("'", "''") + "'" for value in row) + ")"
