"""Files land, a database is pulled by schedule, and what comes out is read: nothing goes wrong."""

import json
from pathlib import Path

from .. import inputs, lake, told
from ..checks import Checks
from ..cloud import Cloud

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
    return marts


def expected_marts(cloud: Cloud) -> list[str]:
    found = []
    for dataset in api(cloud, "/v1/datasets")["datasets"]:
        found += [f"{dataset['name']}/{mart['name']}" for mart in dataset["marts"]]
    return sorted(found)


def balanced(checks: Checks, cloud: Cloud) -> dict:
    """Every row is accounted for, as `api` says."""
    status = api(cloud, "/v1/status")
    balances = [balance for dataset in status.values() for balance in dataset["balances"]]
    wrong = [
        f"{it}" for it in balances
        if it["bronze"] != it["silver"] + it["superseded"] + it["deleted"] + it["quarantined"]
        or it["waiting"] or it["in_quarantine"] != it["quarantined"]
    ]
    rows = sum(it["bronze"] for it in balances)
    checks.check(f"every one of {rows:,} bronze rows is in silver, superseded or refused", wrong)
    behind = [
        f"{table['table']} is behind" for dataset in status.values() for table in dataset["tables"]
        if table["follows"] and table["follows"]["lag"]
    ]
    checks.check("no table is behind the one it follows", behind)
    return {"rows": rows, "status": status}


def dead(cloud: Cloud) -> dict[str, int]:
    """How many dead letters there are, by function."""
    return {name: depth for name, url in cloud.dead.items() if (depth := cloud.depth(url))}


def api(cloud: Cloud, path: str, query: str = "") -> dict:
    """What `api` answers to a request that the gateway passes on."""
    event = {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {"host": "api.example"}, "isBase64Encoded": False,
        "requestContext": {
            "accountId": "123456789012", "apiId": "a", "domainName": "api.example", "domainPrefix": "api",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "-"},
            "requestId": "r", "routeKey": "$default", "stage": "$default",
            "time": "28/Nov/2026:03:00:05 +0000", "timeEpoch": 0,
        },
    }
    result = cloud.functions["api"].invoke(event)
    if result.error or result.answer.payload["statusCode"] != 200:
        raise RuntimeError(f"api answers to {path}: {result.error or result.answer.payload}")
    return json.loads(result.answer.payload["body"])
