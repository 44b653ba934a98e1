"""What somebody should know is told, once, although its causes come again, twice and at the same time."""

import json
from urllib.parse import unquote_plus

from .. import told
from ..checks import Checks
from ..cloud import Cloud
from ..event_source import Mishaps
from ..state import dead

FILES = {
    # A rule that stops the pipeline: silver fails at it, as often as the queue tries.
    "landing/shop/orders/export.csv": b"order_id,amount\n1,5\n2,-7\n",
    # Refused as a whole.
    "landing/shop/stock/export.csv": b"colour,shape\nred,round\n",
    # More refused rows than are tolerated.
    "landing/shop/refunds/export.csv": b"refund_id,amount\n1,5\n2,many\n3,none\n",
    # Old; and one of the marts that are made of it divides by zero.
    "landing/shop/visits/export.csv": b"visit_id,visited_at\n1,2025-01-01T10:00:00\n2,2025-01-02T10:00:00\n",
}
EXPECTED = [("expectation", "shop"), ("failure", "shop"), ("refused", "shop"), ("refused", "shop"), ("stale", "shop")]
TROUBLE = Mishaps(twice=0.5, at_once=0.5, answer_lost=0.5, shuffled=0.5)


def run(checks: Checks, cloud: Cloud) -> None:
    checks.section("Alerts: a refused file, a broken rule, a failing mart, too many refused rows, stale data")
    for source in cloud.sources.values():
        source.mishaps = TROUBLE
    cloud.start()
    for key, content in FILES.items():
        cloud.drop(key, content)
    cloud.settle()
    # The schedule looks as well, every hour.
    for _ in range(2):
        for schedule in cloud.schedules("alert-"):
            checks.equal(f"{schedule} fires without an error", cloud.fire(schedule).error, None)
    cloud.settle()
    found = told.messages(cloud)
    for message in found:
        checks.say(message.subject)
    checks.equal("each of them is told, and nothing else", told.summary(found), EXPECTED)
    checks.check("none is told twice", told.twice(found))
    checks.check("subjects, attributes and messages are as SNS and filters want them", told.malformed(found))
    checks.equal("what cannot succeed ends as a dead letter", dead(cloud), {"silver": 1, "gold": 1})
    keys = {name: key_of(cloud.drain(cloud.dead[name])[0]) for name in ("silver", "gold")}
    wrong = [keys["silver"]] if "shop/orders" not in keys["silver"] else []
    wrong += [keys["gold"]] if "shop/visits" not in keys["gold"] else []
    checks.check("namely the wake-up that meets the broken rule, and the one of the mart that fails", wrong)
    marts = [key.split("/")[2] for key in cloud.objects("published/shop/") if key.endswith("latest.json")]
    checks.equal("the mart beside the one that fails is published", marts, ["daily_visits"])


def key_of(message: dict) -> str:
    return unquote_plus(json.loads(message["Body"])["Records"][0]["s3"]["object"]["key"])
