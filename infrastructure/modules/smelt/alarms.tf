# docs/runbook.md has a chapter for each of these, under its name.
# The ops topic is told when one goes off, and when it is over.

locals {
  alarm_functions = var.alarms_enabled ? local.functions : {}
  alarm_queues    = var.alarms_enabled ? local.woken : {}
  alarm_dead      = var.alarms_enabled ? local.dead_letter_queues : {}
  alarm_api       = var.alarms_enabled ? local.api_count : 0

  # While schedules are off nobody looks, and all of these would go off for want of it.
  alarm_fresh = var.alarms_enabled && var.schedules_enabled ? module.definitions.fresh_tables : {}

  # rate(…) of an hour or less, or cron(…) of every hour of every day.
  looks_hourly = can(regex("^(rate\\((1 hours?|([1-9]|[1-5][0-9]|60) minutes?)\\)|cron\\([^ ]+ \\* (\\* \\* \\?|\\? \\* \\*) \\*\\))$", var.alert_schedule))
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.alarm_functions

  alarm_name        = "${local.name}-${each.key}-errors"
  alarm_description = "${each.key} broke off: an error, a time-out or no memory."
  namespace         = "AWS/Lambda"
  metric_name       = "Errors"
  dimensions        = { FunctionName = aws_lambda_function.this[each.key].function_name }
  statistic         = "Sum"

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.ops.arn]
  ok_actions    = [aws_sns_topic.ops.arn]
}

# A moment of it is normal and is made good by trying again.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = local.alarm_functions

  alarm_name        = "${local.name}-${each.key}-throttles"
  alarm_description = "${each.key} has been refused a place to run for 15 minutes: the account's concurrency is used up."
  namespace         = "AWS/Lambda"
  metric_name       = "Throttles"
  dimensions        = { FunctionName = aws_lambda_function.this[each.key].function_name }
  statistic         = "Sum"

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.ops.arn]
  ok_actions    = [aws_sns_topic.ops.arn]
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  for_each = local.alarm_functions

  alarm_name         = "${local.name}-${each.key}-duration"
  alarm_description  = "${each.key} takes more than 80 % of its time-out of ${local.sizes[each.key].timeout} s."
  namespace          = "AWS/Lambda"
  metric_name        = "Duration"
  dimensions         = { FunctionName = aws_lambda_function.this[each.key].function_name }
  extended_statistic = "p99"

  comparison_operator = "GreaterThanThreshold"
  threshold           = local.sizes[each.key].timeout * 1000 * 0.8
  period              = 3600
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.ops.arn]
  ok_actions    = [aws_sns_topic.ops.arn]
}

# A batch that failed in part is no error to Lambda; the functions count it themselves.
resource "aws_cloudwatch_metric_alarm" "runs_failed" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${local.name}-runs-failed"
  alarm_description = "A run failed or refused data. Its report is in failures/."

  # All functions and datasets in one alarm; GROUP BY would need one for each.
  metric_query {
    id          = "failed"
    label       = "failed runs"
    expression  = "SELECT SUM(RunsFailed) FROM SCHEMA(\"${local.namespace}\", dataset, \"function\")"
    period      = 300
    return_data = true
  }

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.ops.arn]
  ok_actions    = [aws_sns_topic.ops.arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.alarm_dead

  alarm_name        = "${local.name}-${each.key}-dead-letters"
  alarm_description = "Wake-ups lie in ${each.value} that nobody works on any more."
  namespace         = "AWS/SQS"
  metric_name       = "ApproximateNumberOfMessagesVisible"
  dimensions        = { QueueName = each.value }
  statistic         = "Maximum"

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.ops.arn]
  ok_actions    = [aws_sns_topic.ops.arn]
}

# Older than the visibility time-out means: at least one whole try has come to nothing.
resource "aws_cloudwatch_metric_alarm" "queue_age" {
  for_each = local.alarm_queues

  alarm_name        = "${local.name}-${each.key}-queue-age"
  alarm_description = "A wake-up of ${each.key} has waited for more than ${local.visibility_seconds[each.key]} s."
  namespace         = "AWS/SQS"
  metric_name       = "ApproximateAgeOfOldestMessage"
  dimensions        = { QueueName = aws_sqs_queue.wake[each.key].name }
  statistic         = "Maximum"

  comparison_operator = "GreaterThanThreshold"
  threshold           = local.visibility_seconds[each.key]
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.ops.arn]
  ok_actions    = [aws_sns_topic.ops.arn]
}

# `alert` says once an hour or more often how old the newest row is. Nothing said is as bad as too old.
resource "aws_cloudwatch_metric_alarm" "freshness" {
  for_each = local.alarm_fresh

  alarm_name        = "${local.name}-${each.key}-freshness"
  alarm_description = "The newest row of silver ${each.value.dataset}.${each.value.table} is older than ${each.value.hours} hours, or nobody has looked."
  namespace         = local.namespace
  metric_name       = "FreshnessSeconds"
  dimensions        = { dataset = each.value.dataset, table = each.value.table }
  statistic         = "Maximum"

  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.hours * 3600
  period              = 3600
  # The scheduler's window lets an hour pass without one; two have always one.
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  treat_missing_data  = "breaching"

  alarm_actions = [aws_sns_topic.ops.arn]
  ok_actions    = [aws_sns_topic.ops.arn]

  lifecycle {
    precondition {
      condition     = local.looks_hourly
      error_message = "alert_schedule looks for stale tables less often than hourly, and the alarms on freshness go off after two hours without a look. Write rate(1 hour) or less, or cron(0 * * * ? *); or leave out the alarms by alarms_enabled = false."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "api" {
  count = local.alarm_api

  alarm_name        = "${local.name}-api-5xx"
  alarm_description = "The API answered with 5xx more than five times in five minutes."
  namespace         = "AWS/ApiGateway"
  metric_name       = "5xx"
  dimensions        = { ApiId = aws_apigatewayv2_api.this[0].id }
  statistic         = "Sum"

  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.ops.arn]
  ok_actions    = [aws_sns_topic.ops.arn]
}
