"""What functions touched, compared with what they may touch and with what was recorded before.

`infrastructure/touched.json`: for each function the top-level folders of the bucket that it read, wrote, deleted in
and listed. A test compares it with the map of rights in infrastructure/modules/smelt/functions.tf.
"""

import json
from pathlib import Path

from . import terraform
from .cloud import Cloud
from .tally import KINDS

RECORDED = terraform.PROJECT / "infrastructure" / "touched.json"
Touched = dict[str, dict[str, list[str]]]


def touched(clouds: list[Cloud]) -> Touched:
    """Of all clouds together, in an order that does not change."""
    return {
        name: {
            kind: sorted(set().union(*(cloud.tally.touched[name][kind] for cloud in clouds if name in cloud.tally.touched)))
            for kind in KINDS
        }
        for name in sorted(terraform.functions())
    }


def as_text(found: Touched) -> str:
    return json.dumps(found, indent=2) + "\n"


def not_granted(clouds: list[Cloud]) -> list[str]:
    """What was touched without a right, with the request that did it."""
    lines = []
    for name, declared in terraform.functions().items():
        may = {
            "reads": declared.reads, "writes": declared.writes, "deletes": declared.deletes,
            "lists": declared.reads | declared.writes,
        }
        for cloud in clouds:
            for kind in KINDS:
                for prefix in sorted(cloud.tally.touched[name][kind] - may[kind]):
                    lines.append(f"{name} {kind} {prefix}/: {cloud.tally.examples[name, kind, prefix]}")
            used = cloud.tally.services[name]
            if used["sns"] and not declared.publishes:
                lines.append(f"{name} publishes")
            if used["secretsmanager"] and not declared.secrets:
                lines.append(f"{name} reads the secret")
    return sorted(set(lines))


def not_used(found: Touched) -> list[str]:
    """Rights that nobody used."""
    lines = []
    for name, declared in terraform.functions().items():
        for kind in ("reads", "writes", "deletes"):
            unused = getattr(declared, kind) - set(found[name][kind])
            lines += [f"{name} {kind} {prefix}/" for prefix in sorted(unused)]
    return lines


def differences(found: Touched, recorded: Path = RECORDED) -> list[str]:
    """How this run differs from what was recorded."""
    before = json.loads(recorded.read_text()) if recorded.exists() else {}
    lines = []
    for name, kinds in found.items():
        for kind, prefixes in kinds.items():
            known = before.get(name, {}).get(kind, [])
            lines += [f"{name} {kind} {prefix}/, which is not recorded" for prefix in prefixes if prefix not in known]
            lines += [f"{name} {kind} {prefix}/ no more" for prefix in known if prefix not in prefixes]
    return lines
