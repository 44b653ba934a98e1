#!/usr/bin/env python3
"""Checks what AWS would find wrong only at run time, or nobody at all, in states applied with the stand-in provider.

facts.py STATE…
"""

import json
import pathlib
import sys

import yaml

DATASETS = pathlib.Path("datasets")
RUNBOOK = pathlib.Path("docs/runbook.md")
VOLUMES = pathlib.Path("infrastructure/cost/volumes.yaml")


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
    keys = {route["route_key"]: route["authorization_type"] for route in routes}
    # Without a route of its own a path falls to the one that asks.
    for key in ("GET /health", "GET /health/ready", "GET /openapi.json"):
        if "JWT" in keys.values() and keys.get(key) != "NONE":
            yield f"{key} needs a token, and whoever looks whether the API lives has none"
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


def schedules_run(d):
    return any(schedule["state"] == "ENABLED" for schedule in d.all("aws_scheduler_schedule"))


def freshness_is_watched_while_schedules_run(d):
    watched = bool(d.named("aws_cloudwatch_metric_alarm", "freshness"))
    if d.all("aws_cloudwatch_metric_alarm") and watched != schedules_run(d):
        yield "alarms on freshness wait for schedules that are off" if watched else "nobody watches freshness"


def reports_are_of_the_month_that_is_over_in_utc(d):
    for schedule in d.all("aws_scheduler_schedule"):
        zone = schedule["schedule_expression_timezone"]
        if "report" in json.loads(schedule["target"][0]["input"]) and zone != "UTC":
            yield f"{schedule['name']} runs in {zone}, and its function takes the month before by UTC"


def the_cost_counts_the_alarms_that_there_are(d):
    counted = yaml.safe_load(VOLUMES.read_text(encoding="utf-8"))["alarms"]
    alarms = len(d.all("aws_cloudwatch_metric_alarm"))
    # Without schedules there are fewer.
    if d.all("aws_apigatewayv2_api") and schedules_run(d) and alarms != counted:
        yield f"there are {alarms} alarms, and {VOLUMES} counts {counted}"


def the_runbook_says_how_long_dead_letters_have_been_tried(d):
    hours = {}
    for name, queue in d.named("aws_sqs_queue", "wake").items():
        tries = json.loads(queue["redrive_policy"])["maxReceiveCount"]
        hours[name] = f"{tries * queue['visibility_timeout_seconds'] / 3600:.1f}"
    said = f"(ingest {hours['ingest']} hours, silver and gold {hours['silver']}, alert {hours['alert']})"
    if said not in RUNBOOK.read_text(encoding="utf-8") or hours["silver"] != hours["gold"]:
        yield f"{RUNBOOK} does not say {said}, gold {hours['gold']}"


# Of a field of a schedule: its least and its largest value, and names of values.
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
FIELDS = [(0, 59, {}), (0, 23, {}), (1, 31, {}), (1, 12, dict(zip(MONTHS, range(1, 13))))]


def values_of(field, least, largest, names):
    """The values for which a field of a cron or of an expression of the scheduler stands."""
    found = set()
    for part in field.upper().split(","):
        part, _, step = part.partition("/")
        first, _, last = part.partition("-")
        if part in ("*", "?"):
            first, last = least, largest
        else:
            first = int(names.get(first, first))
            last = int(names.get(last, last)) if last else (largest if step else first)
        found.update(range(first, last + 1, int(step or 1)))
    return found


def times_of(fields, days_of_week, first_day):
    """The values of minute, hour, day, month, and the days of the week from Sunday = 0."""
    numbers = {name: number + first_day for number, name in enumerate(DAYS)}
    days = values_of(days_of_week, first_day, first_day + 6, numbers)
    times = [values_of(field, *kind) for field, kind in zip(fields, FIELDS, strict=True)]
    return [*times, {(day - first_day) % 7 for day in days}]


# What a definition asks for, by the field of a source: how the schedule's name starts, and the function that it wakes.
ASKED = {"schedule": ("ingest-", "ingest"), "reconcile": ("reconcile-", "maintain")}


def sources_are_pulled_and_reconciled_when_their_definitions_say(d):
    deployed = {schedule["name"]: schedule for schedule in d.all("aws_scheduler_schedule")}
    aliases = {name: alias["arn"] for name, alias in d.named("aws_lambda_alias", "live").items()}
    expected = {}
    for path in sorted(DATASETS.glob("*/dataset.yaml")):
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
        dataset = definition["dataset"]
        for name, source in (definition.get("sources") or {}).items():
            for field, (start, function) in ASKED.items():
                if field in source:
                    expected[f"{start}{dataset}-{name}"] = function, source[field], {"dataset": dataset, "source": name}
    starts = tuple(start for start, _ in ASKED.values())
    found = {name for name in deployed if name.startswith(starts)}
    if found != set(expected) or not all(any(name.startswith(start) for name in expected) for start in starts):
        yield f"schedules are {sorted(found)}, definitions have {sorted(expected)}"
        return
    for name, (function, schedule, event) in expected.items():
        expression = deployed[name]["schedule_expression"]
        *fields, day_of_week, year = expression.removeprefix("cron(").removesuffix(")").split()
        *defined, defined_day_of_week = schedule["cron"].split()
        is_same = times_of(fields, day_of_week, 1) == times_of(defined, defined_day_of_week, 0) and year == "*"
        if not is_same:
            yield f"{name} is {expression}, and the definition says {schedule['cron']}"
        if deployed[name]["schedule_expression_timezone"] != schedule["time_zone"]:
            yield f"{name} is in another zone than {schedule['time_zone']}"
        target = deployed[name]["target"][0]
        if target["arn"] != aliases[function]:
            yield f"{name} wakes {target['arn']}, and {function} is meant"
        if json.loads(target["input"]) != event:
            yield f"{name} sends {target['input']}"


def buckets_are_closed(d):
    for kind in ("public_access_block", "versioning", "lifecycle_configuration", "policy", "ownership_controls"):
        closed = {resource["bucket"] for resource in d.all(f"aws_s3_bucket_{kind}")}
        for bucket in d.all("aws_s3_bucket"):
            if bucket["bucket"] not in closed:
                yield f"{bucket['bucket']} has no aws_s3_bucket_{kind}"


NO_CHECKS = (Deployment, schedules_run, values_of, times_of)
CHECKS = [check for check in list(globals().values()) if callable(check) and check not in NO_CHECKS]


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
