"""What functions say: every line is JSON, metrics have the form that CloudWatch reads, and no secret is in it."""

import json
import threading
from collections import Counter, defaultdict

KEPT = 4000


class LogBook:
    """The lines of all functions of a cloud, and what is wrong with them."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        self.lock = threading.Lock()
        self.secrets = secrets
        self.lines: dict[str, list[str]] = defaultdict(list)
        self.bytes: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        # Refused messages by their kind, as metrics count them.
        self.refused: Counter[str] = Counter()

    def take(self, function: str, line: bytes) -> None:
        text = line.decode(errors="replace")
        problem, value = problem_of(text, self.secrets)
        with self.lock:
            self.bytes[function] += len(line) + 1
            self.lines[function].append(text)
            del self.lines[function][:-KEPT]
            if problem:
                self.problems.append(f"{function}: {problem}: {text[:300]}")
            is_metric = isinstance(value, dict) and "_aws" in value
            self.counts["metrics" if is_metric else "lines"] += 1
            if is_metric and "MessagesRefused" in value:
                self.refused[value["kind"]] += value["MessagesRefused"]

    def problems_of(self, function: str) -> list[str]:
        """Warnings, errors, and what is no log line at all."""
        with self.lock:
            lines = list(self.lines[function])
        return [line for line in lines if not any(f'"{word}"' in line for word in ("INFO", "DEBUG", "_aws"))]


def problem_of(text: str, secrets: tuple[str, ...]) -> tuple[str | None, object]:
    """What is wrong with a line, if anything, and what it says."""
    if any(secret in text for secret in secrets):
        return "a secret is in the log", None
    try:
        value = json.loads(text)
    except ValueError:
        return "no JSON", None
    if not isinstance(value, dict):
        return "no JSON object", None
    if "_aws" in value:
        return problem_of_metric(value), value
    return (None if "level" in value else "no level"), value


def problem_of_metric(value: dict) -> str | None:
    """By the specification of the embedded metric format."""
    described = value["_aws"]
    if not isinstance(described.get("Timestamp"), int):
        return "a metric without a time"
    for directive in described.get("CloudWatchMetrics") or [{}]:
        if not directive.get("Namespace") or not directive.get("Metrics"):
            return "a metric without a namespace or a name"
        if len(directive["Metrics"]) > 100 or any(len(names) > 30 for names in directive["Dimensions"]):
            return "more metrics or dimensions than are allowed"
        for metric in directive["Metrics"]:
            if not isinstance(value.get(metric["Name"]), int | float):
                return f"metric {metric['Name']} has no value"
        for name in {name for names in directive["Dimensions"] for name in names}:
            if not isinstance(value.get(name), str):
                return f"dimension {name} has no value"
    return None
