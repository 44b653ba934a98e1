# For trying things out: logs, reports and old versions are kept for days only.

provider "aws" {
  region              = var.region
  allowed_account_ids = length(var.account_ids) > 0 ? var.account_ids : null

  default_tags {
    tags = {
      project     = "smelt"
      environment = "dev"
      managed_by  = "terraform"
    }
  }
}

module "smelt" {
  source = "../../modules/smelt"

  environment   = "dev"
  datasets_dir  = "${path.root}/../../../datasets"
  functions_dir = var.functions_dir == "" ? "${path.root}/../../../target/lambda" : var.functions_dir
  architecture  = var.architecture

  function_sizes  = var.function_sizes
  otlp_endpoint   = var.otlp_endpoint
  retention_hours = var.retention_hours
  target_file_mb  = var.target_file_mb

  schedules_enabled = var.schedules_enabled
  time_zone         = var.time_zone
  train_schedule    = var.train_schedule
  maintain_schedule = var.maintain_schedule
  alert_schedule    = var.alert_schedule
  report_schedule   = var.report_schedule

  log_level            = "info,smelt_stages=debug"
  log_days             = 7
  report_days          = 30
  access_log_days      = 30
  noncurrent_days      = 3
  secret_recovery_days = 7

  kms_key_arn              = var.kms_key_arn
  permissions_boundary_arn = var.permissions_boundary_arn

  ops_emails           = var.ops_emails
  alert_subscriptions  = var.alert_subscriptions
  alarms_enabled       = var.alarms_enabled
  monthly_budget_usd   = var.monthly_budget_usd
  athena_scan_limit_gb = var.athena_scan_limit_gb

  ingest_subnet_ids         = var.ingest_subnet_ids
  ingest_security_group_ids = var.ingest_security_group_ids

  api_access            = var.api_access
  api_jwt_issuer        = var.api_jwt_issuer
  api_jwt_audience      = var.api_jwt_audience
  api_jwt_scopes        = var.api_jwt_scopes
  api_jwks_url          = var.api_jwks_url
  api_jwt_shared_secret = var.api_jwt_shared_secret
  api_roles_claim       = var.api_roles_claim
  api_roles_prefix      = var.api_roles_prefix
  api_keys_enabled      = var.api_keys_enabled
  api_cors_origins      = var.api_cors_origins
  api_upload_mb         = var.api_upload_mb
  api_rate              = var.api_rate
  api_burst             = var.api_burst
  api_caller_rate       = var.api_caller_rate
  api_caller_burst      = var.api_caller_burst

  cdn_enabled         = var.cdn_enabled
  dashboard_dir       = var.dashboard_dir == "" ? "${path.root}/../../../dashboard/dist" : var.dashboard_dir
  public_datasets     = var.public_datasets
  cdn_aliases         = var.cdn_aliases
  cdn_certificate_arn = var.cdn_certificate_arn
  cdn_web_acl_arn     = var.cdn_web_acl_arn
  cdn_price_class     = var.cdn_price_class
  dashboard_url       = var.dashboard_url
}
