#!/usr/bin/env python3
"""A stand-in for the AWS provider: lets Terraform itself validate, plan and apply, with no account and no network.

It knows the provider's schema and nothing of AWS. What AWS would compute (an ARN, a URL) it makes up; policy documents
it renders as the provider does. So every expression, reference, loop and condition is evaluated by Terraform, and the
state that comes out holds each policy and each setting as it would be sent.

Prints the line for TF_REATTACH_PROVIDERS and serves until its standard input ends.
"""

import argparse
import json
import os
import re
import sys
from concurrent import futures

import grpc
import msgpack
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from policy_document import render
from provider_schema import ProviderSchema

ACCOUNT = "123456789012"
REGION = "eu-central-1"
UNKNOWN = msgpack.ExtType(0, b"\x00")
PROVIDER = "hashicorp/aws"

# Of the provider itself, which the declarations do not cover: what the configurations here set.
PROVIDER_BLOCK = {
    "attributes": {"region": "string", "profile": "string", "allowed_account_ids": ["set", "string"]},
    "blocks": {"default_tags": {"tags": ["map", "string"]}},
}

# Answers of data sources that are not computed from their arguments.
DATA = {
    "aws_caller_identity": {"account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/stub", "user_id": "stub"},
    "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com"},
    "aws_region": {"region": REGION, "name": REGION},
}


def cty(declared):
    """The type of an attribute in Terraform's notation."""
    declared = declared.replace(" | cdktn.IResolvable", "").strip()
    simple = {"string": "string", "number": "number", "boolean": "bool", "cdktn.StringMap": ["map", "string"]}
    if declared in simple:
        return simple[declared]
    if declared.endswith("[]") and declared[:-2] in simple:
        return ["list", simple[declared[:-2]]]
    if declared.startswith("{"):
        return ["map", "string"]
    return "dynamic"


class Layout:
    """Names and types of a resource's attributes and blocks."""

    def __init__(self, declared, interface=None):
        fields = declared.interfaces[interface or declared.top]
        self.attributes, self.blocks, self.computed = {}, {}, set()
        for name, field in fields.items():
            if field.is_block and field.interface in declared.interfaces:
                self.blocks[name] = (field, Layout(declared, field.interface))
            else:
                self.attributes[name] = (cty(field.type), field.required)
        if interface is None:
            for name, read in declared.attributes.items():
                if name in self.attributes or name in self.blocks or read.endswith("OutputReference"):
                    continue
                self.attributes[name] = (cty(read), False)
                self.computed.add(name)
            self.computed.add("id")
            self.attributes.setdefault("id", ("string", False))

    def message(self):
        block = pb.Schema.Block(
            attributes=[
                pb.Schema.Attribute(
                    name=name,
                    type=json.dumps(kind).encode(),
                    required=required,
                    optional=not required and (name not in self.computed or name == "id"),
                    computed=not required,
                )
                for name, (kind, required) in sorted(self.attributes.items())
            ],
            block_types=[
                pb.Schema.NestedBlock(
                    type_name=name,
                    block=layout.message(),
                    nesting=pb.Schema.NestedBlock.LIST,
                    min_items=1 if field.required else 0,
                    max_items=0 if field.repeats else 1,
                )
                for name, (field, layout) in sorted(self.blocks.items())
            ],
        )
        return block


def provider_message():
    attribute = lambda name, kind: pb.Schema.Attribute(name=name, type=json.dumps(kind).encode(), optional=True)
    return pb.Schema.Block(
        attributes=[attribute(name, kind) for name, kind in PROVIDER_BLOCK["attributes"].items()],
        block_types=[
            pb.Schema.NestedBlock(
                type_name=name,
                nesting=pb.Schema.NestedBlock.LIST,
                max_items=1,
                block=pb.Schema.Block(attributes=[attribute(*item) for item in inner.items()]),
            )
            for name, inner in PROVIDER_BLOCK["blocks"].items()
        ],
    )


def pack(value):
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def unpack(dynamic):
    return msgpack.unpackb(dynamic.msgpack, ext_hook=lambda code, data: UNKNOWN, strict_map_key=False)


def made_up(resource, name, kind, values):
    """What AWS would have computed."""
    label = next(
        (values[key] for key in ("function_name", "bucket", "name", "alias") if isinstance(values.get(key), str)),
        resource.removeprefix("aws_").replace("_", "-"),
    )
    # These differ between resources of one name; an id that is the name would hide a mistaken reference.
    if name == "arn":
        service = resource.split("_")[1]
        if resource == "aws_s3_bucket":
            return f"arn:aws:s3:::{label}"
        if resource == "aws_iam_role":
            return f"arn:aws:iam::{ACCOUNT}:role/{label}"
        if resource == "aws_iam_policy":
            return f"arn:aws:iam::{ACCOUNT}:policy/{label}"
        if resource == "aws_sqs_queue":
            return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{label}"
        if resource == "aws_sns_topic":
            return f"arn:aws:sns:{REGION}:{ACCOUNT}:{label}"
        if resource == "aws_lambda_function":
            return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{label}"
        if resource == "aws_lambda_alias":
            return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{label}:{values.get('name')}"
        if resource == "aws_cloudwatch_log_group":
            return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{label}"
        if resource == "aws_secretsmanager_secret":
            return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{label}-AbCdEf"
        if resource == "aws_cloudfront_distribution":
            return f"arn:aws:cloudfront::{ACCOUNT}:distribution/E123EXAMPLE"
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource.removeprefix('aws_' + service + '_')}/{label}"
    if name == "id" and resource in ("aws_s3_bucket", "aws_iam_role", "aws_cloudwatch_log_group"):
        return label
    if name == "id" and resource == "aws_cloudfront_distribution":
        return "E123EXAMPLE"
    if name == "url":
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{label}"
    if name == "version" and resource == "aws_lambda_function":
        return "1"
    if name == "api_endpoint":
        return f"https://a1b2c3d4e5.execute-api.{REGION}.amazonaws.com"
    if name == "execution_arn":
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5"
    if name == "domain_name" and resource == "aws_cloudfront_distribution":
        return "d123example.cloudfront.net"
    if name == "bucket_regional_domain_name":
        return f"{label}.s3.{REGION}.amazonaws.com"
    return {"string": f"stub-{name}-of-{label}", "number": 1, "bool": False}.get(str(kind))


class Provider(rpc.ProviderServicer):
    def __init__(self, schema, resources, data):
        self.layouts = {}
        for kind, names in (("resource", resources), ("data", data)):
            for name in names:
                declared = schema.find(kind, name)
                if declared is not None:
                    self.layouts[kind, name] = Layout(declared)

    def GetMetadata(self, request, context):
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "asked for the schema instead")

    def GetProviderSchema(self, request, context):
        schema = lambda block: pb.Schema(version=0, block=block)
        return pb.GetProviderSchema.Response(
            provider=schema(provider_message()),
            provider_meta=schema(pb.Schema.Block()),
            resource_schemas={
                name: schema(layout.message()) for (kind, name), layout in self.layouts.items() if kind == "resource"
            },
            data_source_schemas={
                name: schema(layout.message()) for (kind, name), layout in self.layouts.items() if kind == "data"
            },
        )

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        return pb.ConfigureProvider.Response()

    def UpgradeResourceState(self, request, context):
        state = json.loads(request.raw_state.json)
        return pb.UpgradeResourceState.Response(upgraded_state=pack(self._wrapped(request.type_name, state)))

    def _wrapped(self, name, state):
        """Values of dynamic type as they are sent: with their type."""
        layout = self.layouts["resource", name]
        for attribute, (kind, _) in layout.attributes.items():
            if kind == "dynamic" and isinstance(state.get(attribute), dict) and "type" in state[attribute]:
                inner = state[attribute]
                state[attribute] = [json.dumps(inner["type"]).encode(), inner["value"]]
        return state

    def ReadResource(self, request, context):
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(self, request, context):
        planned = unpack(request.proposed_new_state)
        if planned is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        prior = unpack(request.prior_state)
        layout = self.layouts["resource", request.type_name]
        for name in layout.computed:
            if prior is None and planned.get(name) is None and layout.attributes[name][0] != "dynamic":
                planned[name] = UNKNOWN
        return pb.PlanResourceChange.Response(planned_state=pack(planned))

    def ApplyResourceChange(self, request, context):
        planned = unpack(request.planned_state)
        if planned is not None:
            layout = self.layouts["resource", request.type_name]
            for name, value in planned.items():
                if value == UNKNOWN:
                    planned[name] = made_up(request.type_name, name, layout.attributes[name][0], planned)
        return pb.ApplyResourceChange.Response(new_state=pack(planned))

    def ReadDataSource(self, request, context):
        values = unpack(request.config)
        layout = self.layouts["data", request.type_name]
        answers = DATA.get(request.type_name, {})
        if request.type_name == "aws_iam_policy_document":
            answers = {"json": render(values)}
        for name in layout.computed | set(answers):
            if values.get(name) is None:
                values[name] = answers.get(name) or made_up(request.type_name, name, layout.attributes[name][0], values)
        return pb.ReadDataSource.Response(state=pack(values))

    def StopProvider(self, request, context):
        return pb.StopProvider.Response()


def used_types(folders):
    """Resource and data types that the configurations name."""
    found = {"resource": set(), "data": set()}
    for folder in folders:
        for path in sorted(os.listdir(folder)):
            if path.endswith(".tf"):
                with open(os.path.join(folder, path), encoding="utf-8") as file:
                    for kind, name in re.findall(r'^(resource|data) "(aws_\w+)"', file.read(), re.M):
                        found[kind].add(name)
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--schema", required=True, help="unpacked npm package @cdktn/provider-aws")
    arguments.add_argument("folders", nargs="+", help="configurations, for the types that they use")
    options = arguments.parse_args()

    types = used_types(options.folders)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=[("grpc.max_receive_message_length", -1)])
    provider = Provider(ProviderSchema(options.schema), types["resource"], types["data"])
    rpc.add_ProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    address = {"Network": "tcp", "String": f"127.0.0.1:{port}"}
    attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    print(json.dumps({PROVIDER: attach}), flush=True)
    sys.stdin.read()
    server.stop(grace=0)


if __name__ == "__main__":
    main()
