# S3 -> queue -> function. What fails ten times goes to the queue's dead letters, where an alarm sees it.

locals {
  # How long Lambda gathers wake-ups before it calls the function.
  batching_seconds = 20

  # A wake-up that is still being worked on must not be handed out again; one whose work was more than a
  # call could do goes on after this time, so it is no longer than it has to be. AWS advises six times the
  # timeout for pollers that are throttled: ours never ask for more than local.sizes[…].concurrency at once.
  visibility_seconds = { for name in keys(local.woken) : name => local.sizes[name].timeout + local.batching_seconds + 60 }

  # Every queue where something lies that nobody works on any more.
  dead_letter_queues = merge(
    { for name, queue in aws_sqs_queue.dead : name => queue.name },
    { failed = aws_sqs_queue.failed.name, undelivered = aws_sqs_queue.undelivered.name },
  )
}

resource "aws_sqs_queue" "wake" {
  for_each = local.woken

  name                       = "${local.name}-${each.key}"
  visibility_timeout_seconds = local.visibility_seconds[each.key]
  # Shorter than the dead letters': a message keeps its age when it moves.
  message_retention_seconds = 4 * 24 * 3600
  receive_wait_time_seconds = 20
  sqs_managed_sse_enabled   = local.own_key ? null : true
  kms_master_key_id         = local.kms_key_arn

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead[each.key].arn
    # Work in many steps counts as tries as well; what can never be done is a dead letter within three hours.
    maxReceiveCount = 10
  })
}

resource "aws_sqs_queue" "dead" {
  for_each = local.woken

  name                      = "${local.name}-${each.key}-dead"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = local.own_key ? null : true
  kms_master_key_id         = local.kms_key_arn
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  for_each = local.woken

  queue_url = aws_sqs_queue.dead[each.key].url
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.wake[each.key].arn]
  })
}

# Events of the scheduler that a function failed at.
resource "aws_sqs_queue" "failed" {
  name                      = "${local.name}-failed"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = local.own_key ? null : true
  kms_master_key_id         = local.kms_key_arn
}

# Events that the scheduler could not hand over.
resource "aws_sqs_queue" "undelivered" {
  name                      = "${local.name}-undelivered"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = local.own_key ? null : true
  kms_master_key_id         = local.kms_key_arn
}

data "aws_iam_policy_document" "wake" {
  for_each = local.woken

  statement {
    sid       = "DataBucketSends"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.wake[each.key].arn]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_s3_bucket.data.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.wake[each.key].arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "wake" {
  for_each = local.woken

  queue_url = aws_sqs_queue.wake[each.key].url
  policy    = data.aws_iam_policy_document.wake[each.key].json
}

locals {
  closed_queues = merge(aws_sqs_queue.dead, {
    failed      = aws_sqs_queue.failed
    undelivered = aws_sqs_queue.undelivered
  })
}

# Roles say who may send to these; from outside of the account nobody may.
data "aws_iam_policy_document" "closed" {
  for_each = toset(concat(keys(local.woken), ["failed", "undelivered"]))

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.closed_queues[each.key].arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "closed" {
  for_each = data.aws_iam_policy_document.closed

  queue_url = local.closed_queues[each.key].url
  policy    = each.value.json
}
