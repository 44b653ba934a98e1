"""Messages that nobody can do anything with, and some that are no harm."""

import json
import random

from .cloud import Cloud

# What a function is told of instead of its own folder.
KEYS = {
    "ingest": "landing/{}/requests/x.csv",
    "silver": "bronze/{}/requests/_delta_log/00000000000000000000.json",
    "gold": "silver/{}/requests/_delta_log/00000000000000000000.json",
    "alert": "gold/{}/daily_requests/_delta_log/00000000000000000000.json",
}
# What metrics call them.
KINDS = {"Event", "NotOfTheLake", "NotDefined", "ForeignLayer"}
FOREIGN = "quarantine/nyc311/requests/_delta_log/00000000000000000000.json"


def record(bucket: str, key: str, event: str = "ObjectCreated:Put") -> str:
    """A notification of S3."""
    return json.dumps({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": event,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": {"key": key, "size": 1}},
    }]})


def poison(cloud: Cloud) -> dict[str, list[str]]:
    """By function: not JSON, no event, another bucket, an unknown dataset, a layer that is no matter of it."""
    return {
        name: [
            "{",
            json.dumps({"hello": name}),
            record("somebody-elses", key.format("nyc311")),
            record(cloud.bucket, key.format("unheard_of")),
            record(cloud.bucket, FOREIGN),
        ]
        for name, key in KEYS.items()
    }


def harmless(cloud: Cloud) -> list[str]:
    """What S3 may say that asks for nothing."""
    return [
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": cloud.bucket}),
        record(cloud.bucket, "bronze/nyc311/requests/x.parquet", "ObjectRemoved:Delete"),
    ]


def send(cloud: Cloud, chance: random.Random) -> dict[str, list[str]]:
    """Puts them into the queues; returns what has to end as dead letters."""
    sent = poison(cloud)
    for name, source in cloud.sources.items():
        bodies = [*sent[name], *harmless(cloud)]
        chance.shuffle(bodies)
        for body in bodies:
            cloud.sqs.send_message(QueueUrl=source.url, MessageBody=body)
    return {name: sorted(bodies) for name, bodies in sent.items()}
