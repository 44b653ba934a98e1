output "data_bucket" {
  description = "Bucket of all tables; upload to landing/<dataset>/<table>/."
  value       = aws_s3_bucket.data.bucket
}

output "logs_bucket" {
  description = "Bucket of access logs and query results."
  value       = aws_s3_bucket.logs.bucket
}

output "functions" {
  description = "Names of the functions."
  value       = { for name, function in aws_lambda_function.this : name => function.function_name }
}

output "log_groups" {
  description = "Log groups of the functions."
  value       = { for name, group in aws_cloudwatch_log_group.function : name => group.name }
}

output "queues" {
  description = "URLs of the queues that wake functions."
  value       = { for name, queue in aws_sqs_queue.wake : name => queue.url }
}

output "dead_letter_queues" {
  description = "URLs of the queues where something lies that nobody works on any more."
  value       = { for name, queue in local.closed_queues : name => queue.url }
}

output "schedules" {
  description = "When what is woken with which input."
  value = {
    for name, schedule in local.schedules : name => {
      expression = schedule.expression
      time_zone  = schedule.time_zone
      input      = schedule.input
    }
  }
}

output "schedule_group" {
  description = "Group of these schedules."
  value       = aws_scheduler_schedule_group.this.name
}

output "sources_secret" {
  description = "Secret to be given its value by hand."
  value       = aws_secretsmanager_secret.sources.name
}

output "api_secrets" {
  description = "Secrets of the API to be given their values by hand, if there are any."
  value       = { for name, secret in aws_secretsmanager_secret.api : name => secret.name }
}

output "topics" {
  description = "Topics for alerts about the data and about the platform."
  value       = { alerts = aws_sns_topic.alerts.arn, ops = aws_sns_topic.ops.arn }
}

output "api_url" {
  description = "Address of the API, if there is one."
  value       = one(aws_apigatewayv2_api.this[*].api_endpoint)
}

output "dashboard_url" {
  description = "Address of the dashboard, if there is one."
  value       = local.dashboard_url
}

output "distribution_id" {
  description = "CloudFront distribution, if there is one; for invalidations."
  value       = one(aws_cloudfront_distribution.this[*].id)
}

output "glue_database" {
  description = "Database of the catalog."
  value       = aws_glue_catalog_database.this.name
}

output "athena_workgroup" {
  description = "Workgroup to query it in."
  value       = aws_athena_workgroup.this.name
}

output "acceptance_query" {
  description = "Named query that counts the rows of every mart."
  value       = aws_athena_named_query.rows.id
}

output "analyst_policy" {
  description = "Policy for those who query."
  value       = aws_iam_policy.analyst.arn
}

output "metrics_namespace" {
  description = "Namespace of the functions' metrics."
  value       = local.namespace
}

output "dashboard_name" {
  description = "CloudWatch dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
