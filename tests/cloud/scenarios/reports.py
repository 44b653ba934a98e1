"""A schedule writes the report on the month that is over, and its readers are told once."""

import json
from typing import Any

from .. import purchases, told
from ..checks import Checks
from ..cloud import DASHBOARD, Cloud
from ..purchases import Purchases
from ..state import dead

FOLDER = "published/reports/office/"
LONG_AGO = "2019-01"


def run(checks: Checks, cloud: Cloud, bought: Purchases) -> None:
    checks.section("Reports: the month that is over, by schedule, told once; and one that cannot be written")
    month, keys = purchases.last_month(bought)
    fire(checks, cloud)
    checks.equal("the page is there, and what points to it", sorted(cloud.objects(FOLDER)),
                 [f"{FOLDER}{month}.html", f"{FOLDER}latest.json"])
    page, latest = cloud.read(f"{FOLDER}{month}.html"), pointer(cloud)
    checks.equal("which names month, page and size", [latest[name] for name in ("dataset", "period", "path", "bytes")],
                 ["office", month, f"{FOLDER}{month}.html", len(page)])
    amount = sum(bought[key].amount for key in keys)
    wanted = (f"{len(keys):,}", f"{amount:,.0f}", "amount_is_number", "vendor_is_named")
    missing = [text for text in wanted if text not in page.decode()]
    checks.check("the page tells how many purchases, for how much, and which rules there are", missing)
    found = told.messages(cloud)
    checks.equal("one message tells that it is there", told.summary(found), [("report", "office")])
    checks.check("as SNS and filters want it", told.malformed(found))
    checks.check("with its address", [] if f"\n{DASHBOARD}/{latest['path']}\n" in found[0].text else [found[0].text])
    fire(checks, cloud)
    again = pointer(cloud)
    checks.check("once more for the same month, it is written anew",
                 [] if again["written_at"] > latest["written_at"] and again["period"] == month else [f"{again}"])
    checks.equal("and nothing is told", told.summary(told.messages(cloud)), [])
    fail(checks, cloud, again)
    checks.equal("messages are left in no queue of dead letters", dead(cloud), {})


def fire(checks: Checks, cloud: Cloud) -> None:
    """The month's report, and twice the look for what there is to tell."""
    for schedule in ("report-office", "alert-office", "alert-office"):
        checks.equal(f"{schedule} fires without an error", cloud.fire(schedule).error, None)
    cloud.settle()


def fail(checks: Checks, cloud: Cloud, latest: dict[str, Any]) -> None:
    """A report on a month of which there is nothing, asked for by hand."""
    result = cloud.functions["train"].invoke_and_forget({"dataset": "office", "report": LONG_AGO})
    checks.equal("a report on a month without data fails", (result.error or {}).get("errorType"), "Permanent.Stage")
    cloud.settle()
    found = told.messages(cloud)
    checks.equal("which is told, once", told.summary(found), [("failure", "office")])
    checks.check("with its month", [] if "2019" in found[0].text else [found[0].text])
    is_there = f"{FOLDER}{LONG_AGO}.html" in cloud.objects(FOLDER)
    checks.equal("and leaves the reports that there are", (pointer(cloud), is_there), (latest, False))


def pointer(cloud: Cloud) -> dict[str, Any]:
    return json.loads(cloud.read(f"{FOLDER}latest.json"))
