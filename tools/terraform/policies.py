#!/usr/bin/env python3
"""Checks the rights that roles get: whether each action exists and is given on resources that it knows.

Reads states that were applied with the stand-in provider, because only there the policies are complete.

    policies.py STATE…
"""

import json
import sys
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from parliament import analyze_policy_string

# What is meant, by kind of finding: part of its text, and why.
EXPECTED = {
    "RESOURCE_STAR": [
        ("ec2:CreateNetworkInterface", "interfaces have no names before Lambda makes them"),
    ],
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": [
        ("s3:PutBucket", "who deploys manages the buckets' policies; the environment's reviewers stand before that"),
        ("s3:PutLifecycleConfiguration", "the same"),
    ],
    "RESOURCE_MISMATCH": [
        ("athena:TagResource", "tags of other kinds of Athena's resources, which are not given on purpose"),
    ],
}
LONGEST_MANAGED, LONGEST_INLINE = 6144, 10240


def policies(state):
    for resource in state["resources"]:
        if resource["mode"] == "managed" and resource["type"] in ("aws_iam_policy", "aws_iam_role_policy"):
            for instance in resource["instances"]:
                yield (
                    resource["type"],
                    instance["attributes"]["name"],
                    instance.get("index_key"),
                    instance["attributes"]["policy"],
                )


def main():
    findings, count = set(), 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        for kind, name, key, policy in policies(state):
            count += 1
            where = f"{name} {key or ''}".strip()
            longest = LONGEST_MANAGED if kind == "aws_iam_policy" else LONGEST_INLINE
            length = len("".join(policy.split()))
            if length > longest:
                findings.add(f"{where}: {length} characters, at most {longest} are allowed")
            for finding in analyze_policy_string(policy).findings:
                detail = str(finding.detail)
                if not any(part in detail for part, _ in EXPECTED.get(finding.issue, [])):
                    findings.add(f"{where}: {finding.issue}: {detail[:400]}")
    if count == 0:
        raise SystemExit("policies: there are none")
    for finding in sorted(findings):
        print(finding)
    print(f"policies: {count} policies, {len(findings)} problems")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
