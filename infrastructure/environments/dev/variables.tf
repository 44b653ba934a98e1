# What differs from account to account. All else of this environment stands in main.tf.

variable "region" {
  description = "AWS region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region such as eu-central-1."
  }
}

variable "account_ids" {
  description = "Accounts that this environment may be applied to; empty for any."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "An account's number has 12 digits."
  }
}

variable "functions_dir" {
  description = "Folder with the functions' zips; empty for the one that `make lambda` fills."
  type        = string
  default     = ""
}

variable "architecture" {
  description = "Of the zips: x86_64 or arm64."
  type        = string
  default     = "x86_64"
}

variable "function_sizes" {
  description = "Other sizes than those in modules/smelt/functions.tf, by function."
  type = map(object({
    memory      = optional(number)
    timeout     = optional(number)
    tmp         = optional(number)
    concurrency = optional(number)
    reserved    = optional(number)
  }))
  default = {}
}

variable "otlp_endpoint" {
  description = "Where the functions send traces (OTLP over HTTP); empty for nowhere."
  type        = string
  default     = ""
}

variable "retention_hours" {
  description = "How long maintain keeps files that no table names any more."
  type        = number
  default     = 168
}

variable "target_file_mb" {
  description = "Size of files that maintain compacts to."
  type        = number
  default     = 128
}

variable "schedules_enabled" {
  description = "Whether schedules run. Without them there are no alarms on freshness."
  type        = bool
  default     = true
}

variable "time_zone" {
  description = "Of the schedules below but for report_schedule; sources have their own."
  type        = string
  default     = "UTC"
}

variable "train_schedule" {
  description = "When every dataset is forecast, and models that are due are fitted."
  type        = string
  default     = "cron(0 6 * * ? *)"
}

variable "maintain_schedule" {
  description = "When every dataset's tables are looked after."
  type        = string
  default     = "cron(0 5 * * ? *)"
}

variable "alert_schedule" {
  description = "When every dataset is looked at for stale tables; with alarms, hourly or more often."
  type        = string
  default     = "rate(1 hour)"
}

variable "report_schedule" {
  description = "When a report of the month before is written for every dataset that has data of it, in UTC; empty for never."
  type        = string
  default     = ""
}

variable "kms_key_arn" {
  description = "Key for everything at rest; empty for keys of AWS."
  type        = string
  default     = ""
}

variable "permissions_boundary_arn" {
  description = "Boundary of every role; an output of infrastructure/bootstrap."
  type        = string
  default     = ""
}

variable "ops_emails" {
  description = "Who is told of alarms and of the budget."
  type        = list(string)
  default     = []
}

variable "alert_subscriptions" {
  description = "Who is told about the data, and of which severities: info, warning, critical; none means all."
  type = list(object({
    email      = string
    severities = optional(list(string), [])
  }))
  default = []
}

variable "alarms_enabled" {
  description = "Whether there are alarms; each costs about 10 cents a month."
  type        = bool
  default     = true
}

variable "monthly_budget_usd" {
  description = "US dollars a month, counted over the whole account; 0 for no budget."
  type        = number
  default     = 0
}

variable "athena_scan_limit_gb" {
  description = "How much one Athena query may read before it is stopped."
  type        = number
  default     = 10
}

variable "ingest_subnet_ids" {
  description = "Private subnets for ingest, to reach a database there."
  type        = list(string)
  default     = []
}

variable "ingest_security_group_ids" {
  description = "Security groups of ingest in these subnets."
  type        = list(string)
  default     = []
}

variable "api_access" {
  description = "`checked`, or `open`: there is an API, and everybody who knows its address may do everything."
  type        = string
  default     = "checked"
}

variable "api_jwt_issuer" {
  description = "Issuer of the tokens that the API takes; empty for none."
  type        = string
  default     = ""
}

variable "api_jwt_audience" {
  description = "Audiences, one of which a token must have."
  type        = list(string)
  default     = []
}

variable "api_jwt_scopes" {
  description = "Scopes, one of which a token must have."
  type        = list(string)
  default     = []
}

variable "api_jwks_url" {
  description = "Where the issuer publishes its keys; empty for the usual place."
  type        = string
  default     = ""
}

variable "api_jwt_shared_secret" {
  description = "Tokens are signed with a secret (HS256)."
  type        = bool
  default     = false
}

variable "api_roles_claim" {
  description = "Claim of a token that names its roles."
  type        = string
  default     = "roles"
}

variable "api_roles_prefix" {
  description = "What names of roles start with there."
  type        = string
  default     = ""
}

variable "api_keys_enabled" {
  description = "Machines may show an API key."
  type        = bool
  default     = false
}

variable "api_cors_origins" {
  description = "Origins of pages that may call the API from a browser, beside the distribution's."
  type        = list(string)
  default     = []
}

variable "api_upload_mb" {
  description = "The largest file that may be uploaded through the API; ingest needs as much scratch space and 256 MB."
  type        = number
  default     = 512
}

variable "api_rate" {
  description = "Requests a second that the gateway lets through in the long run, of all callers together."
  type        = number
  default     = 10
}

variable "api_burst" {
  description = "Requests that the gateway lets through at once."
  type        = number
  default     = 20
}

variable "api_caller_rate" {
  description = "Requests a second that one caller may make in the long run; as many as are refused (401) from one address."
  type        = number
  default     = 5
}

variable "api_caller_burst" {
  description = "Requests that one caller may make, or that are refused from one address, at once."
  type        = number
  default     = 20
}

variable "cdn_enabled" {
  description = "Make the CloudFront distribution: the dashboard becomes public."
  type        = bool
  default     = false
}

variable "dashboard_dir" {
  description = "Folder of the built dashboard; empty for the one that `make dashboard` fills."
  type        = string
  default     = ""
}

variable "public_datasets" {
  description = "Datasets whose published marts and reports the distribution hands out, to everybody."
  type        = list(string)
  default     = []
}

variable "cdn_aliases" {
  description = "Host names of the distribution; they need a certificate."
  type        = list(string)
  default     = []
}

variable "cdn_certificate_arn" {
  description = "Certificate for these names, in us-east-1."
  type        = string
  default     = ""
}

variable "cdn_web_acl_arn" {
  description = "WAF rules for the distribution; empty for none."
  type        = string
  default     = ""
}

variable "cdn_price_class" {
  description = "Where CloudFront answers from; the fewer places, the cheaper."
  type        = string
  default     = "PriceClass_100"
}

variable "dashboard_url" {
  description = "Link in alerts; empty for the distribution's address, if there is one."
  type        = string
  default     = ""
}
