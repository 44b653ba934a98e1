"""Where a cloud stands, asked as its users would ask: of `api`, and of the queues of dead letters."""

import json
from typing import Any

from .checks import Checks
from .cloud import Cloud


def balanced(checks: Checks, cloud: Cloud) -> None:
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


def dead(cloud: Cloud) -> dict[str, int]:
    """How many dead letters there are, by function."""
    return {name: depth for name, url in cloud.dead.items() if (depth := cloud.depth(url))}


def api(cloud: Cloud, path: str) -> Any:
    """What `api` answers to a request that the gateway passes on."""
    event = {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"host": "api.example"}, "isBase64Encoded": False,
        "requestContext": {
            "accountId": "123456789012", "apiId": "a", "domainName": "api.example", "domainPrefix": "api",
            "http": {
                "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "-",
            },
            "requestId": "r", "routeKey": "$default", "stage": "$default",
            "time": "28/Nov/2026:03:00:05 +0000", "timeEpoch": 0,
        },
    }
    result = cloud.functions["api"].invoke(event)
    if result.error or result.answer.payload["statusCode"] != 200:
        raise RuntimeError(f"api answers to {path}: {result.error or result.answer.payload}")
    return json.loads(result.answer.payload["body"])
