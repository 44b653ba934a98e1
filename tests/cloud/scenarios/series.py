"""A history is learnt from, a bad day is told of once, and tomorrow is forecast."""

from datetime import date, timedelta
from pathlib import Path

from .. import lake, told
from ..checks import Checks
from ..cloud import Cloud
from ..event_source import Mishaps
from ..inputs import MIDNIGHT
from ..state import dead

SHOPS = ("harbour", "market", "station")
HISTORY, HORIZON = 120, 7
TROUBLE = Mishaps(twice=0.5, at_once=0.5, answer_lost=0.5, shuffled=0.5)


def run(checks: Checks, cloud: Cloud, folder: Path) -> None:
    checks.section("Series: history, a bad day, forecasts")
    for source in cloud.sources.values():
        source.mishaps = TROUBLE
    cloud.start()
    today = MIDNIGHT.date()
    yesterday = today - timedelta(days=1)
    receive(cloud, "history.csv", [
        (today - timedelta(days=back), shop, usual(back, shop)) for back in range(HISTORY, 1, -1) for shop in SHOPS
    ])
    cloud.settle()
    checks.equal("history is no news", told.summary(told.messages(cloud)), [])
    # The first row of another day says that a day is over.
    receive(cloud, "yesterday.csv", [
        (yesterday, shop, usual(1, shop) * (4 if shop == "harbour" else 1)) for shop in SHOPS
    ] + [(today, "market", 1)])
    cloud.settle()
    found = told.messages(cloud)
    for message in found:
        checks.say(message.subject)
    checks.equal("a day four times as strong is told", told.summary(found), [("anomaly", "till")])
    checks.check("once, as SNS and filters want it", told.twice(found) + told.malformed(found))
    for _ in range(2):
        for schedule in cloud.schedules("train-till") + cloud.schedules("alert-till"):
            checks.equal(f"{schedule} fires without an error", cloud.fire(schedule).error, None)
    cloud.settle()
    lake.download(cloud, folder, ("gold/",))
    forecast = lake.select(folder, "gold/till/forecast", "series, horizon, target_time, lo_95 <= mean AND mean <= hi_95")
    first = min(when for _, _, when, _ in forecast) if forecast else None
    checks.equal("each shop has a forecast, made once", len(forecast), len(SHOPS) * HORIZON)
    checks.equal("from today on", first and first.date(), today)
    checks.check("within its interval", [str(row) for row in forecast if not row[3]])
    checks.equal("by the model in production",
                 lake.select(folder, "gold/till/experiments", "model, version, stage"), [("daily", 1, "production")])
    models = [key.removeprefix("models/till/daily/") for key in cloud.objects("models/till/")]
    checks.equal("which is in the registry", sorted(models), [
        "1/card.json", "1/model.json", "changes/00000001.json", "changes/00000002.json", "changes/00000003.json",
    ])
    checks.equal("nothing more is told", told.summary(told.messages(cloud)), [])
    checks.equal("messages are left in no queue of dead letters", dead(cloud), {})


def receive(cloud: Cloud, name: str, rows: list[tuple[date, str, int]]) -> None:
    lines = "".join(f"{day},{shop},{sold}\n" for day, shop, sold in rows)
    cloud.drop(f"landing/till/sales/{name}", f"day,shop,sold\n{lines}".encode())


def usual(back: int, shop: str) -> int:
    """More on two days of a week, and some noise; the same whatever day is today."""
    noise = (back * 7919 + len(shop) * 104729) % 13
    return 200 + noise + (60 if back % 7 in (0, 6) else 0)
