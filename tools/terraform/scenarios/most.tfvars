# Everything that can be switched on.
region                    = "eu-central-1"
account_ids               = ["123456789012"]
architecture              = "arm64"
function_sizes            = { silver = { memory = 2048, concurrency = 4 }, api = { reserved = 5 } }
schedules_enabled         = false
report_schedule           = "cron(0 7 1 * ? *)"
kms_key_arn               = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
permissions_boundary_arn  = "arn:aws:iam::123456789012:policy/smelt-boundary"
ops_emails                = ["ops@example.org"]
alert_subscriptions       = [{ email = "a@example.org" }, { email = "b@example.org", severities = ["critical"] }]
monthly_budget_usd        = 20
ingest_subnet_ids         = ["subnet-0123456789abcdef0"]
ingest_security_group_ids = ["sg-0123456789abcdef0"]
api_jwt_issuer            = "https://issuer.example.org"
api_jwt_audience          = ["smelt"]
api_jwt_scopes            = ["smelt/read"]
api_roles_claim           = "scope"
api_roles_prefix          = "smelt/"
api_cors_origins          = ["https://example.org"]
cdn_enabled               = true
public_datasets           = ["nyc311"]
cdn_aliases               = ["data.example.org"]
cdn_certificate_arn       = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
