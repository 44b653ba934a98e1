"""Rows are corrected and deleted by hand, and silver and gold follow."""

import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import lake, purchases
from ..caller import Answer, Caller
from ..checks import Checks
from ..cloud import PATIENCE_SECONDS, Cloud
from ..credentials import bearer
from ..purchases import RAGGED_LINES, UNREADABLE_AMOUNTS, Key, Purchases
from ..state import dead

RECORDS = "/v1/datasets/office/records"
VENDOR, AMOUNT = "Käse, Brot & Co", Decimal("12345.67")


def run(checks: Checks, cloud: Cloud, folder: Path, bought: Purchases) -> Purchases:
    """Returns the rows as they are from then on."""
    checks.section("Corrections: a row is put, another is deleted, and the tables follow")
    caller = Caller(cloud, bearer("operator"))
    _, (corrected, deleted, *_) = purchases.last_month(bought)
    compare(checks, cloud, folder / "before", bought, "before, silver and gold are what was uploaded")
    answer = patiently(caller, "PUT", record(corrected), {"values": {"vendor": VENDOR, "amount": str(AMOUNT)}})
    checks.equal("a row is corrected, in bronze", (answer.status, answer.json),
                 (202, {"table": "purchases", "bronze_version": 1}))
    answer = patiently(caller, "DELETE", record(deleted))
    checks.equal("another is deleted, in bronze", (answer.status, answer.json),
                 (202, {"table": "purchases", "bronze_version": 2}))
    cloud.settle()
    changed = {key: row for key, row in bought.items() if key != deleted}
    changed[corrected] = replace(bought[corrected], vendor=VENDOR, amount=AMOUNT)
    compare(checks, cloud, folder / "after", changed, "silver and gold have both, and no other row is another")
    balance(checks, caller, bought)
    reports(checks, caller)
    checks.equal("messages are left in no queue of dead letters", dead(cloud), {})
    checks.check("what cannot be corrected is refused", not_refused(caller, corrected, deleted))
    return changed


def record(key: Key) -> str:
    """The address of a row: the values of its key between commas, so that those within them are written otherwise."""
    parts = (str(value).replace("%", "%25").replace(",", "%2C") for value in key)
    return f"{RECORDS}/{','.join(quote(part, safe='') for part in parts)}"


def patiently(caller: Caller, method: str, path: str, body: Any = None) -> Answer:
    """Tries again for as long as rows wait in bronze, as the answer asks for."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (answer := caller.ask(method, path, body)).status == 409 and time.monotonic() < until:
        time.sleep(0.1)
    return answer


def compare(checks: Checks, cloud: Cloud, folder: Path, rows: Purchases, what: str) -> None:
    lake.download(cloud, folder, ("silver/office/", "gold/office/", "published/office/"))
    silver = lake.select(folder, "silver/office/purchases", "bought_on, item, vendor, amount")
    gold = lake.select(folder, "gold/office/daily_purchases", "date, purchases, amount")
    wrong = different("silver", silver, purchases.silver(rows)) + different("gold", gold, purchases.gold(rows))
    checks.check(what, wrong + lake.differences(lake.published(folder), lake.gold(folder)))


def different(layer: str, found: lake.Rows, expected: lake.Rows) -> list[str]:
    found = sorted(found, key=lambda row: row[:2])
    return [] if found == expected else [f"{layer}: {lake.first_difference(found, expected)}"]


def balance(checks: Checks, caller: Caller, bought: Purchases) -> None:
    [found] = caller.get("/v1/status")["office"]["balances"]
    refused = UNREADABLE_AMOUNTS + RAGGED_LINES
    # Superseded are both rows as they were before.
    expected = {
        "bronze": len(bought) + refused + 2, "silver": len(bought) - 1, "superseded": 2, "deleted": 1,
        "quarantined": refused, "waiting": 0,
    }
    checks.equal("every row is accounted for", {name: found[name] for name in expected}, expected)


def reports(checks: Checks, caller: Caller) -> None:
    """Each correction is a run of its own, which says who made it, and never what he wrote."""
    runs = caller.get("/v1/runs?limit=200")
    found = [run for run in runs if run["command"].startswith("record ")]
    told = sorted((run["command"], run["outcome"], run["origin"]["function"]) for run in found)
    checks.equal("both runs have a report, with who asked for them", told, [
        ("record delete office --table purchases by operator", "succeeded", "api"),
        ("record put office --table purchases by operator", "succeeded", "api"),
    ])
    checks.check("but not the values", [f"{run}" for run in found if VENDOR in str(run) or str(AMOUNT) in str(run)])


def not_refused(caller: Caller, there: Key, gone: Key) -> list[str]:
    """Corrections of rows that are not there, and of what a row has not."""
    nowhere = (there[0], "nothing")
    asked = {
        "a row that is gone": ("DELETE", record(gone), None, 404),
        "a row that never was": ("PUT", record(nowhere), {"vendor": "Bean"}, 404),
        "half a key": ("DELETE", f"{RECORDS}/{there[0]}", None, 400),
        "a column that is not there": ("PUT", record(there), {"colour": "red"}, 400),
        "a column of the key": ("PUT", record(there), {"item": "tea"}, 400),
        "a value of another type": ("PUT", record(there), {"amount": "much"}, 400),
        "no value": ("PUT", record(there), {}, 400),
    }
    wrong = []
    for what, (method, path, values, expected) in asked.items():
        status = caller.ask(method, path, None if values is None else {"values": values}).status
        wrong += [f"{what}: {status} instead of {expected}"] if status != expected else []
    return wrong
