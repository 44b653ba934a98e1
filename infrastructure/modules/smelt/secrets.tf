# One secret with all that sources need: a JSON object of variables, such as
# {"SOCRATA_APP_TOKEN": "…", "ORDER_DB_URL": "mysql://…"}.
#
# And, where the API is told of them, those of its callers.
#
# Their values are put there by hand (docs/runbook.md) and have no resource here: a version made by Terraform would
# lie in the state, and would be read into it with every plan. So there is nothing to ignore, either.

resource "aws_secretsmanager_secret" "sources" {
  # checkov:skip=CKV_AWS_149: encrypted with the own key where there is one, else with the one that AWS manages
  # checkov:skip=CKV2_AWS_57: tokens of portals and passwords of databases are changed where they were issued; nothing here could do it
  name                    = "${local.name}/sources"
  description             = "Variables of sources: a JSON object"
  kms_key_id              = local.kms_key_arn
  recovery_window_in_days = var.secret_recovery_days
}

locals {
  api_secrets = merge(
    var.api_keys_enabled ? { keys = "API keys: a JSON list of objects with name, sha256 and role" } : {},
    var.api_jwt_shared_secret ? { hs256 = "What tokens for the API are signed with: 32 bytes or more" } : {},
  )

  secret_arns = merge(
    { sources = aws_secretsmanager_secret.sources.arn },
    { for name, secret in aws_secretsmanager_secret.api : "api-${name}" => secret.arn },
  )
}

resource "aws_secretsmanager_secret" "api" {
  # checkov:skip=CKV_AWS_149: encrypted with the own key where there is one, else with the one that AWS manages
  # checkov:skip=CKV2_AWS_57: keys are changed where they are used as well; nothing here could do it
  for_each = local.api_secrets

  name                    = "${local.name}/api-${each.key}"
  description             = each.value
  kms_key_id              = local.kms_key_arn
  recovery_window_in_days = var.secret_recovery_days
}
