# What each function is, may touch and is told. The rest of the module follows from this map: roles, queues,
# notifications, schedules, alarms. Tests compare it with what the code reads and touches, so it holds plain
# values only.
#
#   reads, writes, deletes  prefixes of keys in the data bucket; what is read or written can be listed too
#   wakes                   keys whose creation wakes the function, through its queue
#   schedule                what the scheduler wakes it for: each source by its own schedule, or each dataset
#   concurrency             how many of it run at once for its queue
#   secrets                 which secrets it may read, where they are made (secrets.tf)
#   sends                   functions whose queues it may send wake-ups to
#   publishes, vpc          may publish alerts; may run in subnets
#   environment             beside local.common_environment, all that the function reads

locals {
  common_environment = {
    SMELT_LAKE              = "s3://${aws_s3_bucket.data.bucket}"
    SMELT_DATASETS          = "/var/task/datasets"
    SMELT_LOG               = var.log_level
    SMELT_METRICS_NAMESPACE = local.namespace
    SMELT_OTLP_ENDPOINT     = var.otlp_endpoint
  }

  functions = {
    ingest = {
      description = "Pulls sources and loads uploaded files into bronze"
      reads       = ["landing", "bronze", "uploads"]
      writes      = ["bronze", "uploads", "runs", "failures"]
      deletes     = []
      wakes       = [{ prefix = "landing/", suffix = "" }]
      schedule    = "sources"
      memory      = 512
      timeout     = 900
      tmp         = 2048
      concurrency = 2
      secrets     = ["sources"]
      sends       = []
      publishes   = false
      vpc         = true
      environment = {
        SMELT_SECRETS = aws_secretsmanager_secret.sources.arn
      }
    }

    silver = {
      description = "Types, cleans, checks and deduplicates new bronze rows"
      reads       = ["bronze", "silver", "quarantine"]
      writes      = ["silver", "quarantine", "runs", "failures"]
      deletes     = []
      wakes       = [{ prefix = "bronze/", suffix = ".json" }]
      schedule    = ""
      memory      = 1024
      timeout     = 600
      tmp         = 4096
      concurrency = 2
      secrets     = []
      sends       = []
      publishes   = false
      vpc         = false
      environment = {}
    }

    gold = {
      description = "Recomputes the touched partitions of marts, publishes them, and finds anomalies"
      reads       = ["bronze", "quarantine", "silver", "gold", "published", "alerts"]
      writes      = ["gold", "published", "runs", "failures"]
      deletes     = []
      wakes       = [{ prefix = "silver/", suffix = ".json" }]
      schedule    = ""
      memory      = 1024
      timeout     = 600
      tmp         = 2048
      concurrency = 2
      secrets     = []
      sends       = []
      publishes   = false
      vpc         = false
      environment = {}
    }

    train = {
      description = "Fits, backtests and registers models, forecasts with them, and writes reports"
      reads       = ["bronze", "quarantine", "silver", "gold", "models", "published"]
      writes      = ["gold", "models", "published", "runs", "failures"]
      deletes     = []
      wakes       = []
      schedule    = "train"
      memory      = 512
      timeout     = 900
      tmp         = 512
      concurrency = 2
      secrets     = []
      sends       = []
      publishes   = false
      vpc         = false
      environment = {}
    }

    alert = {
      description = "Tells of anomalies, failures and stale tables, each once"
      reads       = ["bronze", "silver", "gold", "published", "failures", "alerts"]
      writes      = ["alerts", "runs"]
      deletes     = []
      wakes       = [{ prefix = "gold/", suffix = ".json" }, { prefix = "failures/", suffix = ".json" }]
      schedule    = "alert"
      memory      = 256
      timeout     = 120
      tmp         = 512
      concurrency = 2
      secrets     = []
      sends       = []
      publishes   = true
      vpc         = false
      environment = {
        SMELT_ALERT_TOPIC   = aws_sns_topic.alerts.arn
        SMELT_DASHBOARD_URL = local.dashboard_url
      }
    }

    # What is uploaded is written by whoever has a presigned address, with the rights of this role.
    api = {
      description = "Answers over HTTP: tables, runs, status; takes uploads and corrections"
      reads       = ["landing", "bronze", "quarantine", "silver", "gold", "published", "models", "uploads", "runs"]
      writes      = ["landing", "bronze", "uploads", "runs"]
      deletes     = []
      wakes       = []
      schedule    = ""
      memory      = 256
      timeout     = 30
      tmp         = 512
      concurrency = 2
      secrets     = ["api-keys", "api-hs256"]
      sends       = ["ingest", "silver", "gold"]
      publishes   = false
      vpc         = false
      environment = {
        SMELT_API_ACCESS         = var.api_access
        SMELT_API_JWT_ISSUER     = var.api_jwt_issuer
        SMELT_API_JWT_AUDIENCE   = join(",", var.api_jwt_audience)
        SMELT_API_JWKS_URL       = var.api_jwks_url
        SMELT_API_HS256_SECRET   = lookup(local.secret_arns, "api-hs256", "")
        SMELT_API_ROLES_CLAIM    = var.api_roles_claim
        SMELT_API_ROLES_PREFIX   = var.api_roles_prefix
        SMELT_API_KEYS_SECRET    = lookup(local.secret_arns, "api-keys", "")
        SMELT_API_CORS_ORIGINS   = join(",", local.page_origins)
        SMELT_API_UPLOAD_MB      = tostring(var.api_upload_mb)
        SMELT_API_RATE           = tostring(var.api_caller_rate)
        SMELT_API_BURST          = tostring(var.api_caller_burst)
        SMELT_API_REFRESH_QUEUES = jsonencode(local.refresh_queues)
      }
    }

    maintain = {
      description = "Compacts and cleans tables, and does what a lost wake-up left undone"
      reads       = ["landing", "bronze", "quarantine", "silver", "gold", "published", "uploads", "alerts"]
      writes      = ["bronze", "quarantine", "silver", "gold", "published", "alerts", "uploads", "runs", "failures"]
      deletes     = ["bronze", "quarantine", "silver", "gold", "published", "alerts", "uploads"]
      wakes       = []
      schedule    = "maintain"
      memory      = 2048
      timeout     = 900
      tmp         = 4096
      concurrency = 2
      secrets     = ["sources"]
      sends       = []
      publishes   = false
      vpc         = false
      environment = {
        SMELT_RETENTION_HOURS = tostring(var.retention_hours)
        SMELT_TARGET_FILE_MB  = tostring(var.target_file_mb)
        SMELT_SECRETS         = aws_secretsmanager_secret.sources.arn
      }
    }
  }

  # Made of names: this map decides which queues there are, so it cannot ask them.
  refresh_queues = {
    for name in ["ingest", "silver", "gold"] : name => "https://sqs.${local.region}.${local.dns_suffix}/${local.account}/${local.name}-${name}"
  }

  # Functions that a queue wakes, and those that the scheduler wakes.
  woken     = { for name, f in local.functions : name => f if length(f.wakes) > 0 }
  scheduled = { for name, f in local.functions : name => f if f.schedule != "" }

  # With what var.function_sizes says otherwise.
  sizes = {
    for name, f in local.functions : name => {
      memory      = try(coalesce(var.function_sizes[name].memory), f.memory)
      timeout     = try(coalesce(var.function_sizes[name].timeout), f.timeout)
      tmp         = try(coalesce(var.function_sizes[name].tmp), f.tmp)
      concurrency = try(coalesce(var.function_sizes[name].concurrency), f.concurrency)
      reserved    = try(coalesce(var.function_sizes[name].reserved), -1)
    }
  }
}
