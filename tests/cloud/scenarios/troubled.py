"""The same input as the quiet run, with all that can go wrong on the way: what comes out is the same."""

import random
import threading
from collections import Counter
from pathlib import Path

from .. import inputs, lake, poison, told
from ..checks import Checks
from ..cloud import Cloud
from ..event_source import Mishaps
from ..state import balanced
from ..trouble import Fault, Shares
from .quiet import EXPECTED_ALERTS

SHARES = Shares(busy=0.02, conflict=0.2, slow=0.02, lost=0.06)
DELIVERIES = {"twice": 0.2, "at_once": 0.2, "held_back": 0.2, "shuffled": 0.5, "answer_lost": 0.2}
KILLED = 0.4
# Killed after it claimed an alert, `alert` leaves it to whoever comes 20 minutes later: too long to wait for.
NEVER_KILLED = {"alert"}
ATTEMPTS = 5


def run(checks: Checks, cloud: Cloud, folder: Path, quiet_folder: Path, expected: lake.Marts) -> None:
    checks.section(f"Troubled: the same input, with faults, kills and poison (seed {cloud.trouble.seed})")
    chance = random.Random(cloud.trouble.seed)
    cloud.trouble.shares = SHARES
    for name, source in cloud.sources.items():
        killed = 0.0 if name in NEVER_KILLED else KILLED
        first = (*DELIVERIES, *(["killed"] if killed else []))
        source.mishaps = Mishaps(**DELIVERIES, killed=killed, first=first)
    cloud.start()
    sent = poison.send(cloud, chance)
    feed(cloud, chance)
    cloud.settle()
    for line in happened(cloud):
        checks.say(line)
    checks.check("everything that was to go wrong did", missing(cloud))
    # Whoever looks now has no trouble.
    cloud.trouble.shares = Shares()
    lake.download(cloud, folder, ("gold/", "published/"))
    checks.check("gold is that of the quiet run, row for row", lake.differences(lake.gold(folder), expected))
    found = lake.differences(lake.anomalies(folder), lake.anomalies(quiet_folder))
    checks.check("so are the anomalies in it", found)
    checks.check("so is what is published", lake.differences(lake.published(folder), expected))
    balanced(checks, cloud)
    letters = {name: sorted(it["Body"] for it in cloud.drain(url)) for name, url in cloud.dead.items()}
    wrong = [f"{name}: {letter[:200]}" for name in sent for letter in (Counter(letters[name]) - Counter(sent[name]))]
    wrong += [f"{name} lost {body[:200]}" for name in sent for body in (Counter(sent[name]) - Counter(letters[name]))]
    checks.check(f"the {sum(map(len, sent.values()))} poisoned messages are dead letters, and no other is", wrong)
    checks.equal("metrics count the kinds of poison", set(cloud.logs.refused), poison.KINDS)
    found = told.messages(cloud)
    checks.check("no alert is told twice", told.twice(found))
    checks.check("each is as SNS and filters want it", told.malformed(found))
    lasting = [message for message in found if message.alert["details"].get("failure") != "passing"]
    what = "alerts are those of the quiet run, beside runs that failed in passing"
    checks.equal(what, told.summary(lasting), EXPECTED_ALERTS)


def feed(cloud: Cloud, chance: random.Random) -> None:
    """Files in another order; each schedule fires twice at the same time, and its first process is killed."""
    files = list(inputs.landed().items())
    chance.shuffle(files)
    for key, content in files:
        cloud.drop(key, content)
    failed: list[str] = []
    schedules = cloud.schedules("ingest-restaurant")
    threads = [
        threading.Thread(target=fire, args=(cloud, name, chance.choice((5, 15, 25)) if number == 0 else 0, failed))
        for name in schedules for number in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"schedules that did not succeed: {failed}")


def fire(cloud: Cloud, name: str, kill_after: int, failed: list[str]) -> None:
    """As often as it takes, as the next days' schedules would."""
    def prepare(sandbox) -> None:
        if kill_after:
            cloud.trouble.kill_after(sandbox.id, kill_after, sandbox.process.kill)

    for _ in range(ATTEMPTS):
        result = cloud.fire(name, prepare)
        if result.error is None:
            return
        kill_after = 0
    failed.append(f"{name}: {result.error}")


def happened(cloud: Cloud) -> list[str]:
    counts = sum((source.counts for source in cloud.sources.values()), Counter())
    faults = ", ".join(f"{fault.value}: {cloud.trouble.counts[fault]}" for fault in Fault)
    deliveries = ", ".join(f"{name.replace('_', ' ')}: {counts[name]}" for name in DELIVERIES)
    return [
        f"S3: {faults}",
        f"deliveries: {deliveries}; {counts['came_again']} messages came again",
        f"kill -9 in the middle of a run: {cloud.trouble.kills}",
    ]


def missing(cloud: Cloud) -> list[str]:
    counts = sum((source.counts for source in cloud.sources.values()), Counter())
    lines = [f"no {fault.value}" for fault in Fault if not cloud.trouble.counts[fault]]
    lines += [f"nothing {name}" for name in DELIVERIES if not counts[name]]
    return lines + ([] if cloud.trouble.kills else ["nobody was killed"])
