# Buckets, messages, secrets, catalog. Deploying never needs to read data, a message or a secret.

data "aws_iam_policy_document" "deploy_data" {
  # checkov:skip=CKV_AWS_111: subscriptions have random names
  for_each = local.environments

  statement {
    sid       = "State"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${aws_s3_bucket.state.arn}/${var.project}/${each.key}.tfstate", "${aws_s3_bucket.state.arn}/${var.project}/${each.key}.tfstate.tflock"]
  }

  statement {
    sid       = "States"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.state.arn]
  }

  # The buckets themselves, not what is in them. Who may change a bucket's policy could give himself more:
  # that is what the environment's reviewers are for.
  statement {
    sid = "Buckets"
    actions = [
      "s3:CreateBucket",
      "s3:DeleteBucket",
      "s3:GetAccelerateConfiguration",
      "s3:GetBucket*",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration",
      "s3:ListBucket",
      "s3:ListBucketVersions",
      "s3:ListTagsForResource",
      "s3:PutBucket*",
      "s3:PutEncryptionConfiguration",
      "s3:PutLifecycleConfiguration",
      "s3:TagResource",
      "s3:UntagResource",
    ]
    resources = [
      "arn:${local.partition}:s3:::${var.project}-${each.key}-data-${local.account}",
      "arn:${local.partition}:s3:::${var.project}-${each.key}-logs-${local.account}",
    ]
  }

  statement {
    sid       = "DataStays"
    effect    = "Deny"
    actions   = ["s3:DeleteBucket"]
    resources = ["arn:${local.partition}:s3:::${var.project}-${each.key}-data-${local.account}"]
  }

  statement {
    sid = "Dashboard"
    actions = [
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:GetObject",
      "s3:GetObjectTagging",
      "s3:PutObject",
      "s3:PutObjectTagging",
    ]
    resources = ["arn:${local.partition}:s3:::${var.project}-${each.key}-data-${local.account}/dashboard/*"]
  }

  statement {
    sid = "Queues"
    actions = [
      "sqs:CreateQueue",
      "sqs:DeleteQueue",
      "sqs:GetQueueAttributes",
      "sqs:GetQueueUrl",
      "sqs:ListQueueTags",
      "sqs:SetQueueAttributes",
      "sqs:TagQueue",
      "sqs:UntagQueue",
    ]
    resources = ["${local.regional.sqs}:${var.project}-${each.key}-*"]
  }

  statement {
    sid = "Topics"
    actions = [
      "sns:CreateTopic",
      "sns:DeleteTopic",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
      "sns:ListTagsForResource",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
      "sns:TagResource",
      "sns:UntagResource",
    ]
    resources = ["${local.regional.sns}:${var.project}-${each.key}-*"]
  }

  statement {
    sid       = "Subscriptions"
    actions   = ["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
    resources = ["*"]
  }

  statement {
    sid = "Secrets"
    actions = [
      "secretsmanager:CreateSecret",
      "secretsmanager:DeleteSecret",
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetResourcePolicy",
      "secretsmanager:RestoreSecret",
      "secretsmanager:TagResource",
      "secretsmanager:UntagResource",
      "secretsmanager:UpdateSecret",
    ]
    resources = ["${local.regional.secretsmanager}:secret:${var.project}-${each.key}/*"]
  }

  statement {
    sid = "Catalog"
    actions = [
      "glue:CreateDatabase",
      "glue:CreateTable",
      "glue:DeleteDatabase",
      "glue:DeleteTable",
      "glue:GetDatabase",
      "glue:GetPartitionIndexes",
      "glue:GetTable",
      "glue:GetTables",
      "glue:GetTags",
      "glue:TagResource",
      "glue:UntagResource",
      "glue:UpdateDatabase",
      "glue:UpdateTable",
    ]
    resources = [
      "${local.regional.glue}:catalog",
      "${local.regional.glue}:database/${replace(var.project, "-", "_")}_${each.key}",
      "${local.regional.glue}:table/${replace(var.project, "-", "_")}_${each.key}/*",
      # Deleting a database would delete its functions; it has none.
      "${local.regional.glue}:userDefinedFunction/${replace(var.project, "-", "_")}_${each.key}/*",
    ]
  }

  statement {
    sid = "Athena"
    actions = [
      "athena:CreateNamedQuery",
      "athena:CreateWorkGroup",
      "athena:DeleteNamedQuery",
      "athena:DeleteWorkGroup",
      "athena:GetNamedQuery",
      "athena:GetWorkGroup",
      "athena:ListTagsForResource",
      "athena:TagResource",
      "athena:UntagResource",
      "athena:UpdateNamedQuery",
      "athena:UpdateWorkGroup",
    ]
    resources = ["${local.regional.athena}:workgroup/${var.project}-${each.key}"]
  }

  dynamic "statement" {
    for_each = length(var.kms_key_arns) > 0 ? [1] : []

    content {
      sid       = "Keys"
      actions   = ["kms:DescribeKey", "kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
      resources = var.kms_key_arns
    }
  }
}
