# Required: who it is, and where its parts lie.

variable "project" {
  description = "First part of every name."
  type        = string
  default     = "smelt"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.project))
    error_message = "3 to 16 lower-case letters, digits and hyphens: it becomes part of bucket names."
  }
}

variable "environment" {
  description = "Second part of every name, and a tag: dev, prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "2 to 10 lower-case letters and digits: it becomes part of bucket and database names."
  }
}

variable "datasets_dir" {
  description = "Folder of the datasets' definitions, the one that is packed into the functions."
  type        = string
}

variable "functions_dir" {
  description = "Folder with one zip per function, and with its architecture, as `make lambda` leaves them."
  type        = string
}

# Functions

variable "architecture" {
  description = "Of the zips, as they were built: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "x86_64 or arm64."
  }
}

variable "function_sizes" {
  description = "Other sizes than those in functions.tf, by function: memory and tmp in MB, timeout in seconds, concurrency of a woken function, reserved concurrency."
  type = map(object({
    memory      = optional(number)
    timeout     = optional(number)
    tmp         = optional(number)
    concurrency = optional(number)
    reserved    = optional(number)
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.function_sizes), ["ingest", "silver", "gold", "train", "alert", "api", "maintain"])) == 0
    error_message = "Functions are ingest, silver, gold, train, alert, api and maintain."
  }
  validation {
    condition     = alltrue([for size in values(var.function_sizes) : try(size.memory >= 128 && size.memory <= 10240, true)])
    error_message = "memory is 128 to 10240 MB."
  }
  validation {
    condition     = alltrue([for size in values(var.function_sizes) : try(size.timeout >= 1 && size.timeout <= 900, true)])
    error_message = "timeout is 1 to 900 seconds."
  }
  validation {
    condition     = alltrue([for size in values(var.function_sizes) : try(size.tmp >= 512 && size.tmp <= 10240, true)])
    error_message = "tmp is 512 to 10240 MB."
  }
  validation {
    condition     = alltrue([for size in values(var.function_sizes) : try(size.concurrency >= 2 && size.concurrency <= 1000, true)])
    error_message = "concurrency is 2 to 1000: SQS allows no less than 2."
  }
}

variable "log_level" {
  description = "Filter of the functions' logs: a level, or targets as in `smelt_stages=debug,info`."
  type        = string
  default     = "info"
}

variable "otlp_endpoint" {
  description = "Where the functions send traces (OTLP over HTTP); empty for nowhere."
  type        = string
  default     = ""

  validation {
    condition     = var.otlp_endpoint == "" || can(regex("^https?://[^ ?#]+$", var.otlp_endpoint))
    error_message = "The root of a collector, such as https://collector.example.org:4318, or nothing."
  }
}

variable "retention_hours" {
  description = "How long maintain keeps files that no table names any more, for readers of older versions."
  type        = number
  default     = 168

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 720
    error_message = "From 24 hours, for a reader or a run may be at work on an older version, to 720, which logs remember."
  }
}

variable "target_file_mb" {
  description = "Size of files that maintain compacts to."
  type        = number
  default     = 128

  validation {
    condition     = var.target_file_mb >= 8 && var.target_file_mb <= 1024
    error_message = "8 to 1024 MB."
  }
}

variable "ingest_subnet_ids" {
  description = "Private subnets for ingest, to reach a database there; empty for none. They need a gateway endpoint for S3 and a way to the internet for portals and Secrets Manager."
  type        = list(string)
  default     = []
}

variable "ingest_security_group_ids" {
  description = "Security groups of ingest in these subnets."
  type        = list(string)
  default     = []
}

# Schedules

variable "schedules_enabled" {
  description = "Whether schedules run. Without them the functions only follow what is uploaded, and there are no alarms on freshness."
  type        = bool
  default     = true
}

variable "time_zone" {
  description = "Of the schedules below but for report_schedule; sources have their own."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^(UTC|[A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$", var.time_zone))
    error_message = "UTC, or a name of the IANA database such as Europe/Berlin."
  }
}

variable "train_schedule" {
  description = "When every dataset is forecast, and models that are due are fitted."
  type        = string
  default     = "cron(0 6 * * ? *)"

  validation {
    condition     = can(regex("^(cron\\([^ ()]+( [^ ()]+){5}\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", var.train_schedule))
    error_message = "An expression of EventBridge Scheduler: cron(…) of six fields, or rate(…) such as rate(1 hour)."
  }
}

variable "maintain_schedule" {
  description = "When every dataset's tables are looked after."
  type        = string
  default     = "cron(0 5 * * ? *)"

  validation {
    condition     = can(regex("^(cron\\([^ ()]+( [^ ()]+){5}\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", var.maintain_schedule))
    error_message = "An expression of EventBridge Scheduler: cron(…) of six fields, or rate(…) such as rate(1 hour)."
  }
}

variable "alert_schedule" {
  description = "When every dataset is looked at for stale tables. Where there are alarms, hourly or more often: those on freshness go off after two hours without a look."
  type        = string
  default     = "rate(1 hour)"

  validation {
    condition     = can(regex("^(cron\\([^ ()]+( [^ ()]+){5}\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", var.alert_schedule))
    error_message = "An expression of EventBridge Scheduler: cron(…) of six fields, or rate(…) such as rate(1 hour)."
  }
}

variable "report_schedule" {
  description = "When a report of the month before is written for every dataset that has data of it, such as cron(0 7 1 * ? *); empty for never. In UTC, by which the month before is taken, whatever time_zone says."
  type        = string
  default     = ""

  validation {
    condition     = var.report_schedule == "" || can(regex("^(cron\\([^ ()]+( [^ ()]+){5}\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", var.report_schedule))
    error_message = "An expression of EventBridge Scheduler: cron(…) of six fields, or rate(…) such as rate(1 hour); or nothing."
  }
}

# Data at rest

variable "kms_key_arn" {
  description = "Key for everything at rest; empty for keys of AWS. infrastructure/README.md says what its policy must allow."
  type        = string
  default     = ""

  validation {
    condition     = var.kms_key_arn == "" || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "The ARN of a key, not of an alias."
  }
}

variable "noncurrent_days" {
  description = "How long overwritten and deleted objects can be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "At least one day."
  }
}

variable "report_days" {
  description = "How long run reports and reports of failures are kept."
  type        = number
  default     = 400

  validation {
    condition     = var.report_days >= 1 && floor(var.report_days) == var.report_days
    error_message = "Whole days, at least one."
  }
}

variable "access_log_days" {
  description = "How long access logs are kept."
  type        = number
  default     = 90

  validation {
    condition     = var.access_log_days >= 1 && floor(var.access_log_days) == var.access_log_days
    error_message = "Whole days, at least one."
  }
}

variable "log_days" {
  description = "How long logs of functions and of the API are kept, one of CloudWatch's periods."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "secret_recovery_days" {
  description = "How long a deleted secret can be brought back; 0 deletes at once."
  type        = number
  default     = 30

  validation {
    condition     = var.secret_recovery_days == 0 || (var.secret_recovery_days >= 7 && var.secret_recovery_days <= 30)
    error_message = "0, or 7 to 30 days."
  }
}

variable "permissions_boundary_arn" {
  description = "Boundary of every role that is made here; empty for none. The role that deploys may only make roles with it."
  type        = string
  default     = ""
}
