"""Renders the arguments of an `aws_iam_policy_document` as the provider does: to the policy's JSON."""

import json


def render(document):
    # Statements of the documents that this one goes on from come first.
    sources = [json.loads(source) for source in document.get("source_policy_documents") or []]
    statements = [statement for source in sources for statement in source["Statement"]]
    statements += [_statement(statement) for statement in document.get("statement") or []]
    policy = {"Version": document.get("version") or "2012-10-17", "Statement": statements}
    if document.get("policy_id"):
        policy["Id"] = document["policy_id"]
    return json.dumps(policy, indent=2)


def _statement(source):
    statement = {"Effect": source.get("effect") or "Allow"}
    if source.get("sid"):
        statement["Sid"] = source["sid"]
    for argument, element in (
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ):
        if source.get(argument):
            statement[element] = _short(source[argument])
    for argument, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if source.get(argument):
            statement[element] = _principals(source[argument])
    for condition in source.get("condition") or []:
        tests = statement.setdefault("Condition", {}).setdefault(condition["test"], {})
        tests[condition["variable"]] = _short(condition["values"])
    return statement


def _principals(blocks):
    if any(block["type"] == "*" for block in blocks):
        return "*"
    return {block["type"]: _short(block["identifiers"]) for block in blocks}


def _short(values):
    return values[0] if len(values) == 1 else sorted(values)
