"""What a run did, for whoever started it."""

from collections import Counter

from .checks import Checks
from .cloud import Cloud
from .trouble import Fault

EXPLANATION = """
What this did, on this machine and without an account: it started a server that answers like S3, SQS, SNS,
EventBridge Scheduler and Secrets Manager, and made in it what Terraform makes on AWS: a bucket whose notifications
go to queues with dead letters, a topic, schedules, a secret. The functions ran as processes that were handed events
by Lambda's runtime API, each with the memory size, time-out, rights and variables that infrastructure/modules/smelt
gives it.
"""


def explain(checks: Checks, clouds: list[Cloud], seconds: float) -> None:
    print(EXPLANATION)
    head = ("FUNCTION", "INVOKED", "ERRORS", "COLD", "INIT ms", "PEAK MB", "OF MB", "S3 REQUESTS", "LOG kB")
    print(("{:<10}" + "{:>12}" * (len(head) - 1)).format(*head))
    for name in clouds[0].functions:
        functions = [cloud.functions[name] for cloud in clouds]
        counts = sum((it.bill.counts for it in functions), Counter())
        inits = sorted(init for it in functions for init in it.bill.init_ms)
        requests = sum(cloud.tally.counts[name][f"s3_{kind}"] for cloud in clouds for kind in ("a", "b", "free"))
        columns = (
            counts["invocations"], counts["errors"], len(inits), f"{inits[len(inits) // 2]:.0f}" if inits else "-",
            f"{max(it.bill.peak_mb for it in functions):.0f}", functions[0].declared.memory, requests,
            f"{sum(cloud.logs.bytes[name] for cloud in clouds) / 1000:.0f}",
        )
        print(f"{name:<10}" + "".join(f"{column:>12}" for column in columns))
    faults = sum((cloud.trouble.counts for cloud in clouds), Counter())
    deliveries = sum((source.counts for cloud in clouds for source in cloud.sources.values()), Counter())
    print(f"\n{sum(faults.values())} faults of S3 ({', '.join(f'{faults[it]} {it.value}' for it in Fault)})")
    print(f"{sum(cloud.trouble.kills for cloud in clouds)} processes killed, {deliveries['answer_lost']} answers lost")
    repeated = deliveries["twice"] + deliveries["at_once"]
    print(f"{deliveries['messages']} messages, {repeated} times one or a batch of them delivered twice")
    print(f"\n{checks.passed} checks passed in {seconds:.0f} seconds")
