#!/usr/bin/env python3
"""Checks Terraform files against the AWS provider's schema: what `terraform validate` would say, without the provider.

Reports unknown types of resources and data; arguments and blocks that are unknown, computed only, missing, of the
wrong primitive type or given too often; and references to what is not declared or has no such attribute.
Does not know conflicts, allowed values, and types that an expression gives.

    arguments.py --schema PACKAGE FOLDER…
"""

import argparse
import glob
import os
import re
import sys

import hcl2
from hcl2 import SerializationOptions

from provider_schema import META_ARGUMENTS, ProviderSchema

REFERENCE = re.compile(
    r"(?<![\w.])(data\.aws_\w+\.\w+|aws_\w+\.\w+|var\.\w+|local\.\w+|module\.\w+)(?:(?:\[[^\]]*\])?\.(\w+))?"
)


class Checker:
    def __init__(self, schema):
        self.schema = schema
        self.findings = set()

    def say(self, where, what):
        self.findings.add(f"{where}: {what}")

    def folder(self, folder):
        documents = []
        for path in sorted(glob.glob(os.path.join(folder, "*.tf"))):
            options = SerializationOptions(strip_string_quotes=True, with_comments=False)
            try:
                with open(path, encoding="utf-8") as file:
                    documents.append((path, hcl2.load(file, serialization_options=options)))
            except Exception as error:  # the parser has no error type of its own
                self.say(path, f"cannot be read: {str(error).splitlines()[0]}")
        declared = self.declarations(documents)
        for path, document in documents:
            self.references(path, document, declared)

    def declarations(self, documents):
        """Checks every resource, and returns what can be referred to, with its type where there is one."""
        declared = {}
        for path, document in documents:
            for kind in ("resource", "data"):
                for block in document.get(kind, []):
                    for name, named in block.items():
                        for label, body in named.items():
                            reference = f"{'data.' if kind == 'data' else ''}{name}.{label}"
                            if reference in declared:
                                self.say(path, f"{reference} is declared twice")
                            declared[reference] = self.resource(path, kind, name, reference, body)
            for section, prefix in (("variable", "var."), ("module", "module."), ("locals", "local.")):
                for block in document.get(section, []):
                    declared |= {prefix + name: None for name in block}
        return declared

    def resource(self, path, kind, name, reference, body):
        if not name.startswith("aws_"):
            return None
        found = self.schema.find(kind, name)
        if found is None:
            self.say(f"{path}: {reference}", f"provider {self.schema.version} has no {kind} `{name}`")
            return None
        self.body(f"{path}: {reference}", found, found.fields, body, top=True)
        return found

    def body(self, where, declared, fields, body, top=False):
        given = set()
        for name, value in body.items():
            if name.startswith("__") or (top and name in META_ARGUMENTS):
                continue
            if name == "dynamic":
                for blocks in value:
                    for label, block in blocks.items():
                        given.add(label)
                        self.dynamic(where, declared, fields, label, block)
                continue
            field = fields.get(name)
            if field is None:
                computed = top and name in declared.attributes
                self.say(where, f"`{name}` is {'computed and cannot be set' if computed else 'unknown'}")
                continue
            given.add(name)
            self.value(where, declared, name, field, value)
        for name, field in fields.items():
            if field.required and name not in given:
                self.say(where, f"`{name}` is missing")

    def dynamic(self, where, declared, fields, name, block):
        field = fields.get(name)
        if field is None:
            self.say(where, f'`dynamic "{name}"`: there is no such block')
            return
        keys = {key for key in block if not key.startswith("__")}
        for key in sorted({"for_each", "content"} - keys):
            self.say(where, f'`dynamic "{name}"`: `{key}` is missing')
        for key in sorted(keys - {"for_each", "content", "iterator", "labels"}):
            self.say(where, f'`dynamic "{name}"`: `{key}` is unknown')
        for content in block.get("content", []):
            self.body(f"{where}.{name}", declared, declared.interfaces.get(field.interface, {}), content)

    def value(self, where, declared, name, field, value):
        is_block = isinstance(value, list) and value and isinstance(value[0], dict) and value[0].get("__is_block__")
        if is_block:
            inner = declared.interfaces.get(field.interface)
            if inner is None:
                self.say(where, f"`{name}` is an argument, not a block")
                return
            if len(value) > 1 and not field.repeats:
                self.say(where, f"`{name}` is given {len(value)} times; it can be given once")
            for block in value:
                self.body(f"{where}.{name}", declared, inner, block)
        elif field.is_block:
            self.say(where, f"`{name}` is a block, not an argument")
        elif not literal_fits(field.type, value):
            self.say(where, f"`{name}` is {value!r}, which is no {field.type}")

    def references(self, path, document, declared):
        for text in strings(document):
            for expression in re.findall(r"\$\{((?:[^{}]|\{[^{}]*\})*)\}", text):
                expression = re.sub(r'"(?:[^"\\$]|\\.)*"', '""', expression)
                for match in REFERENCE.finditer(expression):
                    target, attribute = match[1], match[2]
                    if target not in declared:
                        self.say(path, f"`{target}` is not declared")
                    elif attribute and declared[target] and attribute not in declared[target].attributes:
                        self.say(path, f"`{target}` has no attribute `{attribute}`")


def literal_fits(kind, value):
    """Whether a value written out has the primitive type; expressions always do."""
    if value is None or isinstance(value, str) and "${" in value:
        return True
    if kind == "string":
        return isinstance(value, (str, int, float, bool))
    if kind == "number":
        is_text = isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value)
        return bool(is_text) or isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    if kind.endswith("[]"):
        return isinstance(value, list)
    if kind.startswith("{"):
        return isinstance(value, dict)
    return True


def strings(node):
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--schema", required=True, help="unpacked npm package @cdktn/provider-aws")
    arguments.add_argument("folders", nargs="+")
    options = arguments.parse_args()

    schema = ProviderSchema(options.schema)
    checker = Checker(schema)
    for folder in options.folders:
        checker.folder(folder)
    for finding in sorted(checker.findings):
        print(finding)
    print(f"arguments: {len(options.folders)} folders, provider {schema.version}, {len(checker.findings)} problems")
    sys.exit(1 if checker.findings else 0)


if __name__ == "__main__":
    main()
