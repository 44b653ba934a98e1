"""measured.json: what the quiet run would be billed for. Keys are sorted, numbers are whole.

`input`      what the run was fed with: `files` and `bytes` that landed, `rows` in bronze by dataset.
`functions`  by name, for the files of five datasets, one pull of the restaurant's database, the schedules of maintain,
             train and alert for each dataset, and every event of events/api:
    invocations, cold_starts, errors
    billed_ms          each invocation's wall-clock time rounded up to 1 ms, and the init time of cold starts
    memory_mb, peak_mb size of the function, and the most that one process had
    s3_class_a         PUT, POST, LIST
    s3_class_b         GET, HEAD
    s3_deletes         free; a deletion of many keys counts once
    s3_bytes_in, s3_bytes_out, log_bytes
    sqs_requests       messages that S3 sent, receives that brought some, and one deletion for each message
    sns_publishes, secrets_reads
`datasets`   by name: `rows` in bronze; `runs` by function, and `run_ms`, the sum of their own times. Runs that found
             nothing to do leave no report and are not counted.
`stored_bytes`  by top-level folder of the bucket, at the end.

Counts and bytes are nearly the same everywhere. `billed_ms`, `peak_mb` and the number of invocations depend on the
machine: a batch gathers what comes within a third of a second, where Lambda waits for 20 seconds.
"""

import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from . import inputs
from .cloud import Cloud
from .state import api
from .tally import folder


def measured(cloud: Cloud) -> dict[str, Any]:
    # Asking costs as well: what was counted is taken first.
    functions = {name: of_function(cloud, name) for name in cloud.functions}
    stored: Counter[str] = Counter()
    for key, size in cloud.objects().items():
        stored[folder(key)] += size
    status = api(cloud, "/v1/status")
    rows = {name: sum(it["bronze"] for it in dataset["balances"]) for name, dataset in status.items()}
    landed = inputs.landed()
    return {
        "input": {"files": len(landed), "bytes": sum(map(len, landed.values())), "rows": rows},
        "functions": functions,
        "datasets": {name: {"rows": rows[name], **runs} for name, runs in of_datasets(cloud).items()},
        "stored_bytes": dict(stored),
    }


def of_function(cloud: Cloud, name: str) -> dict[str, int]:
    function, asked = cloud.functions[name], cloud.tally.counts[name]
    bill, services = function.bill, cloud.tally.services[name]
    queue = cloud.sources[name].counts if name in cloud.sources else Counter()
    return {
        "invocations": bill.counts["invocations"],
        "errors": bill.counts["errors"],
        "cold_starts": len(bill.init_ms),
        "billed_ms": bill.counts["billed_ms"],
        "memory_mb": function.declared.memory,
        "peak_mb": round(bill.peak_mb),
        "s3_class_a": asked["s3_a"],
        "s3_class_b": asked["s3_b"],
        "s3_deletes": asked["s3_free"],
        "s3_bytes_in": asked["s3_bytes_in"],
        "s3_bytes_out": asked["s3_bytes_out"],
        "sqs_requests": queue["messages"] + queue["sqs_receives"] + queue["sqs_deletes"],
        "sns_publishes": services["sns"],
        "secrets_reads": services["secretsmanager"],
        "log_bytes": cloud.logs.bytes[name],
    }


def of_datasets(cloud: Cloud) -> dict[str, dict[str, Counter[str]]]:
    """From the reports of the runs."""
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: {"runs": Counter(), "run_ms": Counter()})
    for key in cloud.objects("runs/"):
        if not key.endswith(".json"):
            continue
        report = json.loads(cloud.read(key))
        dataset, function = report["dataset"], report["origin"]["function"]
        if dataset is None:
            continue
        took = datetime.fromisoformat(report["finished_at"]) - datetime.fromisoformat(report["started_at"])
        found[dataset]["runs"][function] += 1
        found[dataset]["run_ms"][function] += round(took.total_seconds() * 1000)
    return found


def as_text(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2, sort_keys=True) + "\n"
