"""What an office bought: a file to be uploaded, and what silver and gold have to make of its rows."""

import random
import time
from collections import defaultdict
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from .inputs import MIDNIGHT, as_csv
from .lake import Rows

SEED = 20261128
# Longer than this month and the last one.
DAYS = 75
# A month that ends so soon may be over before the functions go by it: its end is waited for.
SOON = timedelta(minutes=5)
# What is cheap, by vendor, and what is dear: the dearest quarter of all has hardly anything else. Some names are such
# that addresses write them otherwise.
CHEAP = {"pens, blue & red": "Paper Co", "coffee 100%25 (7)": "Bean", "tickets": "City Tram", "stamps": "Post"}
DEAR = {"desks": "Oak & Sons"}
UNREADABLE_AMOUNTS, RAGGED_LINES, WITHOUT_VENDOR = 3, 1, 2


@dataclass(frozen=True)
class Purchase:
    """A row of silver."""

    bought_on: date
    item: str
    vendor: str | None
    amount: Decimal


Key = tuple[date, str]
Purchases = dict[Key, Purchase]


def purchases() -> Purchases:
    """One of each item on each day until yesterday."""
    chance, today = random.Random(SEED), MIDNIGHT.date()
    found: Purchases = {}
    for back in range(DAYS, 0, -1):
        for item, vendor in (CHEAP | DEAR).items():
            day = today - timedelta(days=back)
            cents = chance.randrange(40_000, 90_000) if item in DEAR else chance.randrange(300, 3_000)
            named = None if len(found) < WITHOUT_VENDOR else vendor
            found[day, item] = Purchase(day, item, named, Decimal(cents).scaleb(-2))
    return found


def as_file(rows: Purchases) -> bytes:
    """With rows among them that are refused: without a readable amount, or with a column too many."""
    day = max(rows)[0]
    return as_csv([asdict(row) for row in rows.values()]) + "".join([
        *(f"{day},something {number},Post,unknown\n" for number in range(UNREADABLE_AMOUNTS)),
        *(f"{day},anything {number},Post,5.00,again\n" for number in range(RAGGED_LINES)),
    ]).encode()


def last_month(rows: Purchases) -> tuple[str, list[Key]]:
    """The month that is over as it is written, and what was bought in it: by the clock, as for the functions."""
    now = datetime.now(UTC)
    if (now + SOON).month != now.month:
        time.sleep(SOON.total_seconds())
    month = f"{datetime.now(UTC).date().replace(day=1) - timedelta(days=1):%Y-%m}"
    return month, [key for key in rows if f"{key[0]:%Y-%m}" == month]


def silver(rows: Purchases) -> Rows:
    return sorted(astuple(row) for row in rows.values())


def gold(rows: Purchases) -> Rows:
    """Of each day, how many purchases and for how much."""
    bought: dict[date, list[Decimal]] = defaultdict(list)
    for row in rows.values():
        bought[row.bought_on].append(row.amount)
    return sorted((day, len(amounts), sum(amounts)) for day, amounts in bought.items())
