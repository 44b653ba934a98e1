# What the world sees: the API and the distribution; and who watches: alarms, the dashboard, the budget.

data "aws_iam_policy_document" "deploy_edge" {
  # checkov:skip=CKV_AWS_356: what has random names, or can only be listed for the whole account, as said at each statement
  # checkov:skip=CKV_AWS_111: the same
  # checkov:skip=CKV_AWS_109: nothing of it is about rights of others
  for_each = local.environments

  # An API's name is random, so this is all HTTP APIs of the region.
  statement {
    sid     = "Api"
    actions = ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
    resources = [
      "arn:${local.partition}:apigateway:${var.region}::/apis",
      "arn:${local.partition}:apigateway:${var.region}::/apis/*",
      "arn:${local.partition}:apigateway:${var.region}::/tags/*",
    ]
  }

  # So is a distribution's.
  statement {
    sid = "Distribution"
    actions = [
      "cloudfront:CreateCachePolicy",
      "cloudfront:CreateDistribution",
      "cloudfront:CreateInvalidation",
      "cloudfront:CreateResponseHeadersPolicy",
      "cloudfront:DeleteCachePolicy",
      "cloudfront:DeleteDistribution",
      "cloudfront:DeleteOriginAccessControl",
      "cloudfront:DeleteResponseHeadersPolicy",
      "cloudfront:GetCachePolicy",
      "cloudfront:GetDistribution",
      "cloudfront:GetDistributionConfig",
      "cloudfront:GetInvalidation",
      "cloudfront:GetOriginAccessControl",
      "cloudfront:GetResponseHeadersPolicy",
      "cloudfront:ListTagsForResource",
      "cloudfront:TagResource",
      "cloudfront:UntagResource",
      "cloudfront:UpdateCachePolicy",
      "cloudfront:UpdateDistribution",
      "cloudfront:UpdateOriginAccessControl",
      "cloudfront:UpdateResponseHeadersPolicy",
      # Standard logging v2.
      "cloudfront:AllowVendedLogDeliveryForResource",
    ]
    resources = ["arn:${local.partition}:cloudfront::${local.account}:*"]
  }

  statement {
    sid       = "OriginAccess"
    actions   = ["cloudfront:CreateOriginAccessControl"]
    resources = ["*"]
  }

  # The distribution's access log is configured in us-east-1; deliveries have random names.
  statement {
    sid = "DistributionLog"
    actions = [
      "logs:CreateDelivery",
      "logs:DeleteDelivery",
      "logs:DeleteDeliveryDestination",
      "logs:DeleteDeliverySource",
      "logs:GetDelivery",
      "logs:GetDeliveryDestination",
      "logs:GetDeliverySource",
      "logs:ListTagsForResource",
      "logs:PutDeliveryDestination",
      "logs:PutDeliverySource",
      "logs:TagResource",
      "logs:UntagResource",
      "logs:UpdateDeliveryConfiguration",
    ]
    resources = [
      "arn:${local.partition}:logs:us-east-1:${local.account}:delivery:*",
      "arn:${local.partition}:logs:us-east-1:${local.account}:delivery-source:${var.project}-${each.key}",
      "arn:${local.partition}:logs:us-east-1:${local.account}:delivery-destination:${var.project}-${each.key}",
    ]
  }

  statement {
    sid = "Alarms"
    actions = [
      "cloudwatch:DeleteAlarms",
      "cloudwatch:ListTagsForResource",
      "cloudwatch:PutMetricAlarm",
      "cloudwatch:TagResource",
      "cloudwatch:UntagResource",
    ]
    resources = ["${local.regional.cloudwatch}:alarm:${var.project}-${each.key}-*"]
  }

  statement {
    sid       = "SeeAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["${local.regional.cloudwatch}:alarm:*"]
  }

  # Dashboards have no region.
  statement {
    sid       = "Dashboard"
    actions   = ["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"]
    resources = ["arn:${local.partition}:cloudwatch::${local.account}:dashboard/${var.project}-${each.key}"]
  }

  statement {
    sid       = "Budget"
    actions   = ["budgets:ListTagsForResource", "budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource", "budgets:ViewBudget"]
    resources = ["arn:${local.partition}:budgets::${local.account}:budget/${var.project}-${each.key}"]
  }
}
