"""What infrastructure/modules/smelt says about the functions: read from there, so that the two cannot differ."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MODULE = PROJECT / "infrastructure" / "modules" / "smelt"


@dataclass(frozen=True)
class Declared:
    """A function as `local.functions` has it."""

    name: str
    reads: frozenset[str]
    writes: frozenset[str]
    deletes: frozenset[str]
    wakes: tuple[tuple[str, str], ...]
    schedule: str
    memory: int
    timeout: int
    concurrency: int
    secrets: frozenset[str]
    sends: frozenset[str]
    publishes: bool
    environment: frozenset[str]

    def may(self, kind: str, prefix: str) -> bool:
        """Whether its role lets it: as iam.tf makes it of this."""
        listed = self.reads | self.writes
        return prefix in {"reads": self.reads, "writes": self.writes, "deletes": self.deletes, "lists": listed}[kind]


def functions(text: str | None = None) -> dict[str, Declared]:
    """The functions by their names."""
    text = text if text is not None else (MODULE / "functions.tf").read_text()
    [whole] = re.findall(r"^  functions = \{\n(.*?)^  \}", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^    (\w+) = \{\n(.*?)^    \}", whole, re.MULTILINE | re.DOTALL)
    return {name: declared(name, block) for name, block in blocks}


def declared(name: str, block: str) -> Declared:
    fields = dict(re.findall(r"^      (\w+)\s*= (.*)$", block, re.MULTILINE))
    own = re.search(r"^      environment = \{\n(.*?)^      \}", block, re.MULTILINE | re.DOTALL)

    def names(field: str) -> frozenset[str]:
        return frozenset(json.loads(fields[field]))

    return Declared(
        name=name,
        reads=names("reads"),
        writes=names("writes"),
        deletes=names("deletes"),
        wakes=tuple(re.findall(r'prefix = "([^"]*)", suffix = "([^"]*)"', fields["wakes"])),
        schedule=json.loads(fields["schedule"]),
        memory=int(fields["memory"]),
        timeout=int(fields["timeout"]),
        concurrency=int(fields["concurrency"]),
        secrets=names("secrets"),
        sends=names("sends"),
        publishes=json.loads(fields["publishes"]),
        environment=frozenset(re.findall(r"^        (\w+)\s*=", own.group(1), re.MULTILINE) if own else ()),
    )


def number(file: str, name: str) -> int:
    """A number that a file of the module gives an argument."""
    [found] = re.findall(rf"\b{name}\s*= (\d+)\b", (MODULE / file).read_text())
    return int(found)


def scheduled_per_dataset() -> tuple[str, ...]:
    """The functions that are woken for every dataset."""
    text = (MODULE / "schedules.tf").read_text()
    [whole] = re.findall(r"dataset_schedules = \{\n(.*?)^  \}", text, re.MULTILINE | re.DOTALL)
    return tuple(re.findall(r"^    (\w+)\s*=", whole, re.MULTILINE))


def scheduled_report() -> tuple[str, str]:
    """The function that is woken for a report on every dataset, and the period that it is told."""
    text = (MODULE / "schedules.tf").read_text()
    [whole] = re.findall(r'"report-\$\{dataset\}" => \{\n(.*?)^      \}', text, re.MULTILINE | re.DOTALL)
    [function] = re.findall(r'function\s*= "(\w+)"', whole)
    [period] = re.findall(r'input\s*= jsonencode\(\{ report = "(\w+)", dataset = dataset \}\)', whole)
    return function, period
