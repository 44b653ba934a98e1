#!/usr/bin/env python3
"""Judges checkov's report: nothing may fail, and every exception has its reason where it is made and is still needed.

checkov … --output json | security.py FOLDER
"""

import json
import pathlib
import re
import sys

SKIP = re.compile(r"checkov:skip=(\w+)(.*)")


def main():
    folder = pathlib.Path(sys.argv[1])
    report = json.load(sys.stdin)
    if not isinstance(report, dict) or "results" not in report:
        raise SystemExit(f"security: checkov looked at nothing below {folder}")
    results = report["results"]
    findings = [f"{path}: checkov cannot read it" for path in results["parsing_errors"]]
    for check in results["failed_checks"]:
        line = check["file_line_range"][0]
        findings.append(
            f"{folder}{check['file_path']}:{line}: {check['resource']}: {check['check_id']} {check['check_name']}"
        )
    used = {(check["file_path"].lstrip("/"), check["check_id"]) for check in results["skipped_checks"]}
    for path in sorted(folder.rglob("*.tf")):
        if ".terraform" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = SKIP.search(line)
            if not match:
                continue
            if len(match[2].strip(": ")) < 8:
                findings.append(f"{path}:{number}: {match[1]} is skipped without a reason")
            if (str(path.relative_to(folder)), match[1]) not in used:
                findings.append(f"{path}:{number}: {match[1]} is skipped, but finds nothing here")
    for finding in findings:
        print(finding)
    passed, skipped = len(results["passed_checks"]), len(results["skipped_checks"])
    print(f"security: {passed} checks passed, {skipped} skipped with a reason, {len(findings)} problems")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
