# Two topics: what is odd about the data, and what is wrong with the platform.

resource "aws_sns_topic" "alerts" {
  name              = "${local.name}-alerts"
  display_name      = "${local.name} data"
  kms_master_key_id = local.own_key ? var.kms_key_arn : "alias/aws/sns"
}

resource "aws_sns_topic" "ops" {
  # checkov:skip=CKV_AWS_26: CloudWatch and Budgets may not use the key that AWS manages for SNS; alarms have names and numbers only, and get the own key where there is one
  name              = "${local.name}-ops"
  display_name      = "${local.name} ops"
  kms_master_key_id = local.kms_key_arn
}

data "aws_iam_policy_document" "topic" {
  for_each = {
    alerts = aws_sns_topic.alerts.arn
    ops    = aws_sns_topic.ops.arn
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [each.value]

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

  dynamic "statement" {
    for_each = each.key == "ops" ? [1] : []

    content {
      sid       = "AlarmsAndBudget"
      actions   = ["sns:Publish"]
      resources = [each.value]

      principals {
        type        = "Service"
        identifiers = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
      }
      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account]
      }
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  for_each = data.aws_iam_policy_document.topic

  arn    = each.key == "ops" ? aws_sns_topic.ops.arn : aws_sns_topic.alerts.arn
  policy = each.value.json
}

# Each address gets a mail with a link, and nothing else before the link was followed.
resource "aws_sns_topic_subscription" "alerts" {
  for_each = { for s in var.alert_subscriptions : s.email => s }

  topic_arn     = aws_sns_topic.alerts.arn
  protocol      = "email"
  endpoint      = each.key
  filter_policy = length(each.value.severities) == 0 ? null : jsonencode({ severity = each.value.severities })
}

resource "aws_sns_topic_subscription" "ops" {
  for_each = toset(var.ops_emails)

  topic_arn = aws_sns_topic.ops.arn
  protocol  = "email"
  endpoint  = each.key
}
