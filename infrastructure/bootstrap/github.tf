# Workflows of one repository take a role for an hour; there is no key to keep or to leak.

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_provider_arn == "" ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  github_provider_arn = var.github_provider_arn == "" ? aws_iam_openid_connect_provider.github[0].arn : var.github_provider_arn
}

# Only a job that runs in the GitHub environment of the same name, with that environment's reviewers and
# branches: a pull request cannot take it.
data "aws_iam_policy_document" "github_assumes" {
  for_each = local.environments

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.github_provider_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.repository}:environment:${each.key}"]
    }
  }
}

resource "aws_iam_role" "deploy" {
  for_each = local.environments

  name                 = "${var.project}-deploy-${each.key}"
  description          = "Deploys ${var.project}-${each.key} from ${var.repository}"
  assume_role_policy   = data.aws_iam_policy_document.github_assumes[each.key].json
  max_session_duration = 3600
}

locals {
  # Three, because one would be longer than a policy may be.
  deploy_policies = {
    for pair in setproduct(var.environments, ["data", "compute", "edge"]) : "${pair[0]}-${pair[1]}" => {
      environment = pair[0]
      part        = pair[1]
      policy = {
        data    = data.aws_iam_policy_document.deploy_data[pair[0]].json
        compute = data.aws_iam_policy_document.deploy_compute[pair[0]].json
        edge    = data.aws_iam_policy_document.deploy_edge[pair[0]].json
      }[pair[1]]
    }
  }
}

resource "aws_iam_policy" "deploy" {
  for_each = local.deploy_policies

  name        = "${var.project}-deploy-${each.key}"
  description = "What deploying ${var.project}-${each.value.environment} needs: ${each.value.part}"
  policy      = each.value.policy
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = local.deploy_policies

  role       = aws_iam_role.deploy[each.value.environment].name
  policy_arn = aws_iam_policy.deploy[each.key].arn
}
