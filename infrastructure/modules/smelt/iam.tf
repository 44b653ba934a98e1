# One role per function, with what local.functions says and nothing else.

data "aws_iam_policy_document" "lambda_assumes" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name                 = "${local.name}-${each.key}"
  description          = each.value.description
  assume_role_policy   = data.aws_iam_policy_document.lambda_assumes.json
  permissions_boundary = local.permissions_boundary
}

locals {
  permissions_boundary = var.permissions_boundary_arn == "" ? null : var.permissions_boundary_arn
}

data "aws_iam_policy_document" "function" {
  # checkov:skip=CKV_AWS_111: the only actions without a resource are those of network interfaces, which have none when they are made
  # checkov:skip=CKV_AWS_356: the same
  for_each = local.functions

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = [for prefix in each.value.reads : "${aws_s3_bucket.data.arn}/${prefix}/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.data.arn]

    # IfExists: whoever asks for a key that is not there is only told so (404, not 403) if he may list, and
    # Delta's readers ask for files that need not be there. Whether S3 compares such a key with s3:prefix is
    # not documented. The price is that a listing without any prefix shows names of keys.
    condition {
      test     = "StringLikeIfExists"
      variable = "s3:prefix"
      values   = [for prefix in sort(distinct(concat(each.value.reads, each.value.writes))) : "${prefix}/*"]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.writes) > 0 ? [1] : []

    content {
      sid       = "Write"
      actions   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      resources = [for prefix in each.value.writes : "${aws_s3_bucket.data.arn}/${prefix}/*"]
    }
  }

  # Not DeleteObjectVersion: what is deleted by mistake can be brought back for some days.
  dynamic "statement" {
    for_each = length(each.value.deletes) > 0 ? [1] : []

    content {
      sid       = "Delete"
      actions   = ["s3:DeleteObject"]
      resources = [for prefix in each.value.deletes : "${aws_s3_bucket.data.arn}/${prefix}/*"]
    }
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function[each.key].arn}:*"]
  }

  dynamic "statement" {
    for_each = length(each.value.wakes) > 0 ? [1] : []

    content {
      sid       = "Wake"
      actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      resources = [aws_sqs_queue.wake[each.key].arn]
    }
  }

  dynamic "statement" {
    for_each = each.value.schedule != "" ? [1] : []

    content {
      sid       = "Failed"
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.failed.arn]
    }
  }

  dynamic "statement" {
    for_each = each.value.publishes ? [1] : []

    content {
      sid       = "Publish"
      actions   = ["sns:Publish"]
      resources = [aws_sns_topic.alerts.arn]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.sends) > 0 ? [1] : []

    content {
      sid       = "Send"
      actions   = ["sqs:SendMessage"]
      resources = [for name in each.value.sends : aws_sqs_queue.wake[name].arn]
    }
  }

  dynamic "statement" {
    for_each = length(setintersection(each.value.secrets, keys(local.secret_arns))) > 0 ? [1] : []

    content {
      sid       = "Secrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [for name in setintersection(each.value.secrets, keys(local.secret_arns)) : local.secret_arns[name]]
    }
  }

  dynamic "statement" {
    for_each = local.own_key ? [1] : []

    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [var.kms_key_arn]
    }
  }

  # Lambda makes a network interface in the subnets with the function's role. These actions know no
  # resources that could be named beforehand.
  dynamic "statement" {
    for_each = each.value.vpc && length(var.ingest_subnet_ids) > 0 ? [1] : []

    content {
      sid = "Network"
      actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name   = "function"
  role   = aws_iam_role.function[each.key].id
  policy = data.aws_iam_policy_document.function[each.key].json

  lifecycle {
    # It would wake itself for ever, and Lambda's guard against loops does not see writes like ours.
    precondition {
      condition     = length(setintersection(each.value.writes, [for wake in each.value.wakes : split("/", wake.prefix)[0]])) == 0
      error_message = "${each.key} may write where it is woken from."
    }
  }
}
