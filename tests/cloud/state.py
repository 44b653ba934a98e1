"""Where a cloud stands, asked as its users would ask: of `api`, and of the queues of dead letters."""

from typing import Any

from .caller import Caller
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
    """What `api` answers where everybody may ask."""
    return Caller(cloud).get(path)
