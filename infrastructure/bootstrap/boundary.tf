# The most that any role of an environment can do. The role that deploys can only make roles with this
# boundary, so it cannot make one that can do more than itself.

data "aws_iam_policy_document" "boundary" {
  # checkov:skip=CKV_AWS_111: a boundary allows nothing by itself; network interfaces have no names before they are made
  # checkov:skip=CKV_AWS_356: the same
  # checkov:skip=CKV_AWS_108: the same; the roles name the secret and the keys of objects
  statement {
    sid     = "Data"
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket"]
    resources = flatten([
      for environment in var.environments : [
        "arn:${local.partition}:s3:::${var.project}-${environment}-data-${local.account}",
        "arn:${local.partition}:s3:::${var.project}-${environment}-data-${local.account}/*",
      ]
    ])
  }

  statement {
    sid     = "Messages"
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage", "sns:Publish"]
    resources = flatten([
      for environment in var.environments : [
        "${local.regional.sqs}:${var.project}-${environment}-*",
        "${local.regional.sns}:${var.project}-${environment}-*",
      ]
    ])
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for environment in var.environments : "${local.regional.logs}:log-group:/aws/lambda/${var.project}-${environment}-*"]
  }

  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [for environment in var.environments : "${local.regional.secretsmanager}:secret:${var.project}-${environment}/*"]
  }

  statement {
    sid       = "Wake"
    actions   = ["lambda:InvokeFunction"]
    resources = [for environment in var.environments : "${local.regional.lambda}:function:${var.project}-${environment}-*"]
  }

  statement {
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

  dynamic "statement" {
    for_each = length(var.kms_key_arns) > 0 ? [1] : []

    content {
      sid       = "Keys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.kms_key_arns
    }
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.project}-boundary"
  description = "The most that a role of ${var.project} can do"
  policy      = data.aws_iam_policy_document.boundary.json
}
