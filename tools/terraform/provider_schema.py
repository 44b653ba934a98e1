"""The AWS provider's schema, read from the TypeScript declarations of the npm package @cdktn/provider-aws.

Terraform itself asks the provider's binary for its schema. That needs the provider's registry, which not every machine
reaches; the declarations of the npm package are generated from the same schema, for one version of the provider.

What they do not tell: allowed values, conflicts between arguments, lists from sets, and which of the optional
arguments are computed when they are not set.
"""

import glob
import json
import os
import re
from dataclasses import dataclass

# Arguments of every resource that belong to Terraform and not to the provider.
META_ARGUMENTS = {"count", "for_each", "depends_on", "provider", "lifecycle", "connection", "provisioner"}

_FIELD = re.compile(
    r"/\*\*(?P<doc>(?:(?!\*/).)*?)\*/\s*readonly (?P<camel>\w+)(?P<optional>\??): (?P<type>[^;]+);", re.S
)
_INTERFACE = re.compile(r"^export interface (\w+)(?: extends [\w.]+)? \{\n(.*?)^\}", re.S | re.M)
_GETTER = re.compile(r"^    get (\w+)\(\): (.*)$", re.M)


def snake(camel):
    return re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])", lambda m: "_" + m.group(0), camel).lower()


@dataclass(frozen=True)
class Field:
    """An argument or a block that can be set."""

    type: str
    required: bool
    is_block: bool

    @property
    def repeats(self):
        return self.type.endswith("[]")

    @property
    def interface(self):
        """The declaration of what is inside, if the field is a block or an object."""
        return re.sub(r"[\[\]]|\s.*", "", self.type)


@dataclass(frozen=True)
class Type:
    """A resource or a data source."""

    top: str
    interfaces: dict
    # Types of attributes that can be read: what is set, and what the provider computes.
    attributes: dict

    @property
    def fields(self):
        return self.interfaces[self.top]


class ProviderSchema:
    def __init__(self, package):
        self._loaded = {}
        self._paths = {}
        with open(os.path.join(package, "package.json"), encoding="utf-8") as file:
            meta = json.load(file)
        self.version = meta.get("cdktn", {}).get("provider", {}).get("version", "?")
        for path in glob.glob(os.path.join(package, "lib", "*", "index.d.ts")):
            folder = os.path.basename(os.path.dirname(path))
            is_data = folder.startswith("data-aws-")
            kind = "data" if is_data else "resource"
            # Folders cut names at digits in another way than types: compared without separators.
            self._paths[kind, folder.removeprefix("data-aws-").replace("-", "")] = path
        if not self._paths:
            raise SystemExit(f"{package} holds no declarations")

    def find(self, kind, name):
        """The type of a resource (`kind` is `resource`) or a data source (`data`), or None."""
        path = self._paths.get((kind, name.removeprefix("aws_").replace("_", "")))
        if path is None:
            return None
        if path not in self._loaded:
            self._loaded[path] = _parse(path)
        declared, parsed = self._loaded[path]
        return parsed if declared == name else None


def _parse(path):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    name = re.search(r'tfResourceType = "(\w+)"', source)[1]
    interfaces = {interface: _fields(body) for interface, body in _INTERFACE.findall(source)}
    top = next(
        interface
        for interface in interfaces
        if interface.endswith("Config") and re.search(rf"constructor\([^)]*config\??: {interface}\)", source, re.S)
    )
    # The last class is the resource; those before it are its blocks.
    main = source[source.rindex("export declare class", 0, source.index("tfResourceType")) :]
    attributes = {
        snake(getter): result.rstrip(";") for getter, result in _GETTER.findall(main) if not getter.endswith("Input")
    }
    for field, declared in interfaces[top].items():
        attributes.setdefault(field, declared.type)
    attributes.setdefault("id", "string")
    return name, Type(top, interfaces, attributes)


def _fields(body):
    fields = {}
    for match in _FIELD.finditer(body):
        # The link in the comment has the name as Terraform spells it.
        anchor = re.search(r"#(\w+) \w+#\w+\}", match["doc"])
        fields[anchor[1] if anchor else snake(match["camel"])] = Field(
            type=match["type"].replace(" | cdktn.IResolvable", "").strip(),
            required=not match["optional"],
            is_block=re.search(r"^\s*\*\s*\w+ block\s*$", match["doc"], re.M) is not None,
        )
    return fields
