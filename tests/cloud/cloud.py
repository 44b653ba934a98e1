"""A cloud of its own: bucket, queues, topic, secret and schedules as Terraform makes them, and the functions."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import yaml

from . import terraform
from .event_source import EventSource
from .lambda_service import ACCOUNT, Function
from .logs import LogBook
from .runtime_api import RuntimeApi
from .sandbox import Result, Sandbox
from .server import KEY_PREFIX, REGION, Server
from .tally import Tally
from .trouble import Trouble

PATIENCE_SECONDS = 180
# Looking costs this process more than waiting: the cloud runs in it.
LOOK_EVERY_SECONDS = 0.2
VISIBILITY_SECONDS = 600
GROUP = "smelt"
DASHBOARD = "https://dashboard.example"


@dataclass
class Cloud:
    """`name` tells apart what clouds have on one server."""

    name: str
    server: Server
    api: RuntimeApi
    binaries: dict[str, Path]
    # None: those that lie beside each binary, as in the zips.
    datasets: Path | None
    scratch: Path
    secret: dict[str, str] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)
    # Texts of further secrets by the names that Terraform gives them, and settings other than the usual ones.
    secrets_of_api: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tally = Tally()
        self.logs = LogBook((*self.secret.values(), *self.secrets_of_api.values()))
        self.bucket = f"smelt-{self.name}"
        self.declared = terraform.functions()
        self.server.gate.watch(self.bucket, self.tally, self.trouble, self.declared)
        self.s3, self.sqs, self.sns = self.client("s3"), self.client("sqs"), self.client("sns")
        self.scheduler, self.secrets = self.client("scheduler"), self.client("secretsmanager")
        self.make_topic()
        self.secret_arns = {
            name: self.secrets.create_secret(Name=f"{self.name}-{name}", SecretString=text)["ARN"]
            for name, text in {"sources": json.dumps(self.secret), **self.secrets_of_api}.items()
        }
        self.functions = {name: self.function(declared) for name, declared in self.declared.items()}
        self.make_bucket_and_queues()
        self.make_schedules()

    def client(self, service: str, key: str = "test") -> Any:
        return boto3.client(
            service,
            endpoint_url=self.server.endpoint,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key="test",
        )

    def function(self, declared: terraform.Declared) -> Function:
        own = {
            "SMELT_SECRETS": self.secret_arns["sources"],
            "SMELT_ALERT_TOPIC": self.topic,
            "SMELT_DASHBOARD_URL": DASHBOARD,
            "SMELT_RETENTION_HOURS": "168",
            "SMELT_TARGET_FILE_MB": "128",
            "SMELT_API_ACCESS": "open",
            "SMELT_API_JWT_ISSUER": "",
            "SMELT_API_JWT_AUDIENCE": "",
            "SMELT_API_JWKS_URL": "",
            "SMELT_API_HS256_SECRET": self.secret_arns.get("api-hs256", ""),
            "SMELT_API_ROLES_CLAIM": "roles",
            "SMELT_API_ROLES_PREFIX": "",
            "SMELT_API_KEYS_SECRET": self.secret_arns.get("api-keys", ""),
            "SMELT_API_CORS_ORIGINS": DASHBOARD,
            "SMELT_API_UPLOAD_MB": "512",
            "SMELT_API_RATE": "1000",
            "SMELT_API_BURST": "1000",
            "SMELT_API_REFRESH_QUEUES": json.dumps(
                {name: f"{self.server.endpoint}/{ACCOUNT}/{self.name}-{name}" for name in sorted(declared.sends)}
            ),
            **self.settings,
        }
        environment = {
            "SMELT_LAKE": f"s3://{self.bucket}",
            "SMELT_DATASETS": str(self.datasets_of(declared.name)),
            "SMELT_LOG": "info",
            "SMELT_METRICS_NAMESPACE": "smelt/e2e",
            "SMELT_OTLP_ENDPOINT": "",
            **{name: own[name] for name in declared.environment},
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": f"{KEY_PREFIX}{self.name}-{declared.name}",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.server.endpoint,
            "AWS_ENDPOINT": self.server.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        binary = self.binaries[declared.name]
        return Function(declared, binary, environment, self.api, self.scratch, self.logs, declared.timeout)

    def datasets_of(self, function: str) -> Path:
        return self.datasets or self.binaries[function].parent / "datasets"

    def make_topic(self) -> None:
        """The topic, and a queue that keeps what is published."""
        self.topic = self.sns.create_topic(Name=f"{self.name}-alerts")["TopicArn"]
        self.told = self.make_queue("told")
        self.sns.subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint=self.queue_arn("told"), ReturnSubscriptionArn=True
        )

    def make_queue(self, name: str, **attributes: str) -> str:
        return self.sqs.create_queue(QueueName=f"{self.name}-{name}", Attributes=attributes)["QueueUrl"]

    def queue_arn(self, name: str) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}-{name}"

    def make_bucket_and_queues(self) -> None:
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.dead: dict[str, str] = {}
        self.sources: dict[str, EventSource] = {}
        notifications = []
        receives = terraform.number("queues.tf", "maxReceiveCount")
        for name, declared in self.declared.items():
            if not declared.wakes:
                continue
            self.dead[name] = self.make_queue(f"{name}-dead")
            redrive = {"deadLetterTargetArn": self.queue_arn(f"{name}-dead"), "maxReceiveCount": receives}
            url = self.make_queue(
                name, VisibilityTimeout=str(VISIBILITY_SECONDS), RedrivePolicy=json.dumps(redrive)
            )
            self.sources[name] = EventSource(
                self.functions[name], self.sqs, url, self.queue_arn(name), self.trouble,
                terraform.number("lambda.tf", "batch_size"),
            )
            for prefix, suffix in declared.wakes:
                rules = [("prefix", prefix), ("suffix", suffix)]
                notifications.append({
                    "Id": f"{name}-{prefix.rstrip('/')}",
                    "QueueArn": self.queue_arn(name),
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": n, "Value": v} for n, v in rules if v]}},
                })
        self.s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={"QueueConfigurations": notifications}
        )

    def make_schedules(self) -> None:
        """Stored as Terraform stores them. The server keeps them and never fires; `fire` does."""
        self.scheduler.create_schedule_group(Name=f"{GROUP}-{self.name}")
        reports, period = terraform.scheduled_report()
        for file in sorted(self.datasets_of("ingest").glob("*/dataset.yaml")):
            definition = yaml.safe_load(file.read_text())
            dataset = definition["dataset"]
            for source, about in (definition.get("sources") or {}).items():
                if "schedule" in about:
                    name = f"ingest-{dataset}-{source}"
                    self.make_schedule(name, "ingest", {"dataset": dataset, "source": source})
            for function in terraform.scheduled_per_dataset():
                self.make_schedule(f"{function}-{dataset}", function, {"dataset": dataset})
            self.make_schedule(f"report-{dataset}", reports, {"report": period, "dataset": dataset})

    def make_schedule(self, name: str, function: str, event: dict[str, str]) -> None:
        self.scheduler.create_schedule(
            Name=name,
            GroupName=f"{GROUP}-{self.name}",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": self.functions[function].arn,
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/scheduler",
                "Input": json.dumps(event),
            },
        )

    def schedules(self, start: str) -> list[str]:
        """The schedules whose names start so."""
        pages = self.scheduler.get_paginator("list_schedules").paginate(
            GroupName=f"{GROUP}-{self.name}", NamePrefix=start
        )
        return [schedule["Name"] for page in pages for schedule in page["Schedules"]]

    def fire(self, name: str, prepare: Callable[[Sandbox], None] = lambda _: None) -> Result:
        """What the scheduler does when it is time."""
        target = self.scheduler.get_schedule(GroupName=f"{GROUP}-{self.name}", Name=name)["Target"]
        [function] = [it for it in self.functions.values() if it.arn == target["Arn"]]
        return function.invoke_and_forget(json.loads(target["Input"]), prepare)

    def drop(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def start(self) -> None:
        for source in self.sources.values():
            source.start()

    def settle(self) -> None:
        """Waits until there is nothing left to do: no message anywhere, and nobody at work."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            before = self.work_done()
            is_idle = all(source.is_idle() for source in self.sources.values())
            if is_idle and self.waiting() == 0 and self.work_done() == before:
                return
            if before != getattr(self, "seen", None):
                self.seen, until = before, time.monotonic() + PATIENCE_SECONDS
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name}: {self.waiting()} messages wait and nothing happens any more")
            time.sleep(LOOK_EVERY_SECONDS)

    def work_done(self) -> int:
        return sum(source.turns for source in self.sources.values())

    def waiting(self) -> int:
        return sum(self.depth(source.url) for source in self.sources.values())

    def depth(self, url: str) -> int:
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed")
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))
        return sum(int(answer["Attributes"][name]) for name in names)

    def drain(self, url: str) -> list[dict[str, Any]]:
        """All messages of a queue, which is empty afterwards."""
        messages: list[dict[str, Any]] = []
        while found := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in found:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            messages += found
        return messages

    def objects(self, prefix: str = "") -> dict[str, int]:
        """Keys and sizes."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", [])}

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def end(self) -> None:
        for source in self.sources.values():
            source.end()
        for function in self.functions.values():
            function.end()
