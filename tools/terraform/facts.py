#!/usr/bin/env python3
"""Checks what AWS would find wrong only at run time, or nobody at all, in states applied with the stand-in provider.

facts.py STATE…
"""

import json
import sys


class Deployment:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        self.path, self.resources = path, {}
        for resource in state["resources"]:
            if resource["mode"] == "managed":
                for instance in resource["instances"]:
                    address = resource["type"], resource["name"]
                    self.resources.setdefault(address, {})[instance.get("index_key")] = instance["attributes"]

    def all(self, kind):
        return [
            attributes
            for (found, _), instances in self.resources.items()
            if found == kind
            for attributes in instances.values()
        ]

    def named(self, kind, name):
        return self.resources.get((kind, name), {})


def queues_give_functions_time(d):
    functions = d.named("aws_lambda_function", "this")
    for name, queue in d.named("aws_sqs_queue", "wake").items():
        if queue["visibility_timeout_seconds"] <= functions[name]["timeout"]:
            yield f"{queue['name']} hands a wake-up out again while its function may still be at work"


def dead_letters_are_kept_longer(d):
    arns = {queue["arn"]: queue for queue in d.all("aws_sqs_queue")}
    for queue in d.named("aws_sqs_queue", "wake").values():
        policy = json.loads(queue["redrive_policy"])
        dead = arns[policy["deadLetterTargetArn"]]
        if dead["message_retention_seconds"] <= queue["message_retention_seconds"]:
            yield f"{dead['name']} forgets wake-ups as soon as {queue['name']} does"
        if policy["maxReceiveCount"] < 5:
            yield f"{queue['name']} gives up after fewer than five tries"


def batches_may_fail_in_part(d):
    for mapping in d.all("aws_lambda_event_source_mapping"):
        if "ReportBatchItemFailures" not in (mapping["function_response_types"] or []):
            yield f"{mapping['function_name']}: what failed in a batch is deleted with the rest"


def everything_is_called_by_its_alias(d):
    aliases = {alias["arn"] for alias in d.all("aws_lambda_alias")}
    for mapping in d.all("aws_lambda_event_source_mapping"):
        if mapping["function_name"] not in aliases:
            yield f"a queue calls {mapping['function_name']}, which is no alias"
    for schedule in d.all("aws_scheduler_schedule"):
        if schedule["target"][0]["arn"] not in aliases:
            yield f"schedule {schedule['name']} calls {schedule['target'][0]['arn']}, which is no alias"
    for permission in d.all("aws_lambda_permission"):
        if permission["qualifier"] != "live":
            yield f"{permission['statement_id']} is allowed to call a version that nobody calls"


def scheduled_functions_say_what_failed(d):
    configured = {(c["function_name"], c["qualifier"]) for c in d.all("aws_lambda_function_event_invoke_config")}
    for schedule in d.all("aws_scheduler_schedule"):
        function = tuple(schedule["target"][0]["arn"].split(":")[-2:])
        if function not in configured:
            yield f"{function[0]} is called by a schedule, and nobody learns that it failed"
        json.loads(schedule["target"][0]["input"])


def notifications_do_not_overlap(d):
    for notification in d.all("aws_s3_bucket_notification"):
        prefixes = sorted(queue["filter_prefix"] for queue in notification["queue"])
        for first, second in zip(prefixes, prefixes[1:]):
            if second.startswith(first):
                yield f"notifications for {first} and {second} overlap: S3 refuses them"
    if len(d.all("aws_s3_bucket_notification")) != 1:
        yield "a bucket can have one configuration of notifications; others would overwrite it"


def functions_log_where_they_may(d):
    groups = {group["name"] for group in d.all("aws_cloudwatch_log_group")}
    for function in d.all("aws_lambda_function"):
        if function["logging_config"][0]["log_group"] not in groups:
            yield f"{function['function_name']} logs into a group that keeps its logs for ever"


def environments_fit(d):
    for function in d.all("aws_lambda_function"):
        variables = function["environment"][0]["variables"]
        if sum(len(name) + len(value) for name, value in variables.items()) > 4096:
            yield f"{function['function_name']} has more than 4 KB of variables"
        for name, value in variables.items():
            if value is None:
                yield f"{function['function_name']}: {name} is null; an empty text is meant"


def messages_go_to_queues_that_are_there(d):
    queues = {queue["name"] for queue in d.all("aws_sqs_queue")}
    for function in d.all("aws_lambda_function"):
        urls = json.loads(function["environment"][0]["variables"].get("SMELT_API_REFRESH_QUEUES", "{}"))
        for url in urls.values():
            if url.rpartition("/")[2] not in queues:
                yield f"{function['function_name']} sends to {url}, which is no queue"


def the_gateway_keeps_out_nobody_whom_the_function_knows(d):
    variables = d.named("aws_lambda_function", "this")["api"]["environment"][0]["variables"]
    needs_no_published_key = variables["SMELT_API_KEYS_SECRET"] or variables["SMELT_API_HS256_SECRET"]
    routes = d.all("aws_apigatewayv2_route")
    for route in routes:
        asks, key = route["authorization_type"] == "JWT", route["route_key"]
        if asks and needs_no_published_key:
            yield f"{key} asks for a token that the gateway can check; others are good as well"
        if asks and key.split("/")[1] in ("health", "docs", "openapi.json"):
            yield f"{key} asks for a token"
    if routes and variables["SMELT_API_ACCESS"] == "checked":
        if not (variables["SMELT_API_JWT_ISSUER"] or variables["SMELT_API_KEYS_SECRET"]):
            yield "the API knows nobody"


def a_dashboard_is_handed_out_as_what_it_is(d):
    files = {file["key"]: file for file in d.all("aws_s3_object") if file["key"].startswith("dashboard/")}
    if files and not any(d.all("aws_cloudfront_distribution")):
        yield "nobody hands out the dashboard"
    for key, file in files.items():
        if not file["content_type"].startswith(("text/", "image/svg+xml", "application/json", "font/")):
            yield f"{key} is handed out as {file['content_type']}"
        if ("immutable" in file["cache_control"]) != key.startswith("dashboard/assets/"):
            yield f"{key} is kept as {file['cache_control']}"
    if d.all("aws_cloudfront_distribution"):
        named = json.loads(files["dashboard/config.json"]["content"]).get("api")
        there = [api["api_endpoint"] for api in d.all("aws_apigatewayv2_api")]
        if [named] != (there or [None]):
            yield f"the dashboard asks {named}, and the API is at {there}"


def names_fit(d):
    longest = {
        "aws_lambda_function": ("function_name", 64),
        "aws_iam_role": ("name", 64),
        "aws_scheduler_schedule": ("name", 64),
        "aws_sqs_queue": ("name", 80),
        "aws_s3_bucket": ("bucket", 63),
        "aws_glue_catalog_table": ("name", 255),
    }
    for kind, (attribute, most) in longest.items():
        for resource in d.all(kind):
            if len(resource[attribute]) > most:
                yield f"{kind} {resource[attribute]}: {len(resource[attribute])} characters, at most {most}"


def alarms_reach_somebody(d):
    topics = {topic["arn"] for topic in d.all("aws_sns_topic")}
    alarms = d.all("aws_cloudwatch_metric_alarm")
    for alarm in alarms:
        if not set(alarm["alarm_actions"] or []) & topics:
            yield f"alarm {alarm['alarm_name']} tells nobody"
    watched = {alarm["dimensions"].get("QueueName") for alarm in alarms if alarm["dimensions"]}
    if alarms:
        for queue in d.all("aws_sqs_queue"):
            if queue["name"] not in watched:
                yield f"no alarm watches {queue['name']}"


def buckets_are_closed(d):
    for kind in ("public_access_block", "versioning", "lifecycle_configuration", "policy", "ownership_controls"):
        closed = {resource["bucket"] for resource in d.all(f"aws_s3_bucket_{kind}")}
        for bucket in d.all("aws_s3_bucket"):
            if bucket["bucket"] not in closed:
                yield f"{bucket['bucket']} has no aws_s3_bucket_{kind}"


CHECKS = [check for check in list(globals().values()) if callable(check) and check not in (Deployment,)]


def main():
    problems = 0
    for path in sys.argv[1:]:
        deployment = Deployment(path)
        if not deployment.all("aws_lambda_function"):
            raise SystemExit(f"facts: {path} holds no functions")
        for check in CHECKS:
            for problem in check(deployment):
                problems += 1
                print(f"{path}: {problem}")
    print(f"facts: {len(CHECKS)} checks of {len(sys.argv) - 1} deployments, {problems} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
