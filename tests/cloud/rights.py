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
HOW_TO_UPDATE = 'if that is meant: make e2e ARGS="--touched infrastructure/touched.json", and look at the difference'
Touched = dict[str, dict[str, list[str]]]


# Rights that nobody uses here, and why they are given.
UNUSED = {
    "maintain reads a secret": "no portal is reconciled here",
}
# What a function may do besides, by the service that it asks.
SERVICES = {"sns": "publishes", "secretsmanager": "reads a secret", "sqs": "sends messages"}


def touched(clouds: list[Cloud]) -> Touched:
    """Of all clouds together, in an order that does not change."""
    return {
        name: {kind: sorted(set().union(*(cloud.tally.touched[name][kind] for cloud in clouds))) for kind in KINDS}
        for name in sorted(terraform.functions())
    }


def asked(clouds: list[Cloud]) -> dict[str, set[str]]:
    """The services that each function asked, in any of the clouds."""
    return {
        name: {service for service in SERVICES if any(cloud.tally.services[name][service] for cloud in clouds)}
        for name in terraform.functions()
    }


def granted(declared: terraform.Declared) -> set[str]:
    """The services that a function may ask."""
    may = {"sns": declared.publishes, "secretsmanager": declared.secrets, "sqs": declared.sends}
    return {service for service, is_granted in may.items() if is_granted}


def as_text(found: Touched) -> str:
    return json.dumps(found, indent=2) + "\n"


def not_granted(clouds: list[Cloud]) -> list[str]:
    """What was touched without a right, with the request that did it."""
    lines = []
    for name, declared in terraform.functions().items():
        for cloud in clouds:
            for kind in KINDS:
                touched_here = sorted(cloud.tally.touched[name][kind])
                for prefix in [prefix for prefix in touched_here if not declared.may(kind, prefix)]:
                    lines.append(f"{name} {kind} {prefix}/: {cloud.tally.examples[name, kind, prefix]}")
        lines += [f"{name} {SERVICES[service]}" for service in asked(clouds)[name] - granted(declared)]
    return sorted(set(lines))


def not_used(found: Touched, asked_services: dict[str, set[str]]) -> list[str]:
    """Rights that nobody used without a reason, and reasons for rights that were used."""
    lines = []
    for name, declared in terraform.functions().items():
        for kind in ("reads", "writes", "deletes"):
            unused = getattr(declared, kind) - set(found[name][kind])
            lines += [f"{name} {kind} {prefix}/" for prefix in sorted(unused)]
        lines += [f"{name} {SERVICES[service]}" for service in sorted(granted(declared) - asked_services[name])]
    missing = [f"{line}: take the right away, or say why it is given" for line in lines if line not in UNUSED]
    return missing + [f"{line} was used: the reason why not is out of date" for line in UNUSED if line not in lines]


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
