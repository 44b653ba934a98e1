"""Stands in for Lambda's event source mapping: from a queue to a function, in batches, with what may go wrong.

A batch is answered by the messages that have to come again; those are left in the queue, the others are deleted.
AWS waits until a message's visibility ends; here it is ended at once, so that the run is short.
"""

import random
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from .lambda_service import Function
from .sandbox import Result, Sandbox
from .server import REGION
from .trouble import Trouble

GATHERED_SECONDS = 0.3
PAUSE_SECONDS = 0.1
# From this receipt on a message has no trouble: without an end to it, any message would end as a dead letter.
SPARED_FROM = 3
REQUESTS_BEFORE_KILL = (1, 2, 3, 5, 8, 13, 21, 34)


@dataclass
class Mishaps:
    """How often deliveries go wrong, as parts of the batches; nothing unless it is said."""

    twice: float = 0.0
    at_once: float = 0.0
    held_back: float = 0.0
    shuffled: float = 0.0
    answer_lost: float = 0.0
    killed: float = 0.0
    # What happens at the first occasion, before chance decides.
    first: tuple[str, ...] = ()


@dataclass
class Delivery:
    """A message on its way to a function."""

    message: dict[str, Any]
    is_copy: bool = False

    @property
    def id(self) -> str:
        return self.message["MessageId"]

    @property
    def received(self) -> int:
        return int(self.message["Attributes"]["ApproximateReceiveCount"])


@dataclass
class EventSource:
    """The mapping of one queue."""

    function: Function
    sqs: Any
    url: str
    arn: str
    trouble: Trouble
    batch_size: int
    mishaps: Mishaps = field(default_factory=Mishaps)

    def __post_init__(self) -> None:
        self.lock = threading.Condition()
        self.random = random.Random(f"{self.trouble.seed} {self.function.name}")
        self.at_work = 0
        self.turns = 0
        self.set_aside: deque[Delivery] = deque()
        self.counts: Counter[str] = Counter()
        self.is_ended = False
        self.problems: list[str] = []
        self.thread = threading.Thread(target=self.run, name=f"queue of {self.function.name}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def is_idle(self) -> bool:
        with self.lock:
            return not self.at_work and not self.set_aside

    def run(self) -> None:
        while not self.is_ended:
            with self.lock:
                self.lock.wait_for(lambda: self.is_ended or self.at_work < self.function.declared.concurrency)
            batch = self.gather()
            if not batch:
                time.sleep(PAUSE_SECONDS)
                continue
            with self.lock:
                self.at_work += 1
            threading.Thread(target=self.work, args=(batch,), daemon=True).start()

    def gather(self) -> list[Delivery]:
        """The messages of a batch. After the first one it waits a little for more, as AWS does for longer."""
        batch: list[Delivery] = []
        until = None
        while len(batch) < self.batch_size and (until is None or time.monotonic() < until):
            found = self.receive(self.batch_size - len(batch))
            batch += found
            if found and until is None:
                until = time.monotonic() + GATHERED_SECONDS
            if not found:
                if until is None:
                    break
                time.sleep(PAUSE_SECONDS)
        with self.lock:
            while self.set_aside and len(batch) < self.batch_size:
                batch.append(self.set_aside.popleft())
        return batch

    def receive(self, most: int) -> list[Delivery]:
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=most, AttributeNames=["All"])
        messages = answer.get("Messages", [])
        found = [Delivery(message) for message in messages]
        self.counts["sqs_receives"] += bool(found)
        self.counts["messages"] += sum(it.received == 1 for it in found)
        return found

    def work(self, batch: list[Delivery]) -> None:
        try:
            self.deliver(batch)
        except Exception as error:  # A thread's end would be seen by nobody.
            self.problems.append(f"{type(error).__name__}: {error}")
        finally:
            with self.lock:
                self.at_work -= 1
                self.turns += 1
                self.lock.notify_all()

    def deliver(self, batch: list[Delivery]) -> None:
        batch = self.hold_back(batch)
        if not batch:
            return
        is_spared = any(it.received >= SPARED_FROM for it in batch)
        if is_spared:
            self.trouble.spare(self.function.name, 1)
        try:
            self.invoke(batch, is_spared)
        finally:
            if is_spared:
                self.trouble.spare(self.function.name, -1)

    def invoke(self, batch: list[Delivery], is_spared: bool) -> None:
        happens = (lambda _: False) if is_spared else self.happens
        if happens("shuffled"):
            self.random.shuffle(batch)
        event = {"Records": [self.record(it.message, it.received) for it in batch]}
        is_killed, is_lost = happens("killed"), happens("answer_lost")
        requests = self.requests_before_kill()
        others: list[Result] = []
        twin = None
        if happens("at_once"):
            twin = threading.Thread(target=lambda: others.append(self.function.invoke(event)))
            twin.start()
        killed: list[Sandbox] = []

        def prepare(sandbox: Sandbox) -> None:
            if is_killed:
                killed.append(sandbox)
                self.trouble.kill_after(sandbox.id, requests, sandbox.process.kill)

        result = self.function.invoke(event, prepare)
        for sandbox in killed:
            if self.trouble.forget_kill(sandbox.id):
                with self.lock:
                    self.counts["killed"] -= 1
        if twin:
            twin.join()
        failed = self.failed(batch, result)
        for other in others:
            failed &= self.failed(batch, other)
        if is_lost and result.error is None and not others:
            failed = {it.id for it in batch}
        self.settle(batch, failed)

    def requests_before_kill(self) -> int:
        """The first kill comes at once: a run may make few requests, and one of poison alone makes none."""
        drawn = self.random.choice(REQUESTS_BEFORE_KILL)
        return drawn if self.counts["killed"] > 1 else min(REQUESTS_BEFORE_KILL)

    def happens(self, what: str) -> bool:
        with self.lock:
            drawn = self.random.random() < getattr(self.mishaps, what)
            if what in self.mishaps.first and not self.counts[what]:
                drawn = True
            self.counts[what] += drawn
        return drawn

    def hold_back(self, batch: list[Delivery]) -> list[Delivery]:
        """Some messages come with a later batch."""
        if len(batch) < 2:
            return batch
        held = [it for it in batch[1:] if not it.is_copy and it.received == 1 and self.happens("held_back")]
        with self.lock:
            self.set_aside.extend(held)
        return [it for it in batch if it not in held]

    def record(self, message: dict[str, Any], received: int) -> dict[str, Any]:
        """A message as Lambda hands it over."""
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {
                "ApproximateReceiveCount": str(received),
                "SentTimestamp": message["Attributes"].get("SentTimestamp", "0"),
                "SenderId": message["Attributes"].get("SenderId", ""),
                "ApproximateFirstReceiveTimestamp": str(int(time.time() * 1000)),
            },
            "messageAttributes": {},
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
            "awsRegion": REGION,
        }

    def failed(self, batch: list[Delivery], result: Result) -> set[str]:
        """The messages that have to come again."""
        ids = {it.id for it in batch}
        if result.error is not None:
            return ids
        payload = result.answer.payload
        failures = payload.get("batchItemFailures") if isinstance(payload, dict) else None
        if failures is None:
            self.problems.append(f"the answer names no batchItemFailures: {payload}")
            return ids
        named = {failure.get("itemIdentifier") for failure in failures}
        # AWS takes a name that it does not know as a failure of everything.
        if not named <= ids:
            self.problems.append(f"the answer names messages that were not in the batch: {named - ids}")
            return ids
        return named

    def settle(self, batch: list[Delivery], failed: set[str]) -> None:
        for it in batch:
            if it.is_copy:
                continue
            if it.id in failed:
                self.counts["came_again"] += 1
                self.sqs.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=it.message["ReceiptHandle"], VisibilityTimeout=0
                )
                continue
            if self.happens("twice"):
                with self.lock:
                    self.set_aside.append(Delivery(it.message, is_copy=True))
            self.counts["sqs_deletes"] += 1
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=it.message["ReceiptHandle"])

    def end(self) -> None:
        with self.lock:
            self.is_ended = True
            self.lock.notify_all()
        self.thread.join(30)
