resource "aws_lambda_function" "this" {
  # checkov:skip=CKV_AWS_50: tracing follows the caller; the functions' own traces go to otlp_endpoint
  # checkov:skip=CKV_AWS_116: what fails asynchronously goes to the on-failure queue, with the reason; a DLQ here would get it without
  # checkov:skip=CKV_AWS_117: only ingest may need a network, to reach a database; the others talk to AWS alone
  # checkov:skip=CKV_AWS_115: queues bound their functions; reserving more than a new account has would fail
  # checkov:skip=CKV_AWS_272: the role that deploys is the only one that can change code, and it is bound to the repository
  # checkov:skip=CKV_AWS_173: the variables hold names, no secrets; they get the own key where there is one
  for_each = local.functions

  function_name = "${local.name}-${each.key}"
  description   = each.value.description
  role          = aws_iam_role.function[each.key].arn

  filename         = "${var.functions_dir}/${each.key}.zip"
  source_code_hash = filebase64sha256("${var.functions_dir}/${each.key}.zip")
  handler          = "bootstrap"
  runtime          = "provided.al2023"
  architectures    = [var.architecture]

  memory_size                    = local.sizes[each.key].memory
  timeout                        = local.sizes[each.key].timeout
  reserved_concurrent_executions = local.sizes[each.key].reserved
  kms_key_arn                    = local.kms_key_arn

  # A version for each change, so that the alias can go back without a build.
  publish = true

  ephemeral_storage {
    size = local.sizes[each.key].tmp
  }

  environment {
    variables = merge(local.common_environment, each.value.environment)
  }

  logging_config {
    # JSON would let Lambda filter lines by level, and drop what SMELT_LOG asked for. Metrics are lines of
    # their own and are recognised in either format.
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = each.value.vpc && length(var.ingest_subnet_ids) > 0 ? [1] : []

    content {
      subnet_ids         = var.ingest_subnet_ids
      security_group_ids = var.ingest_security_group_ids
    }
  }

  # Woken before it may touch anything, a function would fail; and a network interface is only removed by
  # a role that still has its rights.
  depends_on = [aws_iam_role_policy.function]

  lifecycle {
    # Code of another processor is taken, and then does not start.
    precondition {
      condition     = trimspace(file("${var.functions_dir}/${each.key}.architecture")) == var.architecture
      error_message = "${each.key}.zip is not of the architecture ${var.architecture}: build it with make lambda ARCHITECTURE=${var.architecture}, or set architecture to what was built."
    }
    # Ingest copies a landed file to its scratch space before it reads it, and some megabytes are for the rest.
    precondition {
      condition     = each.key != "ingest" || local.api_count == 0 || var.api_upload_mb + 256 <= local.sizes["ingest"].tmp
      error_message = "api_upload_mb is ${var.api_upload_mb}, and ingest has ${local.sizes["ingest"].tmp} MB for a file and 256 MB beside it: give it more by function_sizes, or take smaller files."
    }
  }
}

# What wakes a function calls this alias, never a version: rolling back is moving it.
resource "aws_lambda_alias" "live" {
  for_each = local.functions

  name             = "live"
  description      = "What queues, schedules and the API call"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = aws_lambda_function.this[each.key].version
}

resource "aws_cloudwatch_log_group" "function" {
  # checkov:skip=CKV_AWS_338: how long logs are kept is the environment's choice; run reports are kept longer
  # checkov:skip=CKV_AWS_158: logs hold names and counts, no rows; they get the own key where there is one
  for_each = local.functions

  name              = "/aws/lambda/${local.name}-${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = local.kms_key_arn
}

resource "aws_lambda_event_source_mapping" "wake" {
  for_each = local.woken

  event_source_arn        = aws_sqs_queue.wake[each.key].arn
  function_name           = aws_lambda_alias.live[each.key].arn
  function_response_types = ["ReportBatchItemFailures"]

  # Several commits of one table become one run.
  batch_size                         = 10
  maximum_batching_window_in_seconds = local.batching_seconds

  scaling_config {
    maximum_concurrency = local.sizes[each.key].concurrency
  }
}

# The scheduler hands an event over and goes; Lambda tries again, and then leaves it here.
resource "aws_lambda_function_event_invoke_config" "scheduled" {
  for_each = local.scheduled

  function_name = aws_lambda_function.this[each.key].function_name
  qualifier     = aws_lambda_alias.live[each.key].name

  maximum_event_age_in_seconds = 3600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }
}
