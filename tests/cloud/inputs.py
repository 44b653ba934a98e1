"""The files and the database that the run is fed with: small, always the same, and with what sources get wrong.

No row depends on the order in which files arrive: where a key comes twice, its versions differ or its rows are equal.
"""

import csv
import gzip
import io
import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20261128
# The last one before the run began: what is fresh has to be fresh whenever this runs, and the same until it ends.
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
Files = dict[str, bytes]

# A restaurant's database.
ORDER_TABLES = """
    CREATE TABLE orders (order_id INTEGER PRIMARY KEY, ordered_at TEXT NOT NULL, status TEXT NOT NULL,
        total_amount TEXT NOT NULL, updated_at TEXT NOT NULL);
    CREATE TABLE order_items (order_item_id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL,
        item TEXT NOT NULL, category TEXT NOT NULL, quantity INTEGER NOT NULL, unit_price NUMERIC NOT NULL);
"""


def landed() -> Files:
    """By the keys under which they land."""
    chance = random.Random(SEED)
    files: Files = {}
    for files_of in (requests, language_models, visits, payments):
        files |= files_of(chance)
    return files


def as_csv(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def requests(chance: random.Random) -> Files:
    """Service requests of three months: updates of older ones, some without a readable date, one file compressed."""
    today, files = MIDNIGHT, {}
    boroughs = ["MANHATTAN", "BRONX", "BROOKLYN", "QUEENS", "STATEN ISLAND"]
    for number in range(6):
        rows = []
        for line in range(250):
            # Every file knows the newest time, so that none makes the table look stale.
            age = timedelta(seconds=0 if line == 0 else chance.randrange(90 * 86400))
            created = today - age
            closed = created + timedelta(hours=chance.randrange(200)) if chance.random() < 0.7 else None
            key = 1_000_000 + (number * 1000 + line if line < 200 else chance.randrange(200))
            rows.append({
                "unique_key": "?" if line == 77 else key,
                "created_date": "soon" if line == 78 else created.isoformat(),
                "closed_date": closed.isoformat() if closed else "",
                "agency": chance.choice(["NYPD", "DOT", "DSNY", "HPD"]),
                "complaint_type": chance.choice(["Noise", "Pothole", "Heat", "Garbage"]),
                "borough": chance.choice(boroughs),
                "status": "Closed" if closed else "Open",
                "incident_zip": f"{chance.randrange(10001, 11697)}",
                "latitude": f"{chance.uniform(40.5, 40.9):.5f}",
                "longitude": f"{chance.uniform(-74.2, -73.7):.5f}",
                # No two versions of a request are of the same moment.
                "resolution_action_updated_date": (today - timedelta(seconds=number * 250 + line)).isoformat(),
            })
        content = as_csv(rows)
        # A name that URLs write otherwise.
        name = f"landing/nyc311/requests/Zürich #{number} [a~b].csv"
        files |= {f"{name}.gz": gzip.compress(content, mtime=0)} if number == 5 else {name: content}
    return files


def language_models(chance: random.Random) -> Files:
    """Users, and three files of transactions; the last one calls its columns otherwise."""
    regions, plans = ["EU", "US", "APAC"], ["free", "pro"]
    users = [
        {"user_id": f"u{n}", "username": f"user {n}", "company": chance.choice(["Acme", "Initech", "Umbrella"]),
         "region": chance.choice(regions), "plan": chance.choice(plans)}
        for n in range(40)
    ]
    files = {"landing/llm_usage/users/users.csv": as_csv(users)}
    for number in range(3):
        rows = []
        for line in range(200):
            prompt, completion = chance.randrange(1, 4000), chance.randrange(1, 1000)
            moment = datetime(2026, 1, 1) + timedelta(seconds=chance.randrange(120 * 86400))
            rows.append({
                "transaction_id": f"t{number}-{line}",
                "user_id": f"u{chance.randrange(45)}",
                "model": chance.choice(["small", "large"]),
                "prompt_tokens": -1 if line == 50 else prompt,
                "completion_tokens": completion,
                "tokens": prompt + completion,
                "cost": f"{(prompt + completion) * 0.000003:.6f}",
                "occurred_at": moment.isoformat(),
                "status": "ok",
            })
        if number == 2:
            named = {"transaction_id": "request_id", "model": "model_name", "cost": "cost_usd"}
            rows = [{named.get(name, name): value for name, value in row.items()} for row in rows]
        files[f"landing/llm_usage/transactions/{number}.csv"] = as_csv(rows)
    return files


def visits(chance: random.Random) -> Files:
    """Events of a shop, each in two files at most and then the same; one that is not what it says."""
    events = []
    for number in range(600):
        moment = datetime(2026, 5, 1) + timedelta(seconds=chance.randrange(6 * 86400))
        kind = chance.choice(["page_view", "product_view", "add_to_cart", "checkout", "purchase"])
        properties = {
            "page_view": {"url": "/"},
            "product_view": {"product": "tea", "price": 3.5},
            "add_to_cart": {"product": "tea", "quantity": 2},
            "checkout": {"items": 2},
            "purchase": {"order_id": f"o{number}", "amount": 7.0, "currency": "EUR"},
        }[kind]
        events.append({
            "event_id": f"e{number:04}", "event": kind, "user_id": f"v{chance.randrange(60)}",
            "session_id": f"s{chance.randrange(90)}", "occurred_at": moment.isoformat(),
            "received_at": (moment + timedelta(seconds=2)).isoformat(), "platform": "web",
            "country": chance.choice(["AT", "DE", "US"]),
            "properties": json.dumps({} if number == 300 else properties),
        })
    parts = [events[:250], events[200:450], events[400:]]
    return {
        f"landing/events/events/day={n}/part.jsonl": "".join(json.dumps(e) + "\n" for e in part).encode()
        for n, part in enumerate(parts)
    }


def payments(chance: random.Random) -> Files:
    """Phoenix's payments of two years, without a number; the files share some rows, and end with a total."""
    rows = []
    for _ in range(300):
        day = datetime(2023, 7, 1) + timedelta(days=chance.randrange(730))
        rows.append({
            "Check Payment Date": f"{day:%m/%d/%Y}",
            "Dept Descrptn": chance.choice(["Fire", "Water", "Parks"]),
            "Vendor Name": f"Vendor {chance.randrange(20)}",
            "Commitmt Item Name": chance.choice(["Supplies", "Services"]),
            "Invoice Net Amt": f"{chance.uniform(5, 5000):,.2f}",
        })
    total = dict.fromkeys(rows[0], "") | {"Invoice Net Amt": "1,000.00"}
    return {
        "landing/spending/payments/phoenix 1.csv": as_csv([*rows[:180], total]),
        "landing/spending/payments/phoenix 2.csv": as_csv([*rows[150:], total]),
    }


def order_database(file: Path) -> None:
    """A restaurant's orders, the newest long ago: what depends on them is stale."""
    chance = random.Random(SEED)
    with sqlite3.connect(file) as database:
        database.executescript(ORDER_TABLES)
        for order in range(1, 301):
            add_order(database, chance, order, datetime(2025, 3, 1) + timedelta(minutes=order * 137))
    database.close()


def add_order(database: sqlite3.Connection, chance: random.Random, order: int, ordered: datetime) -> None:
    """An order of two items."""
    status = chance.choice(["SERVED", "SERVED", "SERVED", "CANCELLED"])
    amount, updated = f"{chance.uniform(8, 90):.2f}", ordered + timedelta(minutes=30)
    database.execute(
        "INSERT INTO orders VALUES (?, ?, ?, ?, ?)", (order, str(ordered), status, amount, str(updated))
    )
    for line in range(2):
        item = chance.choice(["soup", "pasta", "cake", "tea"])
        database.execute(
            "INSERT INTO order_items VALUES (?, ?, ?, ?, ?, ?)",
            (order * 10 + line, order, item, "kitchen", chance.randrange(1, 4), 4.5),
        )
