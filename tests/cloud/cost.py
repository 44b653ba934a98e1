"""Measures what one delivery of each dataset takes from its functions, as they are deployed: for `smelt cost`.

    python -m tests.cloud.cost --smelt PATH --out infrastructure/cost/measured.json

For each dataset, rows of about a month are loaded first. Then all processes end, one delivery comes, and what the
functions do until gold is up to date is counted: invocations, milliseconds with the start of processes, computing
time, requests, log bytes, metrics. Last, the schedules of every dataset are fired once, and the API is asked.

On Lambda a batch gathers wake-ups for 20 seconds, here for a third of a second: there are fewer invocations there.
"""

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .cloud import Cloud
from .effort import difference, efforts, forget_processes
from .inputs import ORDER_TABLES, add_order
from .run import functions
from .runtime_api import RuntimeApi
from .scenarios.quiet import api
from .server import Server
from .terraform import PROJECT

NYC311_ROWS_A_DAY, NYC311_DAYS = 10_000, 31
PAYMENTS = 1_000
TRANSACTIONS = 2_000
EVENTS = 2_000
ORDERS_A_NIGHT, NIGHTS = 60, 1_000
API_PATHS = ("/v1/datasets", "/v1/status", "/v1/runs", "/health/ready")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make cost", description=__doc__)
    parser.add_argument("--smelt", type=Path, required=True, help="the command line, which simulates the data")
    parser.add_argument("--functions", type=Path, help="folder with plain binaries, instead of the zips")
    parser.add_argument("--zips", type=Path, default=PROJECT / "target" / "lambda", help="folder with the zips")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smelt-cost-") as scratch:
        found = measure(arguments, Path(scratch))
    arguments.out.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    print(f"cost: written to {arguments.out}; `smelt cost` computes with it", file=sys.stderr)
    return 0


def measure(arguments: argparse.Namespace, scratch: Path) -> dict:
    binaries, datasets = functions(arguments, scratch)
    database = scratch / "order_db.sqlite"
    server, runtime = Server(), RuntimeApi()
    cloud = Cloud("cost", server, runtime, binaries, datasets, scratch / "tmp", {"ORDER_DB_URL": f"sqlite://{database}"})
    try:
        cloud.start()
        found = {"measured_at": f"{datetime.now(UTC):%Y-%m-%d}", "deliveries": {}, "schedules": {}}
        simulated = Simulated(arguments.smelt, datasets, scratch / "simulated")
        for dataset, backlog, delivery in deliveries(cloud, simulated, database):
            found["deliveries"][dataset] = one_delivery(cloud, dataset, backlog, delivery)
        for function in ("alert", "maintain", "train"):
            found["schedules"][function] = one_wake_up(cloud, function)
        found["api_request"] = one_request(cloud)
        return found
    finally:
        cloud.end()
        runtime.close()
        server.close()


Step = Callable[[], None]


class Simulated:
    """Source data as `smelt simulate` writes it."""

    def __init__(self, smelt: Path, datasets: Path, folder: Path) -> None:
        self.smelt, self.datasets, self.folder = smelt, datasets, folder

    def files(self, dataset: str, table: str, *options: object) -> list[Path]:
        command = [self.smelt, "simulate", dataset, "--quiet", "--datasets", self.datasets, "--out", self.folder]
        subprocess.run([*map(str, command), *map(str, options)], check=True)
        return sorted((self.folder / dataset / table).iterdir())


def deliveries(cloud: Cloud, simulated: Simulated, database: Path) -> list[tuple[str, Step, Step]]:
    """Of each dataset: how its tables are filled, and how one delivery comes."""
    days = simulated.files(
        "nyc311", "requests", "--days", NYC311_DAYS, "--rows-per-day", NYC311_ROWS_A_DAY, "--files", NYC311_DAYS
    )
    payments = simulated.files("spending", "payments", "--days", 3 * 365, "--rows-per-day", 60)
    users = simulated.files("llm_usage", "users", "--days", 31, "--rows-per-day", 3 * TRANSACTIONS)
    transactions = sorted((simulated.folder / "llm_usage" / "transactions").iterdir())
    events = simulated.files("events", "events", "--days", 3, "--rows-per-day", 24 * EVENTS)
    orders = Orders(database)
    return [
        ("nyc311", *dropped(cloud, "nyc311/requests", days[:-1], days[-1:])),
        ("spending", *dropped(cloud, "spending/payments", *cut(payments, PAYMENTS))),
        ("llm_usage", *dropped(cloud, "llm_usage/transactions", *cut(transactions, TRANSACTIONS), users)),
        ("restaurant", lambda: orders.pulled(cloud, NIGHTS), lambda: orders.pulled(cloud, 1)),
        ("events", *dropped(cloud, "events/events", *cut(events, EVENTS))),
    ]


def cut(files: list[Path], rows: int) -> tuple[list[Path], list[Path]]:
    """Takes the last rows off the largest file, into one of their own."""
    largest = max(files, key=lambda file: file.stat().st_size)
    lines = largest.read_bytes().splitlines(keepends=True)
    header = [] if largest.suffix == ".jsonl" else lines[:1]
    largest.write_bytes(b"".join(lines[:-rows]))
    last = largest.with_name(f"last{largest.suffix}")
    last.write_bytes(b"".join([*header, *lines[-rows:]]))
    return files, [last]


def dropped(
    cloud: Cloud, folder: str, backlog: list[Path], delivery: list[Path], users: list[Path] = ()
) -> tuple[Step, Step]:
    def drop(files: list[Path], into: str) -> None:
        for file in files:
            cloud.drop(f"landing/{into}/{file.name}", file.read_bytes())

    def load() -> None:
        drop(users, "llm_usage/users")
        drop(backlog, folder)

    return load, lambda: drop(delivery, folder)


class Orders:
    """A restaurant's database, which grows by nights."""

    def __init__(self, file: Path) -> None:
        self.file, self.chance, self.night = file, random.Random(7), 0
        with sqlite3.connect(file) as database:
            database.executescript(ORDER_TABLES)
        database.close()

    def pulled(self, cloud: Cloud, nights: int) -> None:
        with sqlite3.connect(self.file) as database:
            for _ in range(nights):
                self.add_a_night(database)
        database.close()
        for schedule in cloud.schedules("ingest-restaurant"):
            succeeded(schedule, cloud.fire(schedule))

    def add_a_night(self, database: sqlite3.Connection) -> None:
        self.night += 1
        for number in range(ORDERS_A_NIGHT):
            ordered = datetime(2023, 1, 1, 18) + timedelta(days=self.night, minutes=number * 5)
            add_order(database, self.chance, self.night * 1000 + number, ordered)


def succeeded(what: str, result: object) -> None:
    if result.error:
        raise RuntimeError(f"{what}: {result.error}")


def one_delivery(cloud: Cloud, dataset: str, backlog: Step, delivery: Step) -> dict:
    print(f"cost: {dataset}", file=sys.stderr)
    backlog()
    cloud.settle()
    rows_before = rows_of(cloud, dataset)
    forget_processes(cloud)
    before = efforts(cloud)
    delivery()
    cloud.settle()
    spent = difference(cloud, before)
    return {
        "functions": spent,
        "rows": rows_of(cloud, dataset) - rows_before,
        "rows_before": rows_before,
        "stored_bytes": sum(size for key, size in cloud.objects().items() if key.split("/")[1:2] == [dataset]),
    }


def rows_of(cloud: Cloud, dataset: str) -> int:
    return sum(balance["bronze"] for balance in api(cloud, "/v1/status")[dataset]["balances"])


def one_wake_up(cloud: Cloud, function: str) -> dict:
    """By the scheduler, for one dataset: the mean of all."""
    schedules = cloud.schedules(f"{function}-")
    forget_processes(cloud)
    before = efforts(cloud)
    for schedule in schedules:
        succeeded(schedule, cloud.fire(schedule))
    spent = difference(cloud, before, len(schedules))[function]
    cloud.settle()
    return spent


def one_request(cloud: Cloud) -> dict:
    """The mean of some paths, the start of the process among them."""
    forget_processes(cloud)
    before = efforts(cloud)
    for path in API_PATHS:
        api(cloud, path)
    return difference(cloud, before, len(API_PATHS))["api"]


if __name__ == "__main__":
    sys.exit(main())
