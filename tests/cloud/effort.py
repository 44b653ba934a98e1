"""What the functions of a cloud have done so far, in the units of a bill; the difference of two is an effort."""

import os
from collections import Counter
from pathlib import Path

from .cloud import Cloud
from .lambda_service import Function

TICKS = os.sysconf("SC_CLK_TCK")
FIELDS = (
    "invocations", "wall_ms", "cpu_ms", "s3_writes", "s3_reads", "sqs_requests", "sns_publishes", "secret_reads",
    "log_bytes", "metrics",
)
Effort = Counter[str]


def efforts(cloud: Cloud) -> dict[str, Effort]:
    """Of each function since the cloud was made, but for metrics: since they were last forgotten."""
    return {name: effort(cloud, function) for name, function in cloud.functions.items()}


def effort(cloud: Cloud, function: Function) -> Effort:
    name = function.name
    asked, services = cloud.tally.counts[name], cloud.tally.services[name]
    queue = cloud.sources[name].counts if name in cloud.sources else Counter()
    return Counter({
        "invocations": function.bill.counts["invocations"],
        "wall_ms": function.bill.counts["billed_ms"],
        "cpu_ms": sum(cpu_ms(sandbox.process.pid) for sandbox in function.all),
        "s3_writes": asked["s3_a"],
        "s3_reads": asked["s3_b"],
        "sqs_requests": queue["messages"] + queue["sqs_receives"] + queue["sqs_deletes"],
        "sns_publishes": services["sns"],
        "secret_reads": services["secretsmanager"],
        "log_bytes": cloud.logs.bytes[name],
        "metrics": len(cloud.logs.metrics[name]),
    })


def cpu_ms(process: int) -> int:
    """What all threads of a process have computed. One that has ended is an error: its time would be lost."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // TICKS


def forget_processes(cloud: Cloud) -> None:
    """Ends all sandboxes, as Lambda does after some minutes: what comes next is paid for with a cold start."""
    for function in cloud.functions.values():
        function.end()
        function.all.clear()
        function.idle.clear()
    cloud.logs.metrics.clear()


def difference(cloud: Cloud, before: dict[str, Effort], shares: int = 1) -> dict[str, dict[str, int]]:
    """What functions did since then, of those that did anything; one of so many equal shares, rounded up."""
    found = {}
    for name, now in efforts(cloud).items():
        spent = {field: -(-(now[field] - before[name][field]) // shares) for field in FIELDS}
        if spent["invocations"]:
            found[name] = {"memory_mb": cloud.functions[name].declared.memory, **spent}
    return found
