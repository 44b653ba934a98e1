#!/usr/bin/env python3
"""Whether the documents keep up: each variable is in infrastructure/README.md, each alarm in docs/runbook.md."""

import pathlib
import re
import sys


def main():
    module = pathlib.Path("infrastructure/modules/smelt")
    readme = pathlib.Path("infrastructure/README.md").read_text(encoding="utf-8")
    runbook = pathlib.Path("docs/runbook.md").read_text(encoding="utf-8")
    sources = {path.name: path.read_text(encoding="utf-8") for path in module.glob("*.tf")}

    findings = []
    variables = [name for source in sources.values() for name in re.findall(r'^variable "(\w+)"', source, re.M)]
    for name in variables:
        if f"| `{name}` |" not in readme:
            findings.append(f"infrastructure/README.md: the table of variables lacks `{name}`")
    for name in re.findall(r"^\| `(\w+)` \| (?:required|`[^|]*`) \|", readme, re.M):
        if name not in variables:
            findings.append(f"infrastructure/README.md: there is no variable `{name}`")
    # "${local.name}-${each.key}-queue-age" is the chapter `…-queue-age`.
    alarms = [
        re.sub(r"^-|\$\{[^}]*\}-?", "", name)
        for name in re.findall(r'alarm_name\s*= "\$\{local\.name\}-([^"]*)"', sources["alarms.tf"])
    ]
    for name in alarms:
        if not re.search(rf"^### .*`[^`]*{re.escape(name)}`", runbook, re.M):
            findings.append(f"docs/runbook.md: the alarm {name} has no chapter")
    for finding in findings:
        print(finding)
    print(f"documents: {len(variables)} variables, {len(alarms)} kinds of alarms, {len(findings)} problems")
    sys.exit(1 if findings or not variables or not alarms else 0)


if __name__ == "__main__":
    main()
