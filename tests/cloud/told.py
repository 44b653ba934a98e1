"""What was published to the topic, as a subscriber sees it."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from .cloud import Cloud

SUBJECT_CHARACTERS = 100
MESSAGE_BYTES = 256 * 1024
ATTRIBUTES = {"alert_id", "severity", "dataset", "kind"}


@dataclass
class Message:
    """A message of the topic."""

    subject: str
    text: str
    attributes: dict[str, str]

    @property
    def alert(self) -> dict[str, Any]:
        """The part for programs."""
        return json.loads(self.text.rpartition("\n---\n")[2])

    def problems(self) -> list[str]:
        found = []
        if not 0 < len(self.subject) <= SUBJECT_CHARACTERS:
            found.append(f"a subject of {len(self.subject)} characters")
        if not (self.subject.isascii() and self.subject.isprintable()):
            found.append("a subject that is not printable ASCII on one line")
        if len(self.text.encode()) > MESSAGE_BYTES:
            found.append(f"a message of {len(self.text.encode())} bytes")
        if set(self.attributes) != ATTRIBUTES:
            found.append(f"the attributes {sorted(self.attributes)}")
        try:
            alert = self.alert
        except ValueError:
            return [*found, "no JSON at its end"]
        found += [f"{name} differs in text and attributes" for name in ATTRIBUTES & set(self.attributes)
                  if alert.get(name) != self.attributes[name]]
        return found


def messages(cloud: Cloud) -> list[Message]:
    """All that was published since the last time somebody asked."""
    found = []
    for message in cloud.drain(cloud.told):
        body = json.loads(message["Body"])
        attributes = {name: it["Value"] for name, it in body.get("MessageAttributes", {}).items()}
        found.append(Message(body.get("Subject", ""), body["Message"], attributes))
    return found


def twice(found: list[Message]) -> list[str]:
    counts = Counter(message.attributes.get("alert_id", "") for message in found)
    return [f"{alert} was told {count} times" for alert, count in counts.items() if count > 1]


def malformed(found: list[Message]) -> list[str]:
    return [f"{message.subject}: {problem}" for message in found for problem in message.problems()]


def summary(found: list[Message]) -> list[tuple[str, str]]:
    """What each is about: kind and dataset, sorted."""
    return sorted((message.attributes["kind"], message.attributes["dataset"]) for message in found)
