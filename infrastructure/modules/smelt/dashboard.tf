# A CloudWatch dashboard: what ran, what waits, what went wrong, and how old the data is.
# Searches find new datasets and tables by themselves.

locals {
  # Two widgets beside each other, each 12 wide and 6 high, from top to bottom.
  dashboard_widgets = [
    {
      title   = "Calls"
      metrics = [for name in keys(local.functions) : ["AWS/Lambda", "Invocations", "FunctionName", "${local.name}-${name}", { label = name }]]
      stat    = "Sum"
      period  = 300
    },
    {
      title = "Errors and throttles"
      metrics = concat(
        [for name in keys(local.functions) : ["AWS/Lambda", "Errors", "FunctionName", "${local.name}-${name}", { label = "${name} errors" }]],
        [for name in keys(local.functions) : ["AWS/Lambda", "Throttles", "FunctionName", "${local.name}-${name}", { label = "${name} throttles" }]],
      )
      stat   = "Sum"
      period = 300
    },
    {
      title   = "Duration, p99, ms"
      metrics = [for name in keys(local.functions) : ["AWS/Lambda", "Duration", "FunctionName", "${local.name}-${name}", { label = name }]]
      stat    = "p99"
      period  = 3600
    },
    {
      title = "Queues: age of the oldest wake-up, s"
      metrics = [
        for name in keys(local.woken) : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${local.name}-${name}", { label = name }]
      ]
      stat   = "Maximum"
      period = 300
    },
    {
      title = "Queues: wake-ups that wait"
      metrics = [
        for name in keys(local.woken) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${local.name}-${name}", { label = name }]
      ]
      stat   = "Maximum"
      period = 300
    },
    {
      title = "Dead letters"
      metrics = [
        for name, queue in local.dead_letter_queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue, { label = name }]
      ]
      stat   = "Maximum"
      period = 300
    },
    {
      title   = "Rows written"
      metrics = [[{ expression = "SEARCH('{\"${local.namespace}\",function,dataset} MetricName=\"RowsOut\"', 'Sum', 3600)", id = "out" }]]
      stat    = "Sum"
      period  = 3600
    },
    {
      title   = "Rows refused, runs failed"
      metrics = [[{ expression = "SEARCH('{\"${local.namespace}\",function,dataset} MetricName=(\"RowsRejected\" OR \"RunsFailed\")', 'Sum', 3600)", id = "refused" }]]
      stat    = "Sum"
      period  = 3600
    },
    # Only maintain looks, once a day.
    {
      title   = "Versions behind the table before, each day"
      metrics = [[{ expression = "SEARCH('{\"${local.namespace}\",dataset,table} MetricName=\"LagVersions\"', 'Maximum', 86400)", id = "lag" }]]
      stat    = "Maximum"
      period  = 86400
    },
    {
      title   = "Age of the newest row, s"
      metrics = [[{ expression = "SEARCH('{\"${local.namespace}\",dataset,table} MetricName=\"FreshnessSeconds\"', 'Maximum', 3600)", id = "age" }]]
      stat    = "Maximum"
      period  = 3600
    },
    {
      title   = "Bytes written"
      metrics = [[{ expression = "SEARCH('{\"${local.namespace}\",function,dataset} MetricName=\"BytesWritten\"', 'Sum', 3600)", id = "bytes" }]]
      stat    = "Sum"
      period  = 3600
    },
    {
      title = "Commits lost to another writer, wake-ups that came again"
      metrics = [
        [{ expression = "SEARCH('{\"${local.namespace}\",function,dataset} MetricName=\"Conflicts\"', 'Sum', 3600)", id = "lost" }],
        [{ expression = "SEARCH('{\"${local.namespace}\",function} MetricName=\"Retries\"', 'Sum', 3600)", id = "again" }],
      ]
      stat   = "Sum"
      period = 3600
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name

  # Encoded one by one: lists of metrics and of searches are of different types to Terraform.
  dashboard_body = format("{\"widgets\": [%s]}", join(",", [
    for i, widget in local.dashboard_widgets : jsonencode({
      type   = "metric"
      x      = (i % 2) * 12
      y      = floor(i / 2) * 6
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        region  = local.region
        view    = "timeSeries"
        stat    = widget.stat
        period  = widget.period
        metrics = widget.metrics
      }
    })
  ]))
}
