# Who is told, who may query, who may read. Who may ask the API: variables_api.tf.

variable "alert_subscriptions" {
  description = "Who gets e-mails about the data, and of which severities: info, warning, critical; no severities means all."
  type = list(object({
    email      = string
    severities = optional(list(string), [])
  }))
  default = []

  validation {
    condition     = alltrue([for s in var.alert_subscriptions : can(regex("^[^@ ]+@[^@ ]+$", s.email))])
    error_message = "email is an e-mail address."
  }
  # Another name would fit no alert: nobody would ever be told.
  validation {
    condition     = length(setsubtract(flatten(var.alert_subscriptions[*].severities), ["info", "warning", "critical"])) == 0
    error_message = "severities are info, warning and critical."
  }
}

variable "ops_emails" {
  description = "Who gets e-mails about the platform: alarms and the budget."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.ops_emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "E-mail addresses."
  }
}

variable "alarms_enabled" {
  description = "Whether there are alarms; each costs about 10 cents a month."
  type        = bool
  default     = true
}

variable "monthly_budget_usd" {
  description = "US dollars a month, counted over the whole account; at 50, 80 and 100 % the ops topic is told. 0 for no budget."
  type        = number
  default     = 0

  validation {
    condition     = var.monthly_budget_usd >= 0
    error_message = "Not negative."
  }
}

variable "athena_scan_limit_gb" {
  description = "How much one Athena query may read before it is stopped."
  type        = number
  default     = 10

  validation {
    condition     = var.athena_scan_limit_gb >= 1
    error_message = "At least 1 GB."
  }
}

variable "cdn_enabled" {
  description = "Make the CloudFront distribution: the dashboard becomes readable for everybody who knows the address."
  type        = bool
  default     = false
}

variable "dashboard_dir" {
  description = "Folder of the built dashboard, which the distribution hands out; empty for a distribution without it."
  type        = string
  default     = ""
}

variable "public_datasets" {
  description = "Datasets whose published marts and reports the distribution hands out, to everybody, with the names of all datasets. [\"*\"] for all."
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

  validation {
    condition     = var.cdn_certificate_arn == "" || can(regex("^arn:[a-z-]+:acm:us-east-1:", var.cdn_certificate_arn))
    error_message = "CloudFront takes certificates from us-east-1 only."
  }
}

variable "cdn_web_acl_arn" {
  description = "WAF rules for the distribution; empty for none."
  type        = string
  default     = ""

  validation {
    condition     = var.cdn_web_acl_arn == "" || can(regex("^arn:[a-z-]+:wafv2:us-east-1:[0-9]{12}:global/webacl/", var.cdn_web_acl_arn))
    error_message = "CloudFront takes rules from us-east-1 only, of the scope CLOUDFRONT."
  }
}

variable "cdn_price_class" {
  description = "Where CloudFront answers from; the fewer places, the cheaper."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.cdn_price_class)
    error_message = "PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "dashboard_url" {
  description = "Link in alerts; empty for the distribution's address, if there is one."
  type        = string
  default     = ""

  validation {
    condition     = var.dashboard_url == "" || can(regex("^https?://[^ ]+$", var.dashboard_url))
    error_message = "An address such as https://data.example.org/, or nothing."
  }
}
