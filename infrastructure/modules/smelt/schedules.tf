# Sources have the schedules of their definitions, to be pulled and to be reconciled; training, upkeep, the look for stale tables and, where it is
# asked for, a report of the month before happen for each dataset. Reports are in UTC whatever the zone of the others:
# `train` takes the month before by UTC, where it may still be the last of a month when the first has begun elsewhere.

locals {
  dataset_schedules = {
    train    = { expression = var.train_schedule, window_minutes = 60 }
    maintain = { expression = var.maintain_schedule, window_minutes = 60 }
    alert    = { expression = var.alert_schedule, window_minutes = 5 }
  }

  schedules = merge(
    {
      for key, source in module.definitions.sources : "ingest-${key}" => {
        function       = "ingest"
        expression     = source.expression
        time_zone      = source.time_zone
        window_minutes = 0
        input          = jsonencode({ dataset = source.dataset, source = source.source })
      }
    },
    {
      for key, source in module.definitions.reconciled : "reconcile-${key}" => {
        function       = "maintain"
        expression     = source.expression
        time_zone      = source.time_zone
        window_minutes = 0
        input          = jsonencode({ dataset = source.dataset, source = source.source })
      }
    },
    {
      for dataset in module.definitions.datasets : "report-${dataset}" => {
        function       = "train"
        expression     = var.report_schedule
        time_zone      = "UTC"
        window_minutes = 60
        input          = jsonencode({ report = "last_month", dataset = dataset })
      } if var.report_schedule != ""
    },
    [
      for function, schedule in local.dataset_schedules : {
        for dataset in module.definitions.datasets : "${function}-${dataset}" => {
          function       = function
          expression     = schedule.expression
          time_zone      = var.time_zone
          window_minutes = schedule.window_minutes
          input          = jsonencode({ dataset = dataset })
        }
      }
    ]...
  )
}

resource "aws_scheduler_schedule_group" "this" {
  name = local.name
}

resource "aws_scheduler_schedule" "this" {
  # checkov:skip=CKV_AWS_297: the input names a dataset and a source; it gets the own key where there is one
  for_each = local.schedules

  name        = each.key
  group_name  = aws_scheduler_schedule_group.this.name
  description = "${each.value.function}: ${each.value.input}"
  state       = var.schedules_enabled ? "ENABLED" : "DISABLED"
  kms_key_arn = local.kms_key_arn

  schedule_expression          = each.value.expression
  schedule_expression_timezone = each.value.time_zone

  # Datasets need not start in the same second.
  flexible_time_window {
    mode                      = each.value.window_minutes > 0 ? "FLEXIBLE" : "OFF"
    maximum_window_in_minutes = each.value.window_minutes > 0 ? each.value.window_minutes : null
  }

  target {
    arn      = aws_lambda_alias.live[each.value.function].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = each.value.input

    # Only for handing over. A wake-up that is hours late is of no use: the next one does its work.
    retry_policy {
      maximum_event_age_in_seconds = 900
      maximum_retry_attempts       = 3
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }
}

data "aws_iam_policy_document" "scheduler_assumes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_scheduler_schedule_group.this.arn]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name                 = "${local.name}-scheduler"
  description          = "Wakes functions by schedule"
  assume_role_policy   = data.aws_iam_policy_document.scheduler_assumes.json
  permissions_boundary = local.permissions_boundary
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "Wake"
    actions   = ["lambda:InvokeFunction"]
    resources = [for name in keys(local.scheduled) : aws_lambda_alias.live[name].arn]
  }

  statement {
    sid       = "Undelivered"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.undelivered.arn]
  }

  dynamic "statement" {
    for_each = local.own_key ? [1] : []

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.kms_key_arn]
    }
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "scheduler"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
