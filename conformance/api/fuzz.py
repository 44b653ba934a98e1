"""Requests that schemathesis makes up from the description: none may fail inside, or be answered otherwise
than the description says.
"""

import json
import subprocess
import sys
from pathlib import Path

from api.bad_requests import announce
from api.server import as_role, operations

SEED = "7"
# Cases of each operation in each phase.
CASES = "20"
TIMEOUT_S = 180
SHOWN = 60
# The description cannot say which columns a table has, so that a text which it allows may be refused.
NOT_DESCRIBED = "positive_data_acceptance"
# Columns of marts, for conditions, which the description tells in words only.
VALUE = {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "string", "format": "date"}]}
CONDITIONS = ["date", "date.gte", "orders.lt", "revenue.in", "item.contains", "city.starts", "amount.null"]
LISTS = {
    "select": ["date,orders", "city,amount", "item"],
    "order": ["date.desc", "orders,date", "amount.desc", "item"],
    "group": ["date.month", "hour", "city,fiscal_year", "item"],
    "aggregate": ["count", "sum(orders),avg(revenue)", "max(date)", "sum(amount)"],
    "format": ["json", "csv", "parquet", "arrow"],
}

# Fields of bodies that the description tells in words.
FIELDS = {
    "Announcement": {
        "file_name": ["payments.csv", "orders.jsonl.gz", "A (1).parquet"],
        "table": ["orders", "order_items", "payments", None],
        "bytes": [1, 2, 3],
    },
    "RecordChange": {"values": [{"status": "SERVED"}, {"total_amount": 12.5, "status": None}]},
    "PredictRequest": {
        "rows": [[], [{"amount": "12.5"}], [{"amount": "1", "vendors": "2"}, {"vendor": "a"}]],
    },
}
# How many bytes the uploads have that are there to be sent.
UPLOADS = [1, 2, 3] * 5
# What is sent as an upload: any bytes; those above were announced as CSV.
FILE = {"text/csv": {}}
# OpenAPI 3.1 has no words for a stream of events.
STREAM = "text/event-stream"


def check_fuzz(checks, server, scratch, keys):
    """Everything that can be asked, also what changes the lake; `keys` are of orders that there are."""
    checks.section("API: made-up requests")
    description = server.description()
    file = scratch / "openapi.json"
    file.write_text(json.dumps(with_names(description, names(server, keys))))
    count = len(list(operations(description)))
    checks.check(f"{count} operations, {CASES} cases of each, seed {SEED}", failures(server, file, scratch))
    checks.check("the server's log tells of no panic", server.faults())


def names(server, keys):
    """What there is, by the parameters that name it: so that requests reach what lies behind the names."""
    datasets = [server.get(f"/v1/datasets/{name}").json() for name in ["restaurant", "spending"]]

    def all_of(kind):
        return [each["name"] for dataset in datasets for each in dataset[kind]]

    return {
        "dataset": [dataset["name"] for dataset in datasets],
        "mart": all_of("marts"),
        "view": all_of("views"),
        "model": all_of("models"),
        "table": all_of("tables"),
        "key": keys,
        "upload": [announce(server, "a.csv", size).json()["upload"] for size in UPLOADS],
    }


def with_names(description, names):
    """The description with the names that there are, and with conditions on columns."""
    for _, path, operation in operations(description):
        known = {**names, **LISTS}
        if "{key}" in path:
            known |= {"dataset": ["restaurant"], "table": ["orders"]}
        parameters = operation.setdefault("parameters", [])
        for parameter in parameters:
            if values := known.get(parameter["name"]):
                parameter["schema"] = among(values, parameter["schema"], parameter["in"] == "query")
        if any(each["name"] == "aggregate" for each in parameters):
            parameters += [{"name": name, "in": "query", "schema": VALUE} for name in CONDITIONS]
        if path.endswith("/content"):
            operation["requestBody"]["content"] = FILE
        for response in operation["responses"].values():
            response.get("content", {}).get(STREAM, {}).pop("schema", None)
    for schema, fields in FIELDS.items():
        properties = description["components"]["schemas"][schema]["properties"]
        for field, values in fields.items():
            properties[field] = among(values, properties[field], True)
    return description


def among(values, schema, or_any):
    """One of these values, or any that the schema allows."""
    return {"anyOf": [{"enum": values}, schema]} if or_any else {"enum": values}


def failures(server, file, scratch):
    """What schemathesis found, as lines of text."""
    [(name, value)] = as_role("admin").items()
    command = [Path(sys.executable).with_name("schemathesis"), "--no-color", "run", file]
    command += ["--url", server.address, "--header", f"{name}: {value}"]
    command += ["--seed", SEED, "--max-examples", CASES, "--phases", "coverage,fuzzing,stateful"]
    command += ["--checks", "all", "--exclude-checks", NOT_DESCRIBED, "--no-shrink"]
    command += ["--generation-database", "none", "--continue-on-failure", "--warnings", "off"]
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=scratch, timeout=TIMEOUT_S
    )
    if done.returncode == 0:
        return []
    said = f"{done.stdout}{done.stderr}".splitlines()
    start = next((at for at, line in enumerate(said) if "= FAILURES =" in line or "= ERRORS =" in line), 0)
    return [f"schemathesis ended with {done.returncode}", *said[start:][:SHOWN]]
