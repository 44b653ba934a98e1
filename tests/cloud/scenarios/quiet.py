"""Files land, a database is pulled by schedule, and what comes out is read: nothing goes wrong."""

from pathlib import Path

from .. import inputs, lake, told
from ..checks import Checks
from ..cloud import Cloud
from ..state import api, balanced, dead

# Its newest order is old; the other data is fresh, or promises nothing.
EXPECTED_ALERTS = [("stale", "restaurant")]


def feed(cloud: Cloud) -> None:
    """Drops all files and lets the restaurant's schedules fire."""
    for key, content in inputs.landed().items():
        cloud.drop(key, content)
    for schedule in cloud.schedules("ingest-restaurant"):
        result = cloud.fire(schedule)
        if result.error:
            raise RuntimeError(f"{schedule}: {result.error}")


def run(checks: Checks, cloud: Cloud, folder: Path) -> lake.Marts:
    """Returns the marts, for other runs to be compared with."""
    checks.section("Quiet: files land, a database is pulled, gold is read")
    cloud.start()
    feed(cloud)
    cloud.settle()
    marts = read(checks, cloud, folder)
    checks.equal("messages are left in no queue of dead letters", dead(cloud), {})
    balanced(checks, cloud)
    found = told.messages(cloud)
    checks.equal("what is stale is told", told.summary(found), EXPECTED_ALERTS)
    checks.check("as SNS and filters want it", told.malformed(found))
    return marts


def read(checks: Checks, cloud: Cloud, folder: Path) -> lake.Marts:
    lake.download(cloud, folder, ("gold/", "published/"))
    marts = lake.gold(folder)
    declared = expected_marts(cloud)
    checks.equal(f"gold has the {len(declared)} marts that are declared", sorted(marts), declared)
    checks.check("every mart has rows", [f"{mart} is empty" for mart, (_, rows) in marts.items() if not rows])
    differences = lake.differences(lake.published(folder), marts)
    checks.check("what is published, by latest.json, is gold row for row", differences)
    found = lake.differences(lake.published_anomalies(folder), lake.anomalies(folder))
    checks.check("so are the anomalies, which the dashboard shows", found)
    return marts


def expected_marts(cloud: Cloud) -> list[str]:
    found = []
    for dataset in api(cloud, "/v1/datasets")["datasets"]:
        found += [f"{dataset['name']}/{mart['name']}" for mart in dataset["marts"]]
    return sorted(found)
