# One secret with all that sources need: a JSON object of variables, such as
# {"SOCRATA_APP_TOKEN": "…", "ORDER_DB_URL": "mysql://…"}.
#
# Its value is put there by hand (docs/runbook.md) and has no resource here: a version made by Terraform would
# lie in the state, and would be read into it with every plan. So there is nothing to ignore, either.

resource "aws_secretsmanager_secret" "sources" {
  # checkov:skip=CKV_AWS_149: encrypted with the own key where there is one, else with the one that AWS manages
  # checkov:skip=CKV2_AWS_57: tokens of portals and passwords of databases are changed where they were issued; nothing here could do it
  name                    = "${local.name}/sources"
  description             = "Variables of sources: a JSON object"
  kms_key_id              = local.kms_key_arn
  recovery_window_in_days = var.secret_recovery_days
}
